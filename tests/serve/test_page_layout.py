"""How the playground uses the window in a real Chromium: what fits, and what stays in reach."""

import pytest
from playground_page import Playground
from window_sizes import DESKTOP, PHONE

SIX = "widths=6,6,6,6,6,6&activations=tanh,tanh,tanh,tanh,tanh,tanh"
# Pairs of children of the buttons' bar that lie upon each other.
OVERLAPS = """() => {
    const boxes = [...document.querySelector("#play-transport").children]
        .map((one) => one.getBoundingClientRect()).filter((box) => box.width);
    return boxes.flatMap((a, index) => boxes.slice(index + 1).filter((b) =>
        a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
    )).length;
}"""


@pytest.fixture
def playground(open_page):
    def open_playground(text="", size=DESKTOP, **settings):
        shown = Playground(open_page(size, **settings))
        return shown.open(text)

    return open_playground


@pytest.mark.parametrize(
    ("size", "text"), [(DESKTOP, SIX), (PHONE, "")], ids=["six layers", "phone"]
)
def test_the_network_fits_its_panel(playground, size, text):
    shown = playground(text, size)
    assert shown.page.eval_on_selector("#network", "one => one.scrollWidth <= one.clientWidth")


def test_at_no_width_controls_lie_upon_each_other(playground):
    shown = playground("updates=300")
    for width in (320, 375, 700, 720, 770, 820, 940, 1100):
        shown.page.set_viewport_size({"width": width, "height": 900})
        shown.page.wait_for_function(f"innerWidth === {width}")
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.page.evaluate(OVERLAPS) == 0, width


def test_buttons_and_the_state_are_seen_without_scrolling(playground):
    shown = playground()
    for selector in ("#share", "#show-code", "#export", "#progress"):
        box = shown.page.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= DESKTOP[1]


def test_on_a_phone_an_error_is_seen_wherever_one_has_scrolled(playground):
    shown = playground("data=gaussian&learning_rate=10&optimizer=sgd&activations=relu", PHONE)
    shown.page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    shown.page.select_option("#play-transport [data-part=speed]", "200")
    shown.press("run")
    problem = shown.page.locator("#play-problem:not(:empty)")
    problem.wait_for()
    box = problem.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= PHONE[1]


def test_on_a_phone_the_plane_is_seen_when_own_points_are_chosen(playground):
    shown = playground("", PHONE)
    shown.page.locator("#data input[value=own]").scroll_into_view_if_needed()
    shown.choose("own")
    box = shown.page.locator("#boundary").bounding_box()
    buttons = shown.page.locator("#play-transport").bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= buttons["y"]
