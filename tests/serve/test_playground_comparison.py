"""The page's default network reaches the test loss of TensorFlow Playground's in no more updates.

Their losses are those of their own code, as `tools/results.py playground` recorded them; ours are
computed here. One loss is that of labels −1 and +1 in both.
"""

import json
import statistics

import pytest
from records import playground
from records.keeping import FOLDER

from zoo.serve.programs.base import RecentlyUsed

RECORD = json.loads((FOLDER / "playground.json").read_text(encoding="utf-8"))
GRAPHS = RecentlyUsed(1)


def assert_reached(name, counts):
    """Compare the medians over the seeds after each of the first counts of updates."""
    epochs = playground.EPOCHS[:counts]
    ours = [playground.our_losses(name, seed, GRAPHS, epochs) for seed in range(RECORD["seeds"])]
    theirs = [losses[:counts] for losses in RECORD["playground"][name]]
    for updates, own, other in zip(
        RECORD["updates"][:counts], zip(*ours, strict=True), zip(*theirs, strict=True), strict=True
    ):
        assert statistics.median(own) <= statistics.median(other), f"after {updates} updates"


def test_the_record_is_of_four_sets_and_at_least_three_seeds():
    assert tuple(RECORD["playground"]) == playground.SETS
    assert RECORD["updates"] == [playground.UPDATES_PER_EPOCH * e for e in playground.EPOCHS]
    for losses in RECORD["playground"].values():
        assert len(losses) == RECORD["seeds"] >= 3


@pytest.mark.parametrize("name", playground.SETS)
def test_their_loss_is_reached_in_no_more_updates(name):
    assert_reached(name, 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", playground.SETS)
def test_their_loss_is_reached_to_the_end(name):
    assert_reached(name, len(playground.EPOCHS))
