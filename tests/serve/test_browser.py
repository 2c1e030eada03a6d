"""The page in a real Chromium: what a hand with a mouse, a keyboard or a phone would do.

The pictures that the tests take: see conftest.py.
"""

import base64
import http.server
import json
import os
import re
import signal
import threading

import matplotlib
import numpy as np
import pytest
from PIL import Image
from playground_settings import SETTINGS
from test_playground import workers
from window_sizes import PHONE

import zoo
from zoo import edge
from zoo.bundles.shipped import find_bundle
from zoo.data.figures import LABELS, figure
from zoo.plots.style import DIVERGING, FIRST, SECOND


def drop(page, path, kind="image/jpeg"):
    transfer = page.evaluate_handle(
        """([content, name, type]) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type }));
            return transfer;
        }""",
        [base64.b64encode(path.read_bytes()).decode(), path.name, kind],
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})


def prediction(page):
    page.wait_for_selector("#prediction:not(:empty):not(:text-is('Predicting…'))")
    return page.inner_text("#prediction")


def test_a_dropped_photo_is_answered_and_slide_16_is_shown(open_page, photos_dir):
    path = photos_dir / "dog" / "0.jpg"
    page = open_page()
    drop(page, path)
    for artifact in ("float32", "int8"):
        expected = edge.load(find_bundle("linear_cat_dog"), artifact).predict(str(path))
        page.select_option("#artifact", artifact)
        page.wait_for_selector("#slide li:nth-child(5)")
        assert prediction(page) == f"{expected.label} ({expected.score:.4f})"
        assert re.search(
            r"[\d.]+ ms in the model, [\d.]+ ms in the server", page.inner_text("main")
        )
        assert "4096 numbers" in page.inner_text("#slide")
    page.select_option("#model", "cifar_softmax")
    page.wait_for_selector("#scores meter")
    assert page.locator("#scores meter").count() == 10


def test_the_drawing_for_the_readme(open_page, shoot):
    page = open_page((1100, 1060))
    page.click("#samples button:has-text('cat')")
    page.wait_for_selector("#slide li:nth-child(5)")
    shoot(page, "serve-predict")


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_model_has_samples_and_shows_its_accuracy(open_page, name):
    manifest = edge.read_manifest(find_bundle(name))
    page = open_page()
    page.select_option("#model", name)
    for artifact in page.locator("#artifact option").evaluate_all(
        "options => options.map((option) => option.value)"
    ):
        page.select_option("#artifact", artifact)
        for sample in page.locator("#samples button").all():
            sample.click()
            predicted = prediction(page)
            text = page.inner_text("#accuracy")
            metrics = manifest["artifacts"][artifact]["metrics"]
            if "labels" in manifest:
                assert predicted.split(" (")[0] in manifest["labels"]
                assert f"{100 * metrics['accuracy']:.1f} %" in text
                assert f"{manifest['dataset']['examples']:,} test" in text
            else:
                assert predicted.startswith(f"{manifest['output']['names'][0]} = ")
            if manifest["output"]["decision"] == "threshold":
                first, second = manifest["labels"]
                ends = page.locator("#score .names span").all_inner_texts()
                assert ends == [f"{first} ←", f"{manifest['output']['threshold']:g}", f"→ {second}"]


def test_the_page_s_colours_are_the_plots_and_it_says_what_they_mean(open_page):
    page = open_page()
    shares = np.linspace(-1, 1, 41).tolist()
    found = page.evaluate(
        """async (shares) => {
            const { FIRST, SECOND, diverging } = await import("/static/colours.js");
            return [FIRST, SECOND, shares.map(diverging)];
        }""",
        shares,
    )
    expected = matplotlib.colormaps[DIVERGING]((np.array(shares) + 1) / 2)[:, :3] * 255
    assert found[:2] == [FIRST, SECOND]
    # matplotlib has 256 steps.
    np.testing.assert_allclose(found[2], expected, atol=3)
    page.click("#samples button")
    page.wait_for_selector("#slide li:nth-child(5)")
    assert page.locator("#legend span").all_inner_texts() == [
        "blue, below 0: for cat",
        "0",
        "red, above 0: for dog",
    ]
    page.select_option("#model", "cifar_softmax")
    page.wait_for_selector("#legend span:has-text('against')")
    label = prediction(page).split(" (")[0]
    assert page.locator("#legend span").last.inner_text() == f"red, above 0: for {label}"


def test_a_photo_of_48_megapixels_is_answered(open_page, tmp_path):
    path = tmp_path / "large.jpg"
    small = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8))
    small.resize((8000, 6000), Image.Resampling.BICUBIC).save(path, quality=90)
    page = open_page()
    page.set_default_timeout(300_000)
    page.set_input_files("#file", path)
    page.wait_for_selector("#slide li:nth-child(5)")
    assert prediction(page).split()[0] in ("cat", "dog")
    assert "photo, 6000 × 8000" in page.inner_text("#slide")


