"""The presets of the page in a real Chromium, and what it hands out: its code and its bundle."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from zoo import edge
from zoo.serve.packing import unpack
from zoo.serve.presets import PRESETS, find, fragment, settings_of

expect = pytest.importorskip("playwright.sync_api").expect

STARTED = "**/api/playground/start"


@pytest.fixture
def page(browser):
    """A window in which nothing may go wrong."""
    complaints = []
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        window = context.new_page()
        window.set_default_timeout(120_000)
        window.on("pageerror", lambda error: complaints.append(str(error)))
        yield window
    assert complaints == []


def opened(page, address, preset):
    """Open a preset's link, and return the first frame of its training."""
    with page.expect_response(STARTED) as response:
        page.goto(f"{address}{fragment(preset)}")
    return response.value.json()


def one_of_each(presets):
    """Return the presets as parameters, of which only the first of each section is quick."""
    quick = {preset.section: preset for preset in reversed(presets)}.values()
    return [
        pytest.param(preset, id=preset.name, marks=[] if preset in quick else [pytest.mark.slow])
        for preset in presets
    ]


@pytest.mark.parametrize("preset", one_of_each(PRESETS))
def test_the_link_of_a_preset_opens_it(page, address, preset):
    frame = opened(page, address, preset)
    assert frame["settings"] == json.loads(settings_of(preset).model_dump_json())
    section = page.locator(f"section#{preset.section}")
    assert section.is_visible()
    section.get_by_text(preset.sentence, exact=False).first.wait_for()


def test_every_preset_of_a_section_can_be_chosen(page, address):
    for section in dict.fromkeys(preset.section for preset in PRESETS):
        with page.expect_response(STARTED):
            page.goto(f"{address}#{section}")
        for preset in (preset for preset in PRESETS if preset.section == section):
            if section == "playground":
                label = f"{preset.slide} · {preset.title}"
                page.locator("#presets option").get_by_text(label, exact=True).wait_for(
                    state="attached"
                )
                continue
            name = f"Slide {preset.slide}: {preset.title}"
            page.locator(f"section#{section}").get_by_role("link", name=name, exact=True).wait_for()


def test_a_click_on_a_preset_trains_it(page, address):
    preset = find("hidden_layer_xor")
    opened(page, address, find("perceptron_xor"))
    with page.expect_response(STARTED) as response:
        page.select_option("#presets", label=f"6 · {preset.title}")
    assert response.value.json()["settings"]["widths"] == [2]
    assert page.url.endswith(fragment(preset))
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#wrong")).to_have_text("0 of 4", timeout=60_000)
    # Back in the history is the preset before.
    page.go_back()
    page.locator("#claim").get_by_text(find("perceptron_xor").sentence).wait_for()


def trained(page, address, settings, epochs=2):
    """Open settings, train for some epochs, and return the frame that the page shows then."""
    frames = []
    page.on(
        "response",
        lambda response: "/api/playground/st" in response.url and frames.append(response),
    )
    with page.expect_response(STARTED):
        page.goto(f"{address}#playground?{settings}")
    count = page.locator("#play-transport [data-part=epochs]")
    for epoch in range(1, epochs + 1):
        page.get_by_role("button", name="+1 epoch").click()
        expect(count).to_have_text(str(epoch), timeout=60_000)
    frame = frames[-1].json()
    assert frame["epoch"] == epochs
    assert frame["updates"] == epochs * frame["updates_per_epoch"]
    return frame


def test_the_code_on_the_page_gives_its_very_weights(page, address, tmp_path):
    frame = trained(page, address, "data=spiral&features=x1,x2,sin(x1)&widths=5,3&seed=4")
    page.get_by_role("button", name="Show the code").click()
    expect(page.locator("#code")).to_contain_text("import keras", timeout=60_000)
    script = tmp_path / "playground.py"
    script.write_text(
        page.locator("#code").text_content()
        + f"\nnp.savez({str(tmp_path / 'found')!r}, *model.get_weights())\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    shown = [unpack(layer[part]) for layer in frame["weights"] for part in ("kernel", "bias")]
    assert [array.shape for array in shown] == [(3, 5), (5,), (5, 3), (3,), (3, 1), (1,)]
    with np.load(tmp_path / "found.npz") as file:
        for found, expected in zip(file.values(), shown, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_the_bundle_of_the_page_answers_as_the_page(page, address, tmp_path):
    frame = trained(page, address, "data=xor_clouds&widths=6&activations=elu")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as a bundle").click()
    path = tmp_path / download.value.suggested_filename
    assert path.suffix == ".zip"
    download.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    bundle = tmp_path / f"xor_clouds-{frame['updates']}"
    grid = unpack(frame["grid"])
    step = (frame["grid"]["maximum"] - frame["grid"]["minimum"]) / 65535
    axis = np.linspace(frame["low"], frame["high"], len(grid))
    board = edge.load(bundle)
    for row, column in [(0, 0), (13, 40), (25, 25), (50, 7)]:
        found = board.predict(np.float32([axis[column], axis[row]]))
        assert found.score == pytest.approx(grid[row, column], abs=2e-5 + step)
    # As from the command line on a board.
    answer = subprocess.run(
        [sys.executable, bundle / "predict.py", "--", "0", "0"], capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
