"""All of the page in a real Chromium: names, phones, other sites' pages."""

import http.server
import json
import re
import threading

import pytest
from playground_settings import SETTINGS
from test_playground import training_processes
from window_sizes import PHONE

PARTS = ["predict", "playground", "approximation", "physics", "zoo", "join"]


def test_everything_that_can_be_used_has_a_name(open_page):
    page = open_page()
    for part in PARTS:
        page.goto(f"{page.url.split('#')[0]}#{part}")
        page.wait_for_selector(f"#{part}:not([hidden])")
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, canvas, video")]
                .filter((one) => one.checkVisibility() && one.ariaHidden !== "true")
                .filter((one) => !(one.getAttribute("aria-label")
                    || [...(one.labels ?? [])].some((label) => label.innerText.trim())
                    || (one.tagName === "BUTTON" && one.innerText.trim())))
                .map((one) => one.outerHTML)"""
        )
        assert nameless == []
        assert page.locator("nav a[aria-current=page]").get_attribute("href") == f"#{part}"


def test_another_site_s_page_starts_nothing(browser, address, tmp_path):
    (tmp_path / "index.html").write_text("<title>another site</title>")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=tmp_path)

        def log_message(self, *words):
            pass

    before = training_processes()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        page = browser.new_page()
        blocked = []
        page.on("requestfailed", lambda request: blocked.append(request.url))
        page.goto(f"http://127.0.0.1:{other.server_port}/")
        for kind in ("text/plain", "application/json"):
            page.evaluate(
                """([address, type, content]) => fetch(`${address}api/playground/start`, {
                    method: "POST", mode: "no-cors", body: new Blob([content], { type }),
                }).catch(() => null)""",
                [address, kind, json.dumps({"settings": SETTINGS})],
            )
        page.evaluate(
            "address => fetch(`${address}api/models`, { mode: 'no-cors' }).catch(() => null)",
            address,
        )
        page.close()
        other.shutdown()
    # Neither does it read what is here.
    assert {f"{address}api/models", f"{address}api/playground/start"} <= set(blocked)
    assert not training_processes() - before


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_s_window_needs_no_scrolling_sideways(open_page, shoot, part, scheme):
    page = open_page(PHONE, part, color_scheme=scheme, is_mobile=True, has_touch=True)
    if part == "zoo":
        page.click("#list button")
        page.wait_for_selector("#card h3")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    shades = [int(number) for number in re.findall(r"\d+", background)[:3]]
    assert (max(shades) < 64) == (scheme == "dark")
    shoot(page, f"phone-{part}-{scheme}")
