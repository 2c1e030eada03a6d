"""Every slide of the lecture is in the zoo: by a model, or by a command that there is."""

import pytest
from typer.main import get_command

import zoo
from zoo.cli import app
from zoo.registry.slides import SLIDES

# Slides that no model alone shows: machines, the playground, why it is hard, steps, the loss.
BY_COMMANDS = (9, 11, 14, 15, 18)


def models_of(slide):
    return [name for name in zoo.list_models() if slide.number in zoo.describe(name).slides]


def test_slides_are_numbered_without_a_gap():
    assert [slide.number for slide in SLIDES] == list(range(1, 21))


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: str(slide.number))
def test_a_slide_has_a_model_or_a_command(slide):
    assert models_of(slide) or slide.commands
    assert slide.commands or slide.number not in BY_COMMANDS


@pytest.mark.parametrize(
    "command", sorted({command for slide in SLIDES for command in slide.commands})
)
def test_a_command_of_a_slide_exists(command):
    first, *words = command.split()
    assert first == "zoo"
    found = get_command(app)
    for word in words:
        if word.startswith("--"):
            assert word in {option for of in found.params for option in of.opts}
        else:
            found = found.commands[word]


def test_list_shows_every_slide_with_its_models_and_commands(run_zoo):
    lines = run_zoo("list", COLUMNS="80").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for slide in SLIDES:
        assert f" {slide.number} {slide.title[:12]}" in text
        assert all(word in text for word in [*models_of(slide), *slide.commands])
    assert SLIDES[0].title not in run_zoo("list", "--task", "sign").stdout
