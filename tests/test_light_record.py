"""What `tools/results.py light` measures, on short trainings."""

import json

import pytest
from records import keeping, light

from zoo import ZooError
from zoo.data.corruptions import CORRUPTIONS
from zoo.registry.recipes import Recipe

RECIPE = Recipe(epochs=1, batch_size=250, learning_rate=3e-3, optimizer="adam", options={"size": 8})
ROWS = [
    light.Variant("cifar_softmax", "short", RECIPE),
    light.Variant("cifar_softmax", "short, standardized", light._standardized(RECIPE)),
]


@pytest.fixture(scope="module")
def recorded(tfds_dir, tmp_path_factory):
    """The folder of runs and the table of them."""
    folder = tmp_path_factory.mktemp("light")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "FOLDER", folder / "docs")
        patch.setattr("sys.argv", ["results.py", "light"])
        patch.setenv("TFDS_DATA_DIR", str(tfds_dir))
        light.record(folder / "runs", ROWS, 2)
        before = {path: path.stat().st_mtime_ns for path in (folder / "runs").rglob("*.*")}
        (folder / "docs" / "light.md").unlink()
        light.record(folder / "runs", ROWS, 2)
    after = {path: path.stat().st_mtime_ns for path in (folder / "runs").rglob("*.*")}
    assert after == before
    return folder / "runs", (folder / "docs" / "light.md").read_text(encoding="utf-8")


def found(folder, row):
    runs = [row.run(folder, seed) for seed in range(2)]
    return [json.loads((run / "light.json").read_text()) for run in runs], runs


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.text)
def test_the_accuracy_of_plain_photos_is_that_of_the_training_s_last_epoch(row, recorded):
    figures, runs = found(recorded[0], row)
    for figure, run in zip(figures, runs, strict=True):
        history = json.loads((run / "results.json").read_text())["history"]
        assert figure["plain"] == pytest.approx(history["val_accuracy"], abs=1e-3)
        assert set(figure) == {"plain", *CORRUPTIONS}
    assert figures[0] != figures[1]


def test_standardized_photos_lose_nothing_in_other_light_and_others_do(recorded):
    lights = [name for name in CORRUPTIONS if name.startswith("illumination")]
    losses = [
        [
            max(figure["plain"] - figure[name] for name in lights)
            for figure in found(recorded[0], row)[0]
        ]
        for row in ROWS
    ]
    assert min(losses[0]) > 0.01
    assert max(losses[1]) < 0.01


def test_the_table_has_every_row_and_names_no_folder(recorded):
    folder, text = recorded
    table = [line.split(" | ") for line in text.splitlines() if line.startswith("| cifar")]
    assert [(row[1], row[2]) for row in table] == [(row.text, "2") for row in ROWS]
    figures = found(folder, ROWS[0])[0]
    assert table[0][3].startswith(f"{50 * (figures[0]['plain'] + figures[1]['plain']):.1f} ± ")
    assert str(folder) not in text
    assert "Made by `python tools/results.py light`" in text


def test_what_does_not_depend_on_a_seed_is_trained_once():
    rows = light.variants(3)
    trained = list(light.pieces(rows, 3))
    for row in rows:
        assert sum(of is row for of, _ in trained) == (3 if row.model == "deep_relu" else 1)
    assert len({row.run(light.Path(), 0) for row in rows}) == len(rows)
    assert all(row.recipe.epochs == 3 for row in rows if row.model == "deep_relu")


def test_no_seeds_are_refused(tmp_path):
    with pytest.raises(ZooError, match="0 seeds; give 1 or more"):
        light.light(tmp_path, 1, 0)
