"""How the decision boundary of a model with two inputs moves during training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import matplotlib
import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.data.dataset import Split
from zoo.plots.boundary import draw_plane, plane
from zoo.plots.style import new_figure, styled
from zoo.registry.tasks import Threshold
from zoo.utils.files import replacing

_FRAMES_PER_SECOND = 4


@dataclass(frozen=True)
class Snapshot:
    """A model's outputs over the plane after a number of updates.

    Args:
        updates: number of weight updates so far.
        across: first coordinates of the grid, (201,).
        up: second coordinates, (201,).
        outputs: (201, 201), rows along the second coordinate.
        errors: number of misclassified examples.
    """

    updates: int
    across: np.ndarray
    up: np.ndarray
    outputs: np.ndarray
    errors: int


def snapshots(
    model: keras.Model, split: Split, threshold: float, epochs: int, batch_size: int, wanted: int
) -> list[Snapshot]:
    """Train a model; return snapshots of its outputs from the start to the end of training.

    Args:
        model: compiled, with two inputs and one output; it is trained in place.
        split: its training examples, labels 0 and 1.
        threshold: outputs from this value up mean the second label.
        epochs: passes over the examples.
        batch_size: examples per update.
        wanted: approximate number of snapshots, spaced geometrically over the updates.

    Raises:
        ZooError: if the model has another number of inputs or outputs.
    """
    x, y = np.asarray(split.x, np.float32), np.asarray(split.y)
    total = epochs * -(-len(x) // batch_size)
    steps = {round(step) for step in np.geomspace(1, total, max(wanted - 1, 1))}

    def take_snapshot(updates: int) -> Snapshot:
        grid = plane(model, x)
        outputs = keras.ops.convert_to_numpy(model(x, training=False))
        decided = Threshold(threshold).predictions(outputs)
        return Snapshot(updates, *grid, int((decided != y).sum()))

    found = [take_snapshot(0)]

    class SnapshotCallback(keras.callbacks.Callback):
        updates = 0

        def on_train_batch_end(self, batch, logs=None):
            self.updates += 1
            if self.updates in steps:
                found.append(take_snapshot(self.updates))

    model.fit(
        x,
        y[:, None],
        batch_size=batch_size,
        epochs=epochs,
        verbose=0,
        callbacks=[SnapshotCallback()],
    )
    return found


@styled
def snapshots_figure(
    found: Sequence[Snapshot], split: Split, threshold: float, labels: Sequence[str], title: str
) -> Figure:
    """Return a figure of the snapshots side by side, four in a row."""
    rows = -(-len(found) // 4)
    figure = new_figure(14, 1 + 3.6 * rows, title)
    every = figure.subplots(rows, 4, squeeze=False).ravel()
    for axes in every[len(found) :]:
        axes.set_axis_off()
    for axes, snapshot in zip(every, found, strict=False):
        _draw(axes, snapshot, split, threshold, labels)
    figure.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


@styled
def save_animation(
    found: Sequence[Snapshot],
    split: Split,
    threshold: float,
    labels: Sequence[str],
    title: str,
    path: Path,
) -> Path:
    """Write the snapshots as an animated GIF and return its path.

    Raises:
        ZooError: if the file cannot be written.
    """
    figure = new_figure(6, 6, title)
    axes = figure.subplots()

    def draw(snapshot: Snapshot) -> None:
        axes.clear()
        _draw(axes, snapshot, split, threshold, labels)
        axes.legend(loc="upper right", fontsize=11)

    # The last snapshot is shown for two seconds before the animation repeats.
    frames = [*found, *[found[-1]] * 2 * _FRAMES_PER_SECOND]
    with replacing(path) as temporary, matplotlib.rc_context({"savefig.bbox": None}):
        # Created only here: Matplotlib warns about an animation that is never saved.
        moving = FuncAnimation(figure, draw, frames, init_func=lambda: None, cache_frame_data=False)
        moving.save(str(temporary), PillowWriter(fps=_FRAMES_PER_SECOND), dpi=80)
    return path


def _draw(
    axes: Axes, snapshot: Snapshot, split: Split, threshold: float, labels: Sequence[str]
) -> None:
    updates = "1 update" if snapshot.updates == 1 else f"{snapshot.updates:,} updates"
    axes.set_title(f"{updates}, {snapshot.errors} wrong", fontsize=13)
    draw_plane(axes, snapshot.across, snapshot.up, snapshot.outputs, split, labels, marker_size=40)
    if snapshot.outputs.min() < threshold <= snapshot.outputs.max():
        axes.contour(
            snapshot.across,
            snapshot.up,
            snapshot.outputs,
            levels=[threshold],
            colors="black",
            linewidths=2,
        )
