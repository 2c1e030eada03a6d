"""The playground in a real Chromium: what a hand with a mouse or a keyboard would do."""

import re

import numpy as np
import pytest
from playground_page import Playground
from window_sizes import DESKTOP, PHONE, PROJECTOR

from zoo.serve.packing import unpack
from zoo.serve.presets import PRESETS, find
from zoo.serve.settings import (
    CLASSIFICATION_DATA,
    GATES,
    MAX_DEPTH,
    MAX_POINTS,
    MAX_WIDTH,
    REGRESSION_DATA,
    PlaneSettings,
)


@pytest.fixture
def playground(open_page):
    """Return a function that opens the playground in a window, with a state of it."""

    def open_playground(text="", size=DESKTOP, **settings):
        page = open_page(size, "zoo", **settings)
        return Playground(page).open(text)

    return open_playground


def test_the_page_s_settings_are_the_schema_s(open_page):
    found = open_page().evaluate(
        """async () => {
            const { DEFAULTS, CHOICES, LIMITS, MAX_DEPTH, MAX_WIDTH, MAX_POINTS } =
                await import("/static/plane_settings.js");
            return [DEFAULTS, CHOICES, LIMITS, [MAX_DEPTH, MAX_WIDTH, MAX_POINTS]];
        }"""
    )
    defaults, choices, limits, largest = found
    assert defaults == PlaneSettings().model_dump()
    schema = PlaneSettings.model_json_schema()["properties"]
    for name, names in choices.items():
        place = schema[name].get("items", schema[name])
        assert set(names) == set(place["enum"]), name
    for name, (low, high) in limits.items():
        assert (schema[name]["minimum"], schema[name]["maximum"]) == (low, high), name
    assert largest == [MAX_DEPTH, MAX_WIDTH, MAX_POINTS]


def test_xor_is_trained_to_no_error_and_the_boundary_is_seen(playground):
    shown = playground("data=xor&widths=4&activations=swish&optimizer=adam")
    shown.run_until(", 0 of 4 points wrong").run_until("loss 0.00")
    # Near the corners of the unit square is the colour of their label: red or blue.
    corners = shown.plane([(-0.2, -0.2), (1.2, -0.2), (-0.2, 1.2), (1.2, 1.2)])
    assert [red > blue for red, _, blue in corners] == [False, True, True, False]


