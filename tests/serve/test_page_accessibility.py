"""axe-core finds nothing to complain about on the page, in either scheme of colours."""

import pytest
from accessibility import violations
from playground_page import Playground
from shared_page import shared_page
from window_sizes import DESKTOP, PHONE

PARTS = ["predict", "playground", "approximation", "physics", "zoo", "join"]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_page(open_page, part, size, scheme):
    page = open_page(size, part, color_scheme=scheme)
    page.wait_for_selector(f"#{part}:not([hidden])")
    if part == "predict":
        page.click("#samples button >> nth=0")
        page.wait_for_selector("#prediction:not(:empty)")
    elif part == "zoo":
        page.click("#list button")
        page.wait_for_selector("#card h3")
    elif part != "join":
        page.wait_for_timeout(1000)
    assert violations(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_opens_on_the_playground(open_page, scheme):
    shown = Playground(open_page(color_scheme=scheme)).open("data=own&updates=50")
    page = shown.page
    page.click("#show-code")
    page.wait_for_selector("#code:not(:empty)")
    assert violations(page) == []
    page.click("#csv-open")
    page.wait_for_selector("#csv[open]")
    assert violations(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_that_asks_for_the_join_code(browser, scheme):
    with shared_page() as shared:
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(shared.outside)
        page.wait_for_selector("input")
        assert violations(page) == []
        page.goto(f"{shared.outside}?code={shared.code}")
        page.wait_for_timeout(500)
        assert violations(page) == []
        context.close()
