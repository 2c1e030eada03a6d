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
class Stage:
    """A model's outputs over the plane after some updates.

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


def stages(
    model: keras.Model, split: Split, threshold: float, epochs: int, batch_size: int, wanted: int
) -> list[Stage]:
    """Train a model and return its outputs at the start, at the end and at moments between.

    Args:
        model: compiled, with two inputs and one output; it is trained in place.
        split: its training examples, labels 0 and 1.
        threshold: outputs from this value up mean the second label.
        epochs: passes over the examples.
        batch_size: examples per update.
        wanted: how many stages; closer together at the start, where more changes.

    Raises:
        ZooError: if the model has another number of inputs or outputs.
    """
    x, y = np.asarray(split.x, np.float32), np.asarray(split.y)
    total = epochs * -(-len(x) // batch_size)
    moments = {round(moment) for moment in np.geomspace(1, total, max(wanted - 1, 1))}

    def look(updates: int) -> Stage:
        grid = plane(model, x)
        outputs = keras.ops.convert_to_numpy(model(x, training=False))
        decided = Threshold(threshold).answers(outputs)
        return Stage(updates, *grid, int((decided != y).sum()))

    found = [look(0)]

    class Watch(keras.callbacks.Callback):
        updates = 0

        def on_train_batch_end(self, batch, logs=None):
            self.updates += 1
            if self.updates in moments:
                found.append(look(self.updates))

    model.fit(x, y[:, None], batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[Watch()])
    return found


@styled
def stages_picture(
    found: Sequence[Stage], split: Split, threshold: float, labels: Sequence[str], title: str
) -> Figure:
    """Return a figure of the stages side by side, four in a row."""
    rows = -(-len(found) // 4)
    figure = new_figure(14, 1 + 3.6 * rows, title)
    every = figure.subplots(rows, 4, squeeze=False).ravel()
    for axes in every[len(found) :]:
        axes.set_axis_off()
    for axes, stage in zip(every, found, strict=False):
        _draw(axes, stage, split, threshold, labels)
    figure.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


@styled
def save_animation(
    found: Sequence[Stage],
    split: Split,
    threshold: float,
    labels: Sequence[str],
    title: str,
    path: Path,
) -> Path:
    """Write the stages as an animated GIF and return its path.

    Raises:
        ZooError: if the file cannot be written.
    """
    figure = new_figure(6, 6, title)
    axes = figure.subplots()

    def draw(stage: Stage) -> None:
        axes.clear()
        _draw(axes, stage, split, threshold, labels)
        axes.legend(loc="upper right", fontsize=11)

    # The last stage is shown for two seconds before the animation repeats.
    frames = [*found, *[found[-1]] * 2 * _FRAMES_PER_SECOND]
    with replacing(path) as temporary, matplotlib.rc_context({"savefig.bbox": None}):
        # Created only here: Matplotlib warns about an animation that is never saved.
        moving = FuncAnimation(figure, draw, frames, init_func=lambda: None, cache_frame_data=False)
        moving.save(str(temporary), PillowWriter(fps=_FRAMES_PER_SECOND), dpi=80)
    return path


def _draw(axes: Axes, stage: Stage, split: Split, threshold: float, labels: Sequence[str]) -> None:
    updates = "1 update" if stage.updates == 1 else f"{stage.updates:,} updates"
    axes.set_title(f"{updates}, {stage.errors} wrong", fontsize=13)
    draw_plane(axes, stage.across, stage.up, stage.outputs, split, labels, marker_size=40)
    if stage.outputs.min() < threshold <= stage.outputs.max():
        axes.contour(
            stage.across, stage.up, stage.outputs, levels=[threshold], colors="black", linewidths=2
        )
