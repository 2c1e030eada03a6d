"""The page in a real Chromium: what a hand with a mouse, a keyboard or a phone would do.

`ZOO_SCREENSHOTS=docs/images` keeps the pictures that the tests take, two of them in the README.
"""

import base64
import os
import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from zoo import edge
from zoo.shipped import find_bundle

DESKTOP, PHONE = (1100, 900), (375, 812)


@pytest.fixture
def open_page(browser, address):
    """Return a function that opens the page in a window; at the end nothing may have gone wrong."""
    contexts, complaints = [], []

    def open_window(size=DESKTOP, part="", **settings):
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda sent: (
                sent.url.startswith((address, "data:", "blob:"))
                or complaints.append(f"leaves this machine: {sent.url}")
            ),
        )
        page.goto(f"{address}#{part}")
        page.wait_for_selector("#model option", state="attached")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def shoot(tmp_path):
    """Return a function that takes a picture of the window and checks that it is not blank."""
    folder = Path(os.environ.get("ZOO_SCREENSHOTS") or tmp_path)

    def take(page, name):
        path = folder / f"{name}.png"
        page.screenshot(path=path)
        with Image.open(path) as picture:
            assert len(picture.convert("RGB").getcolors(2**24)) > 50
        return path

    return take


def draw_cat(path):
    """Draw a cat's face, so that no photo of somebody's is shown."""
    picture = Image.new("RGB", (480, 360), "#7fb3d5")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 270, 480, 360), fill="#6b8e4e")
    for ear in ([(150, 150), (165, 40), (235, 105)], [(330, 150), (315, 40), (245, 105)]):
        pen.polygon(ear, fill="#c98a4b")
    pen.ellipse((130, 80, 350, 300), fill="#d99a56")
    for x in (190, 290):
        pen.ellipse((x - 22, 150, x + 22, 195), fill="#f4f1c9")
        pen.ellipse((x - 7, 152, x + 7, 193), fill="#202020")
    pen.polygon([(228, 215), (252, 215), (240, 230)], fill="#b0506a")
    for rise in (-12, 0, 12):
        pen.line((215, 228, 110, 228 + 2 * rise), fill="#ffffff", width=3)
        pen.line((265, 228, 370, 228 + 2 * rise), fill="#ffffff", width=3)
    picture.save(path)
    return path


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


def verdict(page):
    page.wait_for_selector("#verdict:not(:empty)")
    return page.inner_text("#verdict")


def test_a_dropped_photo_is_answered_and_slide_16_is_shown(open_page, photos_dir):
    path = photos_dir / "dog" / "0.jpg"
    page = open_page()
    drop(page, path)
    for artifact in ("float32", "int8"):
        expected = edge.load(find_bundle("linear_cat_dog"), artifact).predict(str(path))
        page.select_option("#artifact", artifact)
        page.wait_for_selector("#slide li:nth-child(5)")
        assert verdict(page) == f"{expected.label} ({expected.score:.4f})"
        assert re.search(
            r"[\d.]+ ms in the model, [\d.]+ ms in the server", page.inner_text("main")
        )
        assert "4096 numbers" in page.inner_text("#slide")
    page.select_option("#model", "cifar_softmax")
    page.wait_for_selector("#scores meter")
    assert page.locator("#scores meter").count() == 10


def test_the_drawing_for_the_readme(open_page, shoot, tmp_path):
    page = open_page()
    drop(page, draw_cat(tmp_path / "drawing.png"), "image/png")
    page.wait_for_selector("#slide li:nth-child(5)")
    shoot(page, "serve-ask")


def test_what_is_no_photo_is_refused_in_a_sentence(open_page, tmp_path):
    text = tmp_path / "cat.jpg"
    text.write_text("I am no photo.")
    page = open_page()
    drop(page, text)
    assert verdict(page).endswith("send one.")
    page.evaluate("document.getElementById('verdict').textContent = ''")
    large = tmp_path / "large.jpg"
    large.write_bytes(b"\xff\xd8\xff" + bytes(21 * 2**20))
    page.set_input_files("#file", large)
    assert "20,971,520 bytes" in verdict(page)


def test_the_camera_s_picture_is_answered(open_page):
    page = open_page(permissions=["camera"])
    page.click("#camera")
    page.click("#snap")
    page.wait_for_selector("#slide li:nth-child(5)")
    assert verdict(page).split()[0] in ("cat", "dog")


def test_without_a_camera_s_permission_a_sentence_says_so(open_page):
    page = open_page()
    page.click("#camera")
    assert "choose a photo instead" in verdict(page)


def test_numbers_are_asked_with_the_keyboard_alone(open_page):
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
    assert verdict(page) == f"{expected.label} ({expected.score:.4f})"


def test_everything_that_can_be_used_has_a_name(open_page):
    page = open_page()
    for part in ("ask", "playground", "zoo"):
        page.goto(f"{page.url.split('#')[0]}#{part}")
        page.wait_for_selector(f"#{part}:not([hidden])")
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, canvas, video")]
                .filter((one) => one.checkVisibility())
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
    # The corners of the unit square have the colour of their label: orange is redder than blue.
    corners = page.evaluate(
        """() => {
            const canvas = document.getElementById("boundary");
            const context = canvas.getContext("2d");
            const at = (x, y) => [...context.getImageData(
                canvas.width * (0.5 + 0.26 * x), canvas.height * (0.5 - 0.26 * y), 1, 1).data];
            return [at(-1, -1), at(1, -1), at(-1, 1), at(1, 1)];
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
        page.wait_for_selector(f"text=After {updates} updates")
    assert "x₁" in page.inner_text("#line")
    assert not page.is_visible("[name=depth]")
    page.click("#reset")
    page.wait_for_selector("text=After 0 updates")
    page.click("#train")
    page.wait_for_selector("text=, 0 of 4 points wrong")


@pytest.mark.parametrize("part", ["ask", "playground", "zoo"])
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
