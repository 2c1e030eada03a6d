"""Prediction on the page in a real Chromium: photos, numbers, the camera, joints."""

import base64
import re

import matplotlib
import numpy as np
import pytest
from PIL import Image

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
            const { FIRST, SECOND, diverging, hot } = await import("/static/colours.js");
            return [FIRST, SECOND, shares.map(diverging), shares.map((one) => hot((one + 1) / 2))];
        }""",
        shares,
    )
    heat = matplotlib.colormaps["inferno"]((np.array(shares) + 1) / 2)[:, :3] * 255
    # Drawn between every tenth of the colours.
    np.testing.assert_allclose(found[3], heat, atol=10)
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
    # Gray where nothing is found, and coloured where something is.
    spread = page.evaluate(
        """() => {
            const canvas = document.querySelector("#joints canvas");
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            const found = [];
            for (let at = 0; at < data.length; at += 4) {
                const rgb = data.subarray(at, at + 3);
                found.push(Math.max(...rgb) - Math.min(...rgb));
            }
            return found;
        }"""
    )
    assert min(spread) < 10
    assert max(spread) > 150
    assert page.locator("#joints canvas").first.bounding_box()["width"] >= 300
    assert "trained on drawn figures" in page.inner_text("#joint-notes")
    shoot(page, "serve-joints")
    page.select_option("#model", "linear_cat_dog")
    page.wait_for_selector("#slide li:nth-child(5)")
    assert page.locator("#joints li").count() == 0
    assert page.inner_text("#joint-notes") == ""


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