def test_joints_are_searched_for_in_the_whole_photo(open_page, shoot, tmp_path):
    path = tmp_path / "person.png"
    Image.fromarray(figure("test", 1, 160).pixels).save(path)
    page = open_page()
    page.set_input_files("#file", path)
    page.wait_for_selector("#slide li:nth-child(5)")
    assert not page.is_visible("#find")
    page.select_option("#model", "joint_classifier")
    page.wait_for_selector("#scores .bar:nth-child(9)")
    page.click("#find")
    page.wait_for_selector("#joints li:nth-child(8)")
    texts = page.locator("#joints li").all_inner_texts()
    assert [text.split()[0] for text in texts] == list(LABELS[:-1])
    assert all(re.fullmatch(r"\w+ [01]\.\d\d at \d+, \d+", text.strip()) for text in texts)
    shoot(page, "serve-joints")
    page.select_option("#model", "linear_cat_dog")
    page.wait_for_selector("#slide li:nth-child(5)")
    assert page.locator("#joints li").count() == 0


@pytest.fixture
def hold():
    """Return a function that holds back a page's first request to an address, to be let go late."""

    def hold_first(page, pattern):
        held = []

        def handle(route):
            if held:
                route.continue_()
            else:
                held.append(route)

        page.route(pattern, handle)

        def let_go():
            with page.expect_response(pattern) as found:
                held[0].continue_()
            found.value.finished()
            # Whatever a late answer does, it has done by then.
            page.wait_for_timeout(300)

        return let_go

    return hold_first


def test_a_late_answer_does_not_replace_a_newer_one(open_page, hold):
    page = open_page()
    let_go = hold(page, "**/api/predict?*")
    page.click("#samples button:has-text('cat')")
    page.wait_for_selector("#prediction:has-text('Predicting')")
    page.click("#samples button:has-text('dog')")
    page.wait_for_selector("#slide li:nth-child(5)")
    shown = page.inner_text("#predict")
    let_go()
    assert page.inner_text("#predict") == shown


def test_an_answer_for_another_model_than_the_chosen_is_not_shown(open_page, hold):
    page = open_page()
    let_go = hold(page, "**/api/predict?*")
    page.click("#samples button:has-text('cat')")
    page.wait_for_selector("#prediction:has-text('Predicting')")
    page.select_option("#model", "xor_mlp")
    let_go()
    assert page.inner_text("#prediction") == ""


def test_a_late_card_does_not_replace_a_newer_one(open_page, hold):
    page = open_page(part="zoo")
    let_go = hold(page, "**/api/cards/*")
    first, second = page.locator("#list button").all()[:2]
    first.click()
    second.click()
    page.wait_for_selector(f"#card h3:text-is('{second.inner_text()}')")
    let_go()
    assert page.inner_text("#card h3") == second.inner_text()


def test_a_missing_card_is_reported(open_page):
    page = open_page(part="zoo")
    page.evaluate("document.querySelector('#list button').onclick = null")
    page.route("**/api/cards/*", lambda route: route.continue_(url=f"{route.request.url}_not"))
    page.locator("#list button").nth(1).click()
    page.wait_for_selector("#card:has-text('is not served here.')")


def test_what_is_no_photo_is_refused_in_a_sentence(open_page, tmp_path):
    text = tmp_path / "cat.jpg"
    text.write_text("I am no photo.")
    page = open_page()
    drop(page, text)
    assert prediction(page).endswith(f"{list(edge.PHOTO_FORMATS)[-1]}.")
    page.evaluate("document.getElementById('prediction').textContent = ''")
    large = tmp_path / "large.jpg"
    large.write_bytes(b"\xff\xd8\xff" + bytes(21 * 2**20))
    page.set_input_files("#file", large)
    assert "20,971,520 bytes" in prediction(page)
    assert page.get_attribute("#file", "accept") == "image/*"


def test_the_camera_s_picture_is_answered(open_page):
    page = open_page(permissions=["camera"])
    page.click("#camera")
    page.click("#snap")
    page.wait_for_selector("#slide li:nth-child(5)")
    assert prediction(page).split()[0] in ("cat", "dog")


def test_without_a_camera_s_permission_a_sentence_says_so(open_page):
    page = open_page()
    page.click("#camera")
    assert "choose a photo instead" in prediction(page)


def test_numbers_are_entered_with_the_keyboard_alone(open_page):
    page = open_page()
    page.focus("#model")
    page.keyboard.type("xor")
    assert page.input_value("#model") == "xor_mlp"
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "numbers":
            break
    page.keyboard.press("Control+A")
    page.keyboard.type("1 0")
    page.keyboard.press("Enter")
    expected = edge.load(find_bundle("xor_mlp")).predict([1, 0])
    assert prediction(page) == f"{expected.label} ({expected.score:.4f})"


def test_everything_that_can_be_used_has_a_name(open_page):
    page = open_page()
    for part in ("predict", "playground", "zoo"):
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


