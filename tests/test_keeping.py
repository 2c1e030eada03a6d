"""Pages of docs/results: which command made them, and nothing of the machine's folders."""

import re

import pytest
from records.keeping import FOLDER, command_text

PAGES = sorted(FOLDER.glob("*.md"))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["search", "compact", "--epochs", "40"], "search compact --epochs 40"),
        (["curve", "/scratch/runs/best"], "curve best"),
        (["curve", "../runs/best/"], "curve best"),
        (["poses", "--seeds", "3", "--folder=/data/photos/"], "poses --seeds 3 --folder=photos"),
        (["recipes", "deep_relu:lecture"], "recipes deep_relu:lecture"),
    ],
)
def test_of_a_folder_the_command_has_the_name_alone(words, text):
    assert command_text(words) == f"python tools/results.py {text}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_names_a_folder_of_the_machine_it_was_made_on(page):
    text = page.read_text(encoding="utf-8")
    (command,) = re.findall(r"Made by `python tools/results\.py ([^`]+)`", text)
    assert "/" not in command
    assert not re.search(r"(?<![\w./])/(tmp|home|root|work|mnt|data|scratch|Users)\b", text)
