"""One real server process for all tests of the page, and windows of a real Chromium.

`ZOO_SCREENSHOTS=docs/images` keeps the pictures that the tests take, some of them in the README.
"""

import os
from pathlib import Path

import pytest
from benchmarks.live_page import served
from PIL import Image
from window_sizes import DESKTOP


@pytest.fixture(scope="session")
def address():
    """The address of a page that a process of its own serves on a free loopback port."""
    with served() as found:
        yield found


@pytest.fixture
def open_page(browser, address):
    """Return a function that opens the page in a window; at the end nothing may have gone wrong."""
    contexts, complaints = [], []

    def open_window(size=DESKTOP, part="", **settings):
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text) if "Content Security" in message.text else None
            ),
        )
        page.on(
            "request",
            lambda sent: (
                sent.url.startswith((address, "data:", "blob:"))
                or complaints.append(f"leaves this machine: {sent.url}")
            ),
        )
        page.goto(f"{address}#{part}")
        page.wait_for_selector("#model option", state="attached")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def shoot(tmp_path):
    """Return a function that takes a picture of the window and checks that it is not blank."""
    folder = Path(os.environ.get("ZOO_SCREENSHOTS") or tmp_path)

    def take(page, name):
        path = folder / f"{name}.png"
        page.screenshot(path=path)
        with Image.open(path) as picture:
            assert len(picture.convert("RGB").getcolors(2**24)) > 50
        return path

    return take


@pytest.fixture
def hold():
    """Return a function that holds back a page's first request to an address, to be let go late."""

    def hold_first(page, pattern):
        held = []

        def handle(route):
            if held:
                route.continue_()
            else:
                held.append(route)

        page.route(pattern, handle)

        def let_go():
            with page.expect_response(pattern) as found:
                held[0].continue_()
            found.value.finished()
            # Whatever a late answer does, it has done by then.
            page.wait_for_timeout(300)

        return let_go

    return hold_first
