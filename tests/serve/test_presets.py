"""The presets of the page: what each says is true of the training that the page runs."""

import re
from pathlib import Path

import pytest

from zoo.registry.slides import SLIDES
from zoo.serve.presets import PRESETS, SECTIONS, find, fragment, frame_after, settings_of

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "lecture.md"


def test_names_are_unique():
    assert len({preset.name for preset in PRESETS}) == len(PRESETS)


def test_every_slide_with_a_plane_has_one():
    slides = {preset.slide for preset in PRESETS if preset.section == "playground"}
    assert {2, 4, 5, 6, 8, 11} <= slides
    assert {preset.slide for preset in PRESETS if preset.section == "approximation"} == {12}
    assert {preset.slide for preset in PRESETS if preset.section == "physics"} == {13}
    assert {preset.slide for preset in PRESETS} <= {slide.number for slide in SLIDES}
    assert {preset.section for preset in PRESETS} == set(SECTIONS.values())


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_only_what_differs_from_the_defaults_is_set(preset):
    settings = settings_of(preset)
    defaults = {name: field.default for name, field in type(settings).model_fields.items()}
    given = {name: value for name, value in preset.settings.items() if name != "kind"}
    assert [name for name, value in given.items() if value == defaults[name]] == []


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_it_is_one_sentence(preset):
    assert preset.sentence.endswith(".")
    assert len(re.findall(r"\. [A-Z]", preset.sentence)) == 0
    assert preset.claims


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_what_it_says_is_true(preset):
    for claim in preset.claims:
        frame = frame_after(preset.name, claim.updates)
        assert claim.holds(frame), (claim, {key: frame.get(key) for key in ("loss", "errors")})


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_the_lecture_says_and_checks_the_same(preset):
    text = DOCUMENT.read_text(encoding="utf-8")
    start = text.index(f"[{preset.title}](http://127.0.0.1:8000/{fragment(preset)})")
    said, code = text[start:].split("```python\n", 1)
    assert " ".join(said.split()).endswith(preset.sentence)
    code = code.partition("```")[0]
    for claim in preset.claims:
        frame = f'frame = frame_after("{preset.name}", {claim.updates})'
        assert f"assert {claim.code()}" in code[code.index(frame) :].partition("\nframe =")[0]


def test_an_unknown_preset_is_told():
    with pytest.raises(ValueError, match="perceptron_xor"):
        find("perceptron_xr")
