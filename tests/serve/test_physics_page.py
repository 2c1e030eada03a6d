"""The section of slide 13 in a real Chromium: a network learns a differential equation."""

import re

import pytest
from window_sizes import DESKTOP, PHONE, PROJECTOR

PLOTS = {
    "oscillator": ("field-curve", "field-residual", "field-progress"),
    "poisson": ("field-curve", "field-residual", "field-progress"),
    "poisson_square": ("field-network", "field-solution", "field-residuals", "field-slice-plot"),
    "burgers": ("field-network", "field-solution", "field-residuals", "field-slice-plot"),
}


@pytest.fixture
def open_section(open_page):
    """Return a function that opens the section in a state and waits for its first answer."""

    def open_state(state="", size=DESKTOP, **settings):
        page = open_page(size, f"physics{state and '?'}{state}", **settings)
        page.set_default_timeout(60_000)
        page.wait_for_selector("#field-sentence:not(:empty)")
        return page

    return open_state


def relative_error(page):
    """The relative error of the sentence, in per cent."""
    return float(re.search(r"error ([\d.,]+) %", page.inner_text("#field-sentence"))[1])


def pixels(page, canvas):
    return page.evaluate("(id) => document.getElementById(id).toDataURL()", canvas)


@pytest.mark.parametrize("problem", PLOTS)
def test_network_and_residual_change_in_training(open_section, problem):
    page = open_section(f"problem={problem}&depth=1&width=8")
    for canvas in PLOTS[problem]:
        assert page.is_visible(f"#{canvas}")
    (other,) = {"field-curve", "field-network"} - set(PLOTS[problem])
    assert not page.is_visible(f"#{other}")
    before = {canvas: pixels(page, canvas) for canvas in PLOTS[problem]}
    for _ in range(3):
        page.click("#field-transport [data-part=one]")
    page.wait_for_selector("#field-sentence:has-text('After 3 updates')")
    for canvas, picture in before.items():
        assert (pixels(page, canvas) == picture) == (canvas == "field-solution")
    assert page.inner_text(".equation-text:visible") not in ("", "Equation")


def test_the_equation_determines_what_the_values_do_not(open_section):
    found = {}
    for way in ("informed", "plain"):
        page = open_section(f"way={way}&updates=2000")
        page.wait_for_selector("#field-sentence:has-text('After 2,000 updates')")
        found[way] = relative_error(page)
    assert found["informed"] < 35 < 50 < found["plain"]


def test_a_training_runs_and_goes_back(open_section):
    page = open_section("problem=poisson")
    first = page.inner_text("#field-sentence")
    assert relative_error(page) > 50
    page.click("#field-transport [data-part=run]")
    page.wait_for_function(
        """() => {
            const count = document.querySelector("#field-transport [data-part=updates]");
            return Number(count.innerText.replace(",", "")) >= 500;
        }"""
    )
    page.click("#field-transport [data-part=run]")
    page.wait_for_function("/updates=\\d{3}/.test(location.hash)")
    assert relative_error(page) < 10
    page.focus("#field-transport [data-part=timeline]")
    page.keyboard.press("Home")
    page.wait_for_selector("#field-sentence:has-text('After 0 updates')")
    assert page.inner_text("#field-sentence") == first


def test_settings_are_in_the_address_and_come_back_from_it(open_section):
    page = open_section("problem=poisson")
    page.click("#field-more")
    page.fill("#field-settings [name=width]", "7")
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#physics?problem=poisson&width=7'")
    page.select_option("#field-settings [name=problem]", "burgers")
    page.wait_for_selector("#field-network", state="visible")
    page.go_back()
    page.wait_for_selector("#field-curve", state="visible")
    assert page.input_value("#field-settings [name=width]") == "7"
    assert page.input_value("#field-settings [name=problem]") == "poisson"
    page.fill("#field-settings [name=depth]", "9")
    page.keyboard.press("Enter")
    # The browser says which numbers are allowed; nothing is sent.
    assert "depth" not in page.url


def test_without_the_equation_only_the_oscillator_is_trained(open_section):
    page = open_section("way=plain")
    page.select_option("#field-settings [name=problem]", "poisson")
    page.wait_for_selector("#field-sentence:has-text('After 0 updates')")
    page.wait_for_function("location.hash === '#physics?problem=poisson'")
    assert not page.is_visible("#field-settings fieldset")
    assert page.inner_text("#field-problem") == ""