@pytest.mark.parametrize("size", [DESKTOP, PROJECTOR, PHONE], ids=["desktop", "projector", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_shown_in_every_size(playground, shoot, size, scheme):
    settings = {"is_mobile": True, "has_touch": True} if size == PHONE else {}
    shown = playground("test_points=1&updates=400", size, color_scheme=scheme, **settings)
    page = shown.page
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    # Without scrolling, one sees the plane and can run the training.
    for selector in ("#boundary", "#play-transport [data-part=run]"):
        box = page.locator(selector).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size[1]
    # The plane is drawn as a square.
    (left, bottom), (right, top) = shown.place_on_plane(-6, -6), shown.place_on_plane(6, 6)
    assert right - left == pytest.approx(bottom - top, abs=2)
    name = (
        "serve-playground"
        if (size, scheme) == (DESKTOP, "light")
        else f"playground-{size[0]}-{scheme}"
    )
    shoot(page, name)


def test_every_data_set_can_be_chosen(playground):
    shown = playground()
    for name in (*CLASSIFICATION_DATA, *REGRESSION_DATA):
        shown.choose(name)
        assert shown.settings["data"] == name
        assert shown.state.get("data", "circle") == name
        assert shown.page.is_visible("#data-settings [name=test_share]") == (name not in GATES)
        assert shown.page.is_visible("#wrong") == (name not in REGRESSION_DATA)
    # Sketches differ from each other.
    sketches = pictures(shown, "#data canvas")
    assert len(set(sketches)) == len(sketches) == len(CLASSIFICATION_DATA) + 3


def pictures(shown, selector):
    """The pixels of canvases, as numbers."""
    found = shown.page.eval_on_selector_all(
        selector,
        """all => all.map((one) => {
            const { data } = one.getContext("2d").getImageData(0, 0, one.width, one.height);
            return [...new Uint32Array(data.buffer)];
        })""",
    )
    return [tuple(picture) for picture in found]


@pytest.mark.parametrize("name", REGRESSION_DATA)
def test_a_regression_is_learned(playground, name):
    shown = playground(f"data={name}&widths=8,8&speed=50&optimizer=adam&learning_rate=0.03")
    first = float(shown.losses[1])
    assert shown.frame["errors"] is None
    shown.run_until("After 3").run_until("After 6")
    assert float(shown.losses[1]) < first / 2
    assert shown.page.inner_text(".column:last-child .head small") == "linear"


@pytest.mark.parametrize("before", ["loss=cross_entropy", "model=perceptron&learning_rate=0.1"])
def test_the_loss_and_the_model_follow_data_with_values(playground, before):
    shown = playground(before).choose("gaussian")
    assert (shown.problem, shown.settings["data"]) == ("", "gaussian")
    page = shown.page
    assert page.input_value("[name=model]") == shown.settings["model"] == "network"
    assert page.input_value("[name=loss]") == shown.settings["loss"] == "half_squared"
    # What these points refuse cannot be chosen.
    assert page.is_disabled("[name=loss] [value=cross_entropy]")
    assert page.is_disabled("[name=model] [value=perceptron]")


def test_nothing_of_the_training_before_is_shown_when_another_cannot_start(playground):
    shown = playground()
    page = shown.page
    page.route("**/api/playground/start", lambda route: route.abort())
    page.check("#data input[value=spiral]", force=True)
    page.wait_for_selector("#play-problem:has-text('cannot be reached')")
    assert shown.losses == ("–", "–")
    assert shown.plane([(0, 0), (2, 2)]) == [[0, 0, 0]] * 2


def test_noise_and_the_share_of_test_points(playground):
    shown = playground("data=spiral")
    shown.page.focus("#data-settings [name=noise]")
    for _ in range(4):
        shown.page.keyboard.press("ArrowRight")
    shown.settle()
    shown.page.focus("#data-settings [name=test_share]")
    shown.page.keyboard.press("Home")
    shown.settle()
    assert shown.settings["noise"] == pytest.approx(0.2)
    assert shown.page.inner_text("#noise-text") == "20 %"
    assert shown.settings["test_share"] == 0
    assert shown.frame["points_count"] == {"train": 500, "test": 0}
    assert shown.losses[1] == "–"


SETTINGS = [
    ("learning_rate", "0.03", 0.03),
    ("optimizer", "rmsprop", "rmsprop"),
    ("loss", "cross_entropy", "cross_entropy"),
    ("batch_size", "25", 25),
    ("regularization", "l1", "l1"),
    ("dropout", "0.25", 0.25),
    ("initial", "zero", "zero"),
    ("seed", "7", 7),
]


def test_every_setting_of_the_training_is_used(playground):
    shown = playground()
    losses = set()
    for name, text, value in SETTINGS:
        shown.open()
        field = f"#playground form [name={name}]"
        if shown.page.get_attribute(field, "type") == "number":
            shown.page.fill(field, text)
            shown.page.keyboard.press("Enter")
        else:
            shown.page.select_option(field, text)
        shown.settle()
        assert shown.settings[name] == value
        assert shown.state[name] == text
        for _ in range(2):
            shown.press("epoch")
        losses.add(shown.losses)
    # A regularization begins with a rate; what is trained differs with every setting.
    assert len(losses) == len(SETTINGS)
    shown.open("regularization=l2&regularization_rate=0.01")
    assert shown.page.input_value("[name=regularization_rate]") == "0.01"
    shown.page.fill("[name=learning_rate]", "100")
    shown.page.keyboard.press("Enter")
    assert "from 0.000001 to 10." in shown.page.inner_text("#settings .problem")
    assert shown.settings["learning_rate"] == 0.1


def test_features_make_xor_clouds_linear(playground):
    shown = playground("data=xor_clouds&widths=&activations=&speed=50&optimizer=adam")
    assert shown.page.inner_text("#depth") == "no hidden layers"
    shown.run_until("After 3")
    assert shown.frame["errors"]["test"] > 50
    shown.page.click("[data-key='feature-x1*x2']")
    shown.settle()
    assert shown.settings["features"] == ["x1", "x2", "x1*x2"]
    shown.run_until("After 3")
    assert shown.frame["errors"]["test"] <= 5
    shown.page.click("[data-key='feature-x1']")
    shown.settle()
    shown.page.click("[data-key='feature-x2']")
    shown.settle()
    # One feature must remain.
    shown.page.click("[data-key='feature-x1*x2']")
    assert shown.settle().settings["features"] == ["x1*x2"]


def test_widths_and_activations_of_every_layer(playground):
    shown = playground()
    page = shown.page
    page.click("#deeper")
    shown.settle()
    page.click("[aria-label='One unit more in layer 3']")
    shown.settle()
    page.click("[aria-label='One unit less in layer 1']")
    shown.settle()
    page.select_option("[aria-label='Activation of layer 2']", "relu")
    shown.settle()
    assert shown.settings["widths"] == [3, 2, 3]
    assert shown.settings["activations"] == ["tanh", "relu", "tanh"]
    assert shown.state["widths"] == "3,2,3"
    page.click("#shallower")
    assert shown.settle().settings["widths"] == [3, 2]
    shown.open("widths=32,32,32,32,32,32&activations=relu&speed=1")
    assert page.is_disabled("#deeper")
    assert page.is_disabled("[aria-label='One unit more in layer 6']")
    assert page.locator(".unit:not(.feature)").count() == 6 * 32 + 1
    shown.press("one")
    assert shown.updates == 1


def test_losses_on_training_and_test_points(playground):
    shown = playground("noise=0.3&speed=50")
    shown.press("epoch").press("epoch")
    loss = shown.frame["loss"]
    assert shown.losses == (f"{loss['train']:.4f}", f"{loss['test']:.4f}")
    colours = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let [train, test] = [0, 0];
        for (let place = 0; place < data.length; place += 4) {
            const [red, green, blue, opacity] = data.subarray(place, place + 4);
            if (opacity > 200 && blue > 150 && red < 60) train++;
            if (opacity > 200 && blue < 60 && red < 60 && green < 60) test++;
        }
        return [train, test];
    }"""
    both = shown.page.eval_on_selector("#losses", colours)
    assert min(both) > 20
    shown.page.check("#log")
    assert shown.page.eval_on_selector("#losses", colours) != both
    assert shown.state["log"] == "1"
    shown.open("test_share=0")
    shown.press("epoch")
    assert shown.page.eval_on_selector("#losses", colours)[1] == 0


def test_a_loss_without_bounds_has_few_digits(playground):
    shown = playground("data=gaussian&learning_rate=10&optimizer=sgd&activations=relu&updates=8")
    assert shown.frame["loss"]["train"] > 1e9
    for text in shown.losses:
        assert re.fullmatch(r"\d\.\d\de\d+", text)
    assert shown.page.eval_on_selector(".losses-part", "one => one.scrollWidth <= one.clientWidth")


def test_points_are_shown_or_hidden_and_the_output_is_discretised(playground):
    shown = playground("training_points=0")
    shown.run_until("After 1")
    # The share of the two most frequent colours in the middle of the plane.
    share = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(
            canvas.width / 3, canvas.height / 4, canvas.width / 2, canvas.height / 2);
        const counts = new Map();
        const pixels = new Uint32Array(data.buffer);
        for (const pixel of pixels) counts.set(pixel, 1 + (counts.get(pixel) ?? 0));
        const [first, second] = [...counts.values()].sort((a, b) => b - a);
        return (first + second) / pixels.length;
    }"""
    assert shown.page.eval_on_selector("#boundary", share) < 0.3
    shown.page.check("#discretised")
    assert shown.page.eval_on_selector("#boundary", share) > 0.85
    shown.page.uncheck("#discretised")
    points = first_points(shown)
    for name, other in (("training_points", "test_points"), ("test_points", "training_points")):
        before = shown.plane(points[name])
        shown.page.check(f"#{name}")
        changed = sum(a != b for a, b in zip(before, shown.plane(points[name]), strict=True))
        assert changed > 0.9 * len(before)
        elsewhere = shown.plane(points[other])
        shown.page.uncheck(f"#{name}")
        # Points of the other kind are hidden still, except for those under shown ones.
        same = [a == b for a, b in zip(elsewhere, shown.plane(points[other]), strict=True)]
        assert sum(same) > 0.4 * len(same)


def first_points(shown):
    shown.press("reset")
    found = shown.frame["points"]
    shown.run_until("After 1")
    return {
        "training_points": [point[:2] for point in found["train"]],
        "test_points": [point[:2] for point in found["test"]],
    }


def test_every_unit_has_its_picture_and_is_seen_larger(playground):
    shown = playground("widths=3,2")
    shown.press("epoch")
    found = pictures(shown, ".unit canvas")
    assert len(found) == 7 + 3 + 2 + 1
    assert min(len(set(picture)) for picture in found) > 2
    values = np.asarray(unpack(shown.frame["units"][0]))[1]
    output = shown.plane([(-5.5, -5.5), (5.5, 5.5)])
    shown.page.hover("[data-key=unit-0-1]")
    assert shown.page.inner_text("#plane-title") == "Unit 2 of layer 1"
    corners = shown.plane([(-5.5, -5.5), (5.5, 5.5)])
    # Red where the unit is positive.
    assert [red > blue for red, _, blue in corners] == [values[0, 0] > 0, values[-1, -1] > 0]
    shown.page.mouse.move(5, 5)
    assert shown.page.inner_text("#plane-title") == "Output"
    assert shown.plane([(-5.5, -5.5), (5.5, 5.5)]) == output


def kernel(shown, layer):
    return np.asarray(unpack(shown.frame["weights"][layer]["kernel"]))


def test_a_weight_is_set_by_hand_with_the_keyboard(playground):
    shown = playground()
    shown.press("one")
    page = shown.page
    page.focus("[data-key=unit-1-0]")
    page.keyboard.press("Enter")
    assert page.inner_text("#weights-title") == "Unit 1 of layer 2"
    # The bias is first; behind it come a slider and a field per weight.
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "from unit 1"
    page.keyboard.press("Control+A")
    page.keyboard.type("-2.5")
    page.keyboard.press("Enter")
    page.wait_for_selector("#progress:has-text('After 1 update')", state="attached")
    shown.settle()
    assert kernel(shown, 1)[0, 0] == -2.5
    page.keyboard.press("Escape")
    assert not page.is_visible("#weights")
    assert shown.state["edits"] == "1,1,0,0,-2.5;"
    # What follows is another training, and a link leads to it.
    shown.press("epoch")
    after = shown.losses
    shown.press("reset")
    assert "edits" not in shown.state
    shown.open("updates=25&edits=1,1,0,0,-2.5;")
    assert shown.updates == 25
    assert shown.losses == after


def test_a_weight_set_by_hand_is_kept_when_one_goes_back_and_forward(playground):
    shown = playground("speed=1")
    shown.press("epoch")
    shown.page.focus("[data-key=unit-1-0]")
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.type("1.5")
    shown.page.keyboard.press("Enter")
    shown.settle()
    shown.page.keyboard.press("Escape")
    shown.press("epoch")
    edited, edits = shown.losses, "25,1,-1,0,1.5;"
    assert shown.go_to(10).losses != edited
    assert shown.state["edits"] == edits
    address = shown.page.url
    assert shown.go_to(50).losses == edited
    assert shown.state["edits"] == edits
    # A link to an earlier update leads to it, and on to the weight.
    shown.page.goto("about:blank")
    shown.page.goto(address)
    assert shown.settle().updates == 10
    shown.go_to(25).press("epoch")
    assert (shown.losses, shown.state["edits"]) == (edited, edits)
    # New updates before it make another training.
    shown.go_to(10).press("one")
    assert "edits" not in shown.state
    shown.press("epoch").press("epoch")
    assert shown.losses != edited


def test_a_click_on_a_line_sets_its_weight(playground):
    shown = playground("widths=2&activations=tanh")
    page = shown.page
    source, target = (
        page.locator(f"[data-key='{key}'] canvas").bounding_box()
        for key in ("feature-x2", "unit-0-1")
    )
    # The middle of the line.
    x = (source["x"] + source["width"] + target["x"]) / 2
    y = (source["y"] + source["height"] / 2 + target["y"] + target["height"] / 2) / 2
    page.mouse.move(x, y)
    assert page.inner_text("#network .tip").startswith("weight ")
    page.mouse.click(x, y)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "from x₂"
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    shown.settle()
    assert kernel(shown, 0)[1, 1] == 3
    page.click("#weights-close")
    assert not page.is_visible("#weights")


def test_initial_weights_of_zero(playground):
    shown = playground("initial=zero")
    assert not any(kernel(shown, layer).any() for layer in range(3))
    shown.press("epoch")
    # All units of a layer have the same gradient: they stay alike.
    assert np.ptp(kernel(shown, 1)) == pytest.approx(0, abs=1e-6)


def test_own_points_are_set_with_clicks(playground):
    shown = playground()
    shown.choose("own")
    for label, x, y in (("1", 2, 2), ("0", -3, -1), ("0", 2, -4)):
        shown.page.check(f"#brushes [value='{label}']")
        shown.page.mouse.click(*shown.place_on_plane(x, y))
        shown.settle()
    points = np.array(shown.settings["points"])
    np.testing.assert_allclose(points, [[0, 0, 1], [2, 2, 1], [-3, -1, 0], [2, -4, 0]], atol=0.06)
    shown.page.check("#brushes [value=erase]")
    shown.page.mouse.click(*shown.place_on_plane(0, 0))
    assert len(shown.settle().settings["points"]) == 3
    shown.run_until(", 0 of 3 points wrong")
    address = shown.page.url
    shown.page.goto("about:blank")
    shown.page.goto(address)
    assert len(shown.settle().settings["points"]) == 3


def test_own_points_are_pasted_as_csv(playground):
    shown = playground()
    shown.choose("own")
    page = shown.page
    page.click("#csv-open")
    assert page.input_value("#csv-text") == "x1,x2,y\n0,0,1"
    for text, sentence in {
        "1,2,0\n3,x,1": "Line 2 is “3,x,1”; give three numbers",
        "1,2,5": "Line 1 is “1,2,5”; a label is 0 or 1.",
        "": "There are no points",
        "1,1,1\n" * 501: "There are 501 points; give at most 500.",
        "2000,1,1": "numbers must be from −1000 to 1000",
    }.items():
        page.fill("#csv-text", text)
        page.click("#csv .primary")
        assert sentence in page.inner_text("#csv-problem")
    page.fill("#csv-text", "x1;x2;label\n1;2;1\n-1\t-2\t-1\n\n# a remark\n 3 4 0 \n")
    page.click("#csv .primary")
    assert shown.settle().settings["points"] == [[1, 2, 1], [-1, -2, 0], [3, 4, 0]]
    page.select_option("#task", "regression")
    shown.settle()
    page.click("#csv-open")
    page.fill("#csv-text", "1,2,0.25\n-1,-2,-0.5")
    page.click("#csv .primary")
    assert shown.settle().settings["task"] == "regression"
    assert shown.frame["errors"] is None


def test_own_points_with_values_have_the_colours_of_their_values(playground):
    points = "points=2,2,1;-2,2,-1;2,-2,0.5;-2,-2,-0.5;0,0,0;"
    shown = playground(f"data=own&test_share=0&task=regression&{points}")
    page = shown.page
    brushes = page.eval_on_selector_all(
        "#brushes label:not(:last-child)",
        """all => all.map((one) => {
            const { backgroundColor } = getComputedStyle(one.querySelector("i"));
            return backgroundColor.match(/[0-9]+/g).map(Number);
        })""",
    )
    # From 1 to −1: from red over white to blue, as the points of the plane.
    assert len({tuple(colour) for colour in brushes}) == 5
    places = [(2, 2), (2, -2), (0, 0), (-2, -2), (-2, 2)]
    np.testing.assert_allclose(shown.plane(places), brushes, atol=2)
    reds = [red - blue for red, _, blue in brushes]
    assert reds == sorted(reds, reverse=True)
    # Labels are 0 or 1; of values, the sign is seen in the sketch.
    [sketch] = pictures(shown, "#data label:last-child canvas")
    shown.open("data=own&test_share=0&points=2,2,1;-2,2,0;2,-2,1;-2,-2,0;0,0,0;")
    assert pictures(shown, "#data label:last-child canvas") != [sketch]


def test_one_update_one_epoch_and_reset(playground):
    shown = playground("data=and&model=perceptron&learning_rate=1")
    page = shown.page
    for updates in (1, 2, 3):
        assert shown.press("one").updates == updates
    assert page.inner_text("#line").startswith("The line: ")
    assert "w ← w + r(ŷ − y)x" in page.inner_text("#line")
    assert not page.is_visible("[name=batch_size]")
    assert not page.is_visible("#deeper")
    # An epoch ends where it ends, not after so many updates more.
    assert shown.press("epoch").updates == 4
    assert page.inner_text("#play-transport [data-part=epochs]") == "1"
    assert shown.press("reset").updates == 0
    shown.run_until(", 0 of 4 points wrong")
    # The perceptron changes no more, so it has paused.
    page.wait_for_selector("#play-transport [data-part=run-text]:text-is('Run')")


def test_back_to_any_earlier_update_and_forward_again(playground):
    shown = playground("speed=50")
    shown.run_until("After 2")
    furthest = shown.updates
    losses = {furthest: shown.losses}
    for update in (120, 30, 121, 0):
        losses[update] = shown.go_to(update).losses
    assert len(set(losses.values())) == 5
    for update, loss in losses.items():
        assert shown.go_to(update).losses == loss
    shown.press("reset")
    for update in (30, 120):
        while shown.updates < update:
            shown.press("one" if update - shown.updates < 25 else "epoch")
        assert shown.losses == losses[update]


def test_the_speed_is_the_updates_per_picture(playground):
    shown = playground()
    for speed, text in (("1", "× 1"), ("10", "× 10"), ("200", "× 200")):
        shown.page.select_option("#play-transport [data-part=speed]", label=text)
        shown.press("reset").run_until("After")
        assert shown.message_of("/step")["updates"] == int(speed)
        assert shown.state.get("speed", "10") == speed


def test_the_keyboard_runs_the_training(playground):
    shown = playground()
    keys = shown.page.keyboard
    shown.page.evaluate("document.activeElement.blur()")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    assert shown.settle().updates == 2
    keys.press("ArrowLeft")
    assert shown.settle().updates == 1
    keys.press("e")
    assert shown.settle().updates == 25
    keys.press(" ")
    shown.page.wait_for_selector("[data-part=run-text]:text-is('Pause')")
    keys.press(" ")
    shown.page.wait_for_selector("#play-transport [data-part=run-text]:text-is('Run')")
    keys.press("r")
    assert shown.settle().updates == 0
    # In a field, they are letters.
    shown.page.focus("[name=learning_rate]")
    keys.press("e")
    assert shown.settle().updates == 0


@pytest.mark.parametrize(
    "preset", [one for one in PRESETS if one.section == "playground"], ids=lambda one: one.name
)
def test_a_preset_opens_what_its_slide_says(playground, preset):
    shown = playground("data=spiral&widths=3&activations=relu&speed=50")
    shown.page.select_option("#presets", label=f"{preset.slide} · {preset.title}")
    shown.page.wait_for_selector("#claim:visible")
    shown.settle()
    assert shown.page.inner_text("#claim").startswith(f"Slide {preset.slide} {preset.sentence}")
    expected = PlaneSettings.model_validate(dict(preset.settings)).model_dump()
    assert PlaneSettings.model_validate(shown.settings | {"points": []}).model_dump() == expected
    assert shown.page.input_value("#presets").startswith("#playground")


def test_a_preset_is_trained_as_far_as_its_sentence_says(playground):
    shown = playground()
    shown.page.select_option("#presets", label="6 · A hidden layer learns XOR")
    shown.settle()
    (updates,) = find("hidden_layer_xor").as_dict()["updates"]
    shown.page.click(f"#claim button:has-text('Go to update {updates:,}')")
    shown.page.wait_for_selector(f"#progress:has-text('After {updates:,} updates')")
    assert shown.settle().updates == updates
    # A preset of another section leaves the menu as it was.
    before = shown.page.input_value("#presets")
    shown.page.select_option("#presets", label="12 · Constructed weights")
    shown.page.wait_for_selector("#approximation:visible")
    assert shown.page.input_value("#presets") == before
