"""The section of slide 12 in a real Chromium: a function is drawn, the width is moved."""

import re

import pytest
from window_sizes import DESKTOP, PHONE, PROJECTOR

# Values that a hand may have drawn, at nine places.
DRAWN = "values=0,0.5,0.8,0.2,-0.6,-0.9,0,0.3,0.9"


@pytest.fixture
def open_section(open_page):
    """Return a function that opens the section in a state and waits for its first answer."""

    def open_state(state="", size=DESKTOP, **settings):
        page = open_page(size, f"approximation{state and '?'}{state}", **settings)
        page.set_default_timeout(60_000)
        page.wait_for_selector("#curve-sentence:not(:empty)")
        return page

    return open_state


def figures(page):
    """The numbers of the sentence: largest error, and bound or loss."""
    text = page.inner_text("#curve-sentence").replace("−", "-")
    return [float(number) for number in re.findall(r"(?<![\d′″|])\d+\.\d+(?:e-?\d+)?", text)]


def wait_for_units(page, count):
    page.wait_for_selector(f"#curve-sentence:text-matches('^{count} (hidden|bump)')")


def pixels(page, canvas):
    return page.evaluate("(id) => document.getElementById(id).toDataURL()", canvas)


def red_pixels(page, canvas):
    """How many pixels have the network's colour."""
    return page.evaluate(
        """(id) => {
            const canvas = document.getElementById(id);
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            let count = 0;
            for (let at = 0; at < data.length; at += 4) {
                const [red, green, blue] = data.subarray(at, at + 3);
                if (red > 180 && green > 60 && green < 130 && blue < 40) count++;
            }
            return count;
        }""",
        canvas,
    )


def test_moving_the_width_makes_the_error_small(open_section):
    page = open_section("way=interpolant&width=4")
    before = figures(page)
    plots = [pixels(page, f"curve-{name}") for name in ("plot", "error", "units", "progress")]
    page.focus("#curve-settings [name=slider]")
    page.keyboard.press("End")
    wait_for_units(page, 256)
    after = figures(page)
    assert after[0] < before[0] / 100
    # Both are within their bounds.
    assert before[0] <= before[1]
    assert after[0] <= after[1]
    for name, picture in zip(("plot", "error", "units", "progress"), plots, strict=True):
        assert pixels(page, f"curve-{name}") != picture
    assert page.url.endswith("#approximation?way=interpolant&width=256")
    slider = page.locator("#curve-settings [name=slider]")
    assert slider.get_attribute("aria-valuetext") == "256 hidden units"
    page.go_back()
    wait_for_units(page, 4)


def test_bumps_have_an_even_number_of_units(open_section):
    page = open_section("way=interpolant&width=9")
    page.click("text='Bumps, computed'")
    wait_for_units(page, 5)
    assert page.inner_text("#curve-sentence").startswith("5 bumps of 10 sigmoids")
    page.fill("#curve-settings [name=width]", "48")
    page.keyboard.press("Enter")
    wait_for_units(page, 24)
    largest, bound = figures(page)
    assert largest <= bound


def test_growing_shows_one_width_after_another(open_section):
    page = open_section("function=runge&way=bumps&width=64")
    # A width may be shown for less time than passes between two looks of this test.
    page.evaluate(
        """() => {
            window.shown = [];
            const sentence = document.getElementById("curve-sentence");
            new MutationObserver(() => window.shown.push(sentence.textContent))
                .observe(sentence, { childList: true, characterData: true, subtree: true });
        }"""
    )
    page.click("#curve-grow")
    page.wait_for_selector("#curve-grow:text-is('Stop')")
    page.wait_for_function("() => window.shown.some((text) => text.startsWith('4 bump'))")
    widths = [int(text.split()[0]) for text in page.evaluate("window.shown")]
    assert widths == sorted(widths)
    assert {1, 2, 4} <= set(widths)
    page.click("#curve-grow")
    page.wait_for_selector("#curve-grow:text-is('Grow')")
    assert page.inner_text("#curve-problem") == ""


def test_a_training_runs_pauses_and_goes_back(open_section):
    page = open_section("width=32&learning_rate=0.005")
    first = figures(page)
    page.click("#curve-transport [data-part=run]")
    page.wait_for_function(
        """() => {
            const count = document.querySelector("#curve-transport [data-part=updates]");
            return Number(count.innerText.replace(",", "")) >= 300;
        }"""
    )
    page.click("#curve-transport [data-part=run]")
    page.wait_for_selector("#curve-transport [data-part=run-text]:text-is('Run')")
    page.wait_for_function("/updates=\\d{3}/.test(location.hash)")
    assert figures(page)[1] < first[1] / 5
    page.click("#curve-transport [data-part=one]")
    page.focus("#curve-transport [data-part=timeline]")
    page.keyboard.press("Home")
    page.wait_for_selector("#curve-sentence:has-text('after 0 updates')")
    assert figures(page) == first


def test_a_running_training_runs_on_with_another_width(open_section):
    page = open_section("width=16")
    page.click("#curve-transport [data-part=run]")
    page.focus("#curve-settings [name=slider]")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_selector("#curve-sentence:text-matches('^48 hidden units, after [1-9]')")
    assert page.inner_text("#curve-transport [data-part=run-text]") == "Pause"
    page.click("#curve-transport [data-part=run]")


