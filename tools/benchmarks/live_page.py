"""`zoo serve` in a process of its own and a Chromium to look at it, for measuring and for tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

CHROMIUM = shutil.which("chromium")
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A picture that moves stands in for a camera, which a test machine has not.
    "--use-fake-device-for-media-stream",
)


@contextmanager
def served(
    zoo: Sequence = (sys.executable, "-m", "zoo"), bundles: Sequence = (), **options
) -> Iterator[str]:
    """Serve the page on a free loopback port and give its address.

    Args:
        zoo: how to call `zoo`.
        bundles: to serve; all shipped ones by default.
        **options: of `subprocess.Popen`.

    Raises:
        RuntimeError: if `zoo serve` ends before it tells its address.
    """
    words = [*zoo, "serve", *bundles, "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, **options) as server:
        try:
            told = ""
            while not (address := re.search(r"http://127\.0\.0\.1:\d+/", told)):
                line = server.stdout.readline()
                if not line:
                    raise RuntimeError(f"`zoo serve` ended before it told its address: {told}")
                told += line
            yield address[0]
        finally:
            server.terminate()
            server.wait(20)


@contextmanager
def chromium() -> Iterator:
    """Give a Chromium without a window, which must be there: see `CHROMIUM`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(_OPTIONS), chromium_sandbox=False
        )
        yield browser
        browser.close()