def test_xor_is_trained_to_no_error_and_the_boundary_is_seen(open_page, shoot):
    page = open_page(part="playground")
    page.click("#train")
    page.wait_for_selector("text=/loss 0\\.00.*, 0 of 4 points wrong/")
    page.click("#train")
    # Near the corners of the unit square is the colour of their label: red or blue.
    corners = page.evaluate(
        """async () => {
            const { placeOnPlane } = await import("/static/drawing.js");
            const canvas = document.getElementById("boundary");
            const context = canvas.getContext("2d");
            const at = (x, y) => {
                const place = placeOnPlane(canvas, { low: -0.25, high: 1.25 }, x, y);
                return [...context.getImageData(...place.map(Math.round), 1, 1).data];
            };
            return [at(-0.1, -0.1), at(1.1, -0.1), at(-0.1, 1.1), at(1.1, 1.1)];
        }"""
    )
    assert [red > blue for red, _, blue, _ in corners] == [False, True, True, False]
    shoot(page, "serve-playground")


def test_one_update_at_a_time_and_reset(open_page):
    page = open_page(part="playground")
    page.select_option("[name=model]", "perceptron")
    page.select_option("[name=data]", "and")
    page.fill("[name=learning_rate]", "1")
    for updates in (1, 2, 3):
        page.click("#one")
        page.wait_for_selector(f"text=/After {updates} updates?:/")
    assert re.match(
        r"The line: −?\d\.\d{3} x₁ [+−] \d\.\d{3} x₂ [+−] \d\.\d{3} = 0\.", page.inner_text("#line")
    )
    assert not page.is_visible("[name=depth]")
    page.click("#reset")
    page.wait_for_selector("text=After 0 updates")
    page.click("#train")
    page.wait_for_selector("text=, 0 of 4 points wrong")


def test_what_is_shown_is_what_is_trained(open_page):
    page = open_page(part="playground")
    page.evaluate(
        """() => {
            window.texts = [];
            const progress = document.getElementById("progress");
            new MutationObserver(() => window.texts.push(progress.textContent))
                .observe(progress, { childList: true });
        }"""
    )
    answers = []
    page.on(
        "response",
        lambda response: (
            answers.append(response) if "/playground/s" in response.url and response.ok else None
        ),
    )
    # All of it while TensorFlow starts.
    page.click("#train")
    page.wait_for_selector("text=Starting TensorFlow")
    page.click("#train")
    page.click("#reset")
    page.select_option("[name=data]", "spirals")
    page.click("#train")
    page.wait_for_selector("text=/After \\d\\d+ updates: .* of 200 points wrong/")
    page.click("#train")
    assert not [text for text in page.evaluate("window.texts") if "of 4 points" in text]
    assert answers[-1].json()["settings"]["data"] == "spirals"
    # And while one of its steps is under way.
    page.click("#train")
    page.select_option("[name=data]", "and")
    page.wait_for_selector("text=After 0 updates")
    assert "of 4 points" in page.inner_text("#progress")
    assert page.inner_text("#train") == "Train"
    page.fill("[name=seed]", "1")
    # Nothing is shown of what is not what the page says.
    assert page.inner_text("#progress") == "Press Train."
    page.fill("[name=seed]", "")
    page.click("#one")
    page.wait_for_selector("text=The seed is missing")


def test_a_learning_rate_of_1_and_a_worker_that_dies(open_page):
    before = workers()
    page = open_page(part="playground")
    page.fill("[name=learning_rate]", "1")
    page.click("#train")
    page.wait_for_selector("text=/After [1-9]\\d* updates/")
    assert page.inner_text("#train") == "Pause"
    for process in workers() - before:
        os.kill(process, signal.SIGKILL)
    page.wait_for_selector("text=The training process stopped unexpectedly; start it again.")
    assert page.inner_text("#train") == "Train"
    page.click("#train")
    page.wait_for_selector("text=/After [1-9]\\d* updates/")
    page.click("#train")
    page.wait_for_selector("#train:text-is('Train')")
    # The page gives its place back when it is left.
    page.goto("about:blank")


def test_another_site_s_page_starts_nothing(browser, address, tmp_path):
    (tmp_path / "index.html").write_text("<title>another site</title>")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=tmp_path)

        def log_message(self, *words):
            pass

    before = workers()
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
                [address, kind, json.dumps(SETTINGS)],
            )
        page.evaluate(
            "address => fetch(`${address}api/models`, { mode: 'no-cors' }).catch(() => null)",
            address,
        )
        page.close()
        other.shutdown()
    # Neither does it read what is here.
    assert {f"{address}api/models", f"{address}api/playground/start"} <= set(blocked)
    assert workers() == before


@pytest.mark.parametrize("part", ["predict", "playground", "zoo"])
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


def test_every_card_is_shown_with_its_pictures(open_page, shoot):
    page = open_page(part="zoo")
    for button in page.locator("#list button").all():
        button.click()
        name = button.inner_text()
        page.wait_for_selector(f"#card h3:text-is('{name}')")
        # A picture that cannot be fetched or decoded is an error here.
        page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
    shoot(page, "serve-zoo")
