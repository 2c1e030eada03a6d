"""One real server process for all tests of the page."""

import pytest
from benchmarks.live_page import served


@pytest.fixture(scope="session")
def address():
    """The address of a page that a process of its own serves on a free loopback port."""
    with served() as found:
        yield found