def test_the_address_is_the_whole_state(open_section):
    state = f"function=drawn&{DRAWN}&width=24&activation=tanh&seed=3&updates=40"
    sentences = set()
    for _ in range(2):
        page = open_section(state)
        page.wait_for_selector("#curve-sentence:has-text('after 40 updates')")
        sentences.add(page.inner_text("#curve-sentence"))
        assert page.input_value("#curve-settings [name=function]") == "drawn"
        assert page.input_value("#curve-settings [name=activation]") == "tanh"
    assert len(sentences) == 1


def test_a_function_is_drawn_with_the_mouse(open_section):
    page = open_section("way=interpolant&width=64")
    page.click("#curve-draw")
    page.wait_for_selector("#curve-formula:text-is('f: your own drawing')")
    before = pixels(page, "curve-plot")
    box = page.locator("#curve-plot").bounding_box()
    place = lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])  # noqa: E731
    page.mouse.move(*place(0.2, 0.3))
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(*place(0.2 + 0.06 * step, 0.3 + 0.04 * (step % 3)))
    page.mouse.up()
    page.wait_for_function("(before) => location.hash !== before", arg="#approximation")
    page.wait_for_timeout(1000)
    assert "function=drawn" in page.url
    assert pixels(page, "curve-plot") != before
    values = [float(value) for value in re.search(r"values=([^&]+)", page.url)[1].split(",")]
    assert len(values) == 65
    # From 0.2 to 0.8 of the width, the hand was above the middle.
    assert all(value > 0 for value in values[15:48])
    largest, bound = figures(page)
    assert largest <= bound
    # The address gives the same drawing again.
    again = open_section(page.url.split("?")[1])
    assert again.inner_text("#curve-sentence") == page.inner_text("#curve-sentence")


def test_a_function_is_drawn_with_the_keyboard(open_section):
    page = open_section(f"function=drawn&values={','.join(['0'] * 65)}&way=interpolant&width=64")
    page.focus("#curve-plot")
    page.keyboard.press("Home")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowUp")
    plot = page.locator("#curve-plot")
    assert plot.get_attribute("aria-valuetext") == "0.3 at x = −0.75".replace("−", "-")
    page.wait_for_function("location.hash.includes('0.3')")
    values = re.search(r"values=([^&]+)", page.url)[1].split(",")
    assert [index for index, value in enumerate(values) if value != "0"] == [8]


def test_a_function_is_drawn_with_a_finger(open_section):
    page = open_section("function=abs&way=bumps&width=32", PHONE, is_mobile=True, has_touch=True)
    page.tap("#curve-draw")
    page.wait_for_selector("#curve-plot.drawable")
    page.wait_for_function("location.hash.includes('function=drawn')")
    before = re.search(r"values=([^&]+)", page.url)[1]
    plot = page.locator("#curve-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    session = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + 20
    send = lambda kind, points: session.send(  # noqa: E731
        "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points}
    )
    send("touchStart", [{"x": x, "y": y}])
    for step in range(1, 8):
        send("touchMove", [{"x": x + 8 * step, "y": y + 4 * step}])
    send("touchEnd", [])
    page.wait_for_function("(before) => !location.hash.includes(before)", arg=before)
    values = [float(v) for v in re.search(r"values=([^&]+)", page.url)[1].split(",")]
    assert values[33] > 0.6


def test_a_preset_is_marked_and_says_what_it_shows(open_section):
    page = open_section()
    chips = page.locator("#curve-presets a")
    chips.first.wait_for()
    for index in range(chips.count()):
        chips.nth(index).click()
        page.wait_for_selector(f"#curve-presets a:nth-child({index + 1})[aria-current]")
        assert page.inner_text("#curve-claim").startswith("Slide 12")
        assert page.locator("#curve-presets a[aria-current]").count() == 1


def test_a_wrong_address_is_answered_with_a_sentence(open_page):
    page = open_page(part="approximation?width=9999")
    page.wait_for_selector("#curve-problem:not(:empty)")
    assert "256" in page.inner_text("#curve-problem")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "size"), [("desktop", DESKTOP), ("phone", PHONE), ("projector", PROJECTOR)]
)
def test_nothing_is_wider_than_the_window(open_section, shoot, name, size, scheme):
    page = open_section("way=interpolant&width=16", size, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    for canvas in ("curve-plot", "curve-error", "curve-units", "curve-progress"):
        box = page.locator(f"#{canvas}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
    # The function and the network are seen without scrolling.
    box = page.locator("#curve-plot").bounding_box()
    assert box["y"] + box["height"] <= size[1]
    shoot(page, f"serve-approximation-{name}-{scheme}")


def test_the_network_is_drawn_in_its_colour(open_section):
    page = open_section("way=bumps&width=32")
    assert red_pixels(page, "curve-plot") > 500


@pytest.mark.parametrize("function", ["nielsen", "runge", "abs", "step"])
def test_the_untrained_network_is_seen(open_section, function):
    page = open_section(f"function={function}")
    page.wait_for_selector("#curve-sentence:has-text('after 0 updates')")
    assert red_pixels(page, "curve-plot") > 500


def test_a_refused_number_is_said_and_replaced_by_the_one_before(open_section):
    page = open_section("way=bumps&width=8")
    width = page.locator("#curve-settings [name=width]")
    problem = page.locator("#curve-problem")
    for text, said in (("7", "7 is not accepted; give an even"), ("900", "900"), ("", "no number")):
        width.fill(text)
        page.keyboard.press("Enter")
        assert said in problem.inner_text()
        assert width.input_value() == "8"
    page.click("text='Lines, computed'")
    page.wait_for_selector("#curve-sentence:has-text('8 hidden units')")
    assert problem.inner_text() == ""
    width.fill("7")
    page.keyboard.press("Enter")
    wait_for_units(page, 7)