def test_a_slice_is_moved_with_the_keyboard(open_section):
    page = open_section("problem=burgers&depth=1&width=8")
    assert page.inner_text("#field-slice-title") == "u at t = 0.50"
    picture = pixels(page, "field-slice-plot")
    page.focus("#field-slice")
    page.keyboard.press("Home")
    assert page.inner_text("#field-slice-title") == "u at t = 0.00"
    assert pixels(page, "field-slice-plot") != picture
    page.wait_for_function("location.hash.endsWith('slice=0')")
    assert page.get_attribute("#field-slice", "aria-valuetext") == "t = 0.00"


def test_a_preset_is_marked_and_says_what_it_shows(open_section):
    page = open_section()
    chips = page.locator("#field-presets a")
    chips.first.wait_for()
    for index in range(chips.count()):
        chips.nth(index).click()
        page.wait_for_selector(f"#field-presets a:nth-child({index + 1})[aria-current]")
        assert page.inner_text("#field-claim").startswith("Slide 13")
        assert page.locator("#field-presets a[aria-current]").count() == 1


def test_a_training_stops_when_another_section_is_shown(open_section):
    page = open_section("problem=poisson")
    page.click("#field-transport [data-part=run]")
    page.click("nav a[data-section=zoo]")
    page.wait_for_selector("#field-transport [data-part=run-text]:text-is('Run')", state="attached")


def test_a_wrong_address_is_answered_with_a_sentence(open_page):
    page = open_page(part="physics?problem=heat")
    page.wait_for_selector("#field-problem:not(:empty)")
    assert "burgers" in page.inner_text("#field-problem")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "size"), [("desktop", DESKTOP), ("phone", PHONE), ("projector", PROJECTOR)]
)
@pytest.mark.parametrize("problem", ["oscillator", "burgers"])
def test_nothing_is_wider_than_the_window(open_section, shoot, problem, name, size, scheme):
    page = open_section(f"problem={problem}&updates=300", size, color_scheme=scheme)
    page.wait_for_selector("#field-sentence:has-text('After 300 updates')")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    for canvas in PLOTS[problem]:
        box = page.locator(f"#{canvas}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
    # The first plot is seen without scrolling.
    box = page.locator(f"#{PLOTS[problem][0]}").bounding_box()
    assert box["y"] + box["height"] <= size[1]
    shoot(page, f"serve-physics-{problem}-{name}-{scheme}")


def test_maps_are_below_each_other_on_a_phone(open_section):
    page = open_section("problem=burgers", PHONE)
    boxes = [page.locator(f"#field-{name}").bounding_box() for name in ("network", "solution")]
    assert all(box["width"] > 300 for box in boxes)
    assert boxes[1]["y"] > boxes[0]["y"] + boxes[0]["height"]


@pytest.mark.parametrize(
    ("canvas", "low", "high"),
    [
        ("field-residual", -133.0, 133.0),
        ("field-residual", -4.0001, 4.0001),
        ("field-curve", -0.00023, 0.00023),
    ],
)
def test_an_axis_has_three_ticks_that_are_not_cut(open_section, canvas, low, high):
    page = open_section()
    found = page.evaluate(
        """async ([id, low, high]) => {
            const { Axes } = await import("/static/axes.js");
            const axes = new Axes(document.getElementById(id), [0, 1, "t"], [low, high, ""]);
            const starts = [];
            const fill = axes.context.fillText.bind(axes.context);
            axes.context.fillText = (text, x, y) => {
                const width = axes.context.measureText(text).width;
                if (axes.context.textAlign === "right") starts.push(x - width);
                fill(text, x, y);
            };
            axes.frame();
            return starts;
        }""",
        [canvas, low, high],
    )
    assert len(found) >= 3
    assert min(found) >= 0


def test_an_error_goes_away_when_the_network_is_back(open_section):
    page = open_section("problem=poisson")
    page.context.set_offline(True)
    page.click("#field-transport [data-part=one]")
    page.wait_for_selector("#field-problem:has-text('cannot be reached')")
    page.context.set_offline(False)
    page.wait_for_selector("#field-problem", state="hidden")
    page.click("#field-transport [data-part=one]")
    page.wait_for_selector("#field-sentence:has-text('After 1 update')")
