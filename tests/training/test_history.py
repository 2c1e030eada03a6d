"""history.csv: rows are appended, and a resumed training finds those that its checkpoint counts."""

import csv
import io

import pytest

import zoo
from zoo import ZooError
from zoo.training import checkpoints
from zoo.training.checkpoints import Position
from zoo.training.history import History

ROWS = [{"epoch": n, "loss": 1 / n, "val_loss": 1e-9 / n} for n in range(1, 6)]


@pytest.fixture
def history(tmp_path):
    found = History(tmp_path / "history.csv")
    for row in ROWS:
        found.append(row)
    return found


def test_appended_rows_are_those_that_csv_writes(history):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ROWS[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(ROWS)
    assert history.path.read_text() == text.getvalue()
    assert history.rows() == ROWS


@pytest.mark.parametrize("tail", ["", "6,0.1", "6,0.1,0.2\n7,0."])
@pytest.mark.parametrize("epochs", [0, 1, 4, 5])
def test_rows_after_the_checkpoint_are_removed_half_written_ones_too(tail, epochs, history):
    with history.path.open("a") as stream:
        stream.write(tail)
    # Who reads while it is written sees whole rows.
    assert history.rows()[: len(ROWS)] == ROWS
    again = History(history.path)
    again.keep(epochs)
    for row in ROWS[epochs:]:
        again.append(row)
    assert again.rows() == ROWS


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "it is missing"),
        (lambda path: path.write_text("epoch,loss\n1,2\n"), "it has 1 rows"),
        (lambda path: path.write_bytes(b"\xff\n" * 9), "it is not text"),
    ],
)
def test_a_history_without_the_checkpoint_s_epochs_is_one_sentence(spoil, message, history):
    spoil(history.path)
    with pytest.raises(ZooError, match=rf"history\.csv does not belong .*{message}"):
        History(history.path).keep(4)


def test_the_checkpoints_of_long_trainings_are_no_larger(tmp_path):
    sizes = []
    for epochs in (3, 30):
        zoo.train("xor_mlp", epochs=epochs, run_dir=tmp_path / "run")
        sizes.append(len(checkpoints.latest(tmp_path / "run" / "checkpoints")))
    assert sizes[1] <= sizes[0] + 40


def test_a_checkpoint_of_an_earlier_version_has_all_rows_and_is_resumed(tmp_path):
    whole, parts = (tmp_path / name for name in ("whole", "parts"))
    zoo.train("xor_mlp", epochs=4, run_dir=whole)
    zoo.train("xor_mlp", epochs=2, run_dir=parts)
    rows = History(parts / "history.csv").rows()
    for row in rows:
        row["epoch"] = int(row["epoch"])
    (newest, _) = sorted((parts / "checkpoints").iterdir(), reverse=True)
    _, arrays = checkpoints.decode(newest.read_bytes())
    newest.write_bytes(checkpoints.encode(Position(2, 0, history=rows), arrays))
    (parts / "history.csv").unlink()
    zoo.train("xor_mlp", epochs=4, run_dir=parts)
    assert (parts / "history.csv").read_bytes() == (whole / "history.csv").read_bytes()
