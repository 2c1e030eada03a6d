"""Sheets of a data set's examples, and the command that draws them."""

import dataclasses
import shutil

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from zoo import data
from zoo.data.dataset import Split, computed_dataset
from zoo.plots.examples import examples_picture
from zoo.plots.style import png
from zoo.registry.tasks import Value

NAMES = tuple(f"Größe {at} mit einem langen Namen" for at in range(120))


def many_classes():
    """Return the shapes as if they were of 120 classes."""
    shapes = data.load("shapes")

    def relabelled(split):
        return Split(split.x[:240], np.arange(240, dtype=np.int64) % 120)

    splits = {name: relabelled(getattr(shapes, name)) for name in ("train", "validation", "test")}
    return dataclasses.replace(shapes, labels=NAMES, **splits)


def rows(inputs, labels=(), values=()):
    random = np.random.default_rng(0)
    x = random.normal(size=(60, inputs)).astype(np.float32)
    y = x[:, 0] if values else np.arange(60, dtype=np.int64) % len(labels)
    splits = {name: Split(x, y) for name in ("train", "validation", "test")}
    dataset = computed_dataset("rows", "vector", splits, labels, values)
    return dataclasses.replace(dataset, inputs=tuple(f"column {at}" for at in range(inputs)))


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text)]


@pytest.mark.parametrize(
    ("load", "pictures", "wanted"),
    [
        (lambda: data.load("shapes"), 16, ["circle", "square", "examples", "test"]),
        (many_classes, 100, ["shapes: 100 of 120 classes", "Größe 0 mit\neinem langen …"]),
        (lambda: data.load("xor"), 0, ["x₁", "x₂", "0", "1"]),
        (lambda: rows(2, ("rot", "grün")), 0, ["column 0", "column 1", "grün"]),
        (lambda: rows(5, ("a", "b", "c")), 0, ["column 4", "a", "validation"]),
        (lambda: rows(14, ("a", "b")), 0, ["rows: 12 of 14 inputs", "column 0", "column 13"]),
        (lambda: rows(3, values=[Value("pressure", "mmHg")]), 0, ["pressure (mmHg) (target)"]),
    ],
)
def test_a_sheet_shows_the_examples_and_counts(load, pictures, wanted):
    dataset = load()
    figure = examples_picture(dataset, dataset.name)
    assert sum(len(axes.images) for axes in figure.axes) == pictures
    found = texts(figure)
    assert [text for text in wanted if text not in found] == []
    assert png(figure).startswith(b"\x89PNG")


def test_points_and_bars_are_those_of_the_data():
    blobs = data.load("blobs")
    points, bars = examples_picture(blobs, "").axes
    for label, drawn in enumerate(points.collections):
        np.testing.assert_allclose(drawn.get_offsets(), blobs.train.x[blobs.train.y == label])
    widths = [[bar.get_width() for bar in container] for container in bars.containers]
    assert widths == [[200, 200], [50, 50], [250, 250]]


def test_show_draws_and_prints_a_folder(photos_dir, tmp_path, run_zoo):
    folder = tmp_path / "Haus tiere"
    for label, count in (("große Katze", 60), ("dog", 4)):
        (folder / label).mkdir(parents=True)
        for photo in sorted((photos_dir / ("dog" if label == "dog" else "cat")).iterdir())[:count]:
            shutil.copyfile(photo, folder / label / photo.name)
    done = run_zoo(
        "data", "show", f"photos:{folder}", "--to", tmp_path / "a.png", ZOO_CACHE_DIR=str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert "Training examples per class: dog: 2, große Katze: 42." in done.stdout
    assert "--class-weight balanced" in done.stdout
    counted = [line.split() for line in done.stdout.splitlines()]
    assert ["dog", "2", "1", "1"] in counted
    assert ["große", "Katze", "42", "6", "12"] in counted
    picture = np.asarray(Image.open(tmp_path / "a.png").convert("RGB"))
    assert 0.05 < (picture != 255).any(axis=-1).mean() < 0.95


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["xor", "--to", "a.jpg"], "give a name that ends in .png or .svg"),
        (["xorr"], "did you mean xor"),
        (["xor", "--target", "y"], "A target column, 'y', was given"),
        (["photos"], "needs a folder"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(words, message, run_zoo, tmp_path):
    done = run_zoo("data", "show", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_boxes_are_drawn_on_the_examples():
    dataset = data.load("shape_boxes")
    figure = examples_picture(dataset, "a title")
    assert png(figure)
    shown = [axes for axes in figure.axes if axes.images]
    assert len(shown) == 40
    # Spread evenly from the first to the last.
    every = dataset.train.y[np.linspace(0, len(dataset.train) - 1, 40).round().astype(int)]
    for axes, edges in zip(shown, every, strict=True):
        (box,) = axes.patches
        width, height = axes.get_xlim()[1], axes.get_ylim()[0]
        expected = edges * [width, height, width, height]
        np.testing.assert_allclose(box.get_bbox().extents, expected, atol=1e-3)
