"""The test images a model is most and least certain about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from zoo.data import repeated_examples
from zoo.data.dataset import Split
from zoo.errors import ZooError
from zoo.plots.style import SECOND, new_figure, short, styled
from zoo.registry.tasks import Task

_SHOWN = 8


@styled
def certainty_picture(
    split: Split, outputs: np.ndarray, task: Task, labels: Sequence[str], title: str
) -> Figure:
    """Return a figure of the eight most and the eight least certain images, with predictions.

    Duplicate images, such as a placeholder for missing photos, are not shown.

    Args:
        split: the test images, uint8, and their labels.
        outputs: of the model for each of them, (examples, outputs).
        task: of the model, whose answers are labels.
        labels: names of the classes.
        title: of the figure.

    Raises:
        ZooError: if the examples are not images, or the model is equally certain about all.
    """
    if np.ndim(split.x[0]) != 3:
        raise ZooError("Only images can be shown, but the inputs of this model are numbers.")
    sure = task.certainty(outputs)
    if np.ptp(sure) == 0:
        raise ZooError(
            "This model is equally certain about every image, as models with a step output are, "
            "so that no image is the most or the least certain."
        )
    repeated = repeated_examples(split.x)
    if repeated.all():
        raise ZooError("Every image of this test set has a duplicate, so that none can be shown.")
    if count := int(repeated.sum()):
        title += f"; left out: {count:,} duplicate images"
    # Stable, so that equally certain images always come in the same order.
    order = np.argsort(-sure, kind="stable")
    order = order[~repeated[order]]
    shown = max(min(_SHOWN, len(order) // 2), 1)
    decided = task.predictions(outputs)
    figure = new_figure(2 * shown, 6.8, title)
    most, least = figure.subfigures(2, 1, squeeze=False)[:, 0]
    most.suptitle(f"most certain, by {task.certainty_text}")
    least.suptitle("least certain")
    for part, indices in ((most, order[:shown]), (least, order[len(order) - shown :])):
        for axes, index in zip(np.ravel(part.subplots(1, shown)), indices, strict=True):
            axes.imshow(split.x[int(index)])
            axes.set_axis_off()
            truth, answer = int(split.y[index]), int(decided[index])
            wrong = answer != truth
            predicted = f"{short(labels[answer], 14)} {sure[index]:.2f}"
            truly = f"true: {short(labels[truth], 14)}" if wrong else ""
            axes.set_title(f"{predicted}\n{truly}", fontsize=12, color=SECOND if wrong else "black")
    return figure
