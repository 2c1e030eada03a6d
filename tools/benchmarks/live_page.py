"""Runs `zoo serve` in a process and opens it in Chromium, for benchmarks and tests."""

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
    # Chromium's test video in place of a camera.
    "--use-fake-device-for-media-stream",
)


@contextmanager
def served(
    zoo: Sequence = (sys.executable, "-m", "zoo"),
    bundles: Sequence = (),
    arguments: Sequence = (),
    **options,
) -> Iterator[str]:
    """Serve the page on a free port and yield its address on the loopback interface.

    Args:
        zoo: command that runs `zoo`.
        bundles: to serve; by default all shipped ones.
        arguments: more of `zoo serve`.
        **options: of `subprocess.Popen`.

    Raises:
        RuntimeError: if `zoo serve` exits before it prints its address.
    """
    words = [*zoo, "serve", *bundles, "--port", "0", *arguments]
    with subprocess.Popen(words, stdout=subprocess.PIPE, encoding="utf-8", **options) as server:
        try:
            output = ""
            while not (address := re.search(r"http://127\.0\.0\.1:\d+/", output)):
                line = server.stdout.readline()
                if not line:
                    raise RuntimeError(
                        f"`zoo serve` exited before it printed its address: {output}"
                    )
                output += line
            yield address[0]
        finally:
            server.terminate()
            server.wait(20)


@contextmanager
def chromium() -> Iterator:
    """Yield a headless Chromium, which must be installed: see `CHROMIUM`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(_OPTIONS), chromium_sandbox=False
        )
        yield browser
        browser.close()
