"""One real server process for all tests of the page."""

import re
import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def address():
    """The address of a page that a process of its own serves on a free loopback port."""
    words = [sys.executable, "-m", "zoo", "serve", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            told = ""
            while not (found := re.search(r"http://127\.0\.0\.1:\d+/", told)):
                line = server.stdout.readline()
                assert line, f"no address in: {told}"
                told += line
            yield found[0]
        finally:
            server.terminate()
            server.wait(20)
