"""Slide 16 for one photo: original → gray → 64 × 64 → W ⊙ x → sum → score and label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.nn.preprocessing import Grayscale, preprocessing_of
from zoo.plots.style import DIVERGING, FIRST, SECOND, new_figure, short, styled
from zoo.plots.weights import color_meaning, templates
from zoo.registry.tasks import Task

_MOST_BARS = 20


def steps(model: keras.Model, photo: np.ndarray) -> dict[str, np.ndarray]:
    """Return the intermediate values of a linear model for one photo.

    Args:
        model: linear_cat_dog or cifar_softmax.
        photo: uint8 (h, w, 3).

    Returns:
        "gray" (h, w), 0…255; "x" (size, size), the input of the linear layer; "weights" and
        "products" (outputs, size, size); "bias" and "scores" (outputs,): scores = Σ products +
        bias.

    Raises:
        ZooError: if W cannot be shown as an image.
    """
    weights = templates(model)
    preprocessing = preprocessing_of(model)
    # What `templates` takes has one.
    assert preprocessing is not None
    x = keras.ops.convert_to_numpy(preprocessing(photo[None]))[0].reshape(weights.shape[1:])
    gray = photo.astype("float32")
    if isinstance(preprocessing.layers[0], Grayscale):
        gray = keras.ops.convert_to_numpy(preprocessing.layers[0](photo[None]))[0, ..., 0]
    (dense,) = (layer for layer in model.get_layer("head").layers if layer.weights)
    bias = keras.ops.convert_to_numpy(dense.bias)
    products = weights * x
    return {
        "gray": gray,
        "x": x.squeeze(),
        "weights": weights.squeeze(-1) if weights.shape[-1] == 1 else weights,
        "products": products.sum(axis=-1),
        "bias": bias,
        "scores": products.sum(axis=(1, 2, 3), dtype=np.float64) + bias,
    }


@styled
def pipeline_picture(
    model: keras.Model, photo: np.ndarray, labels: Sequence[str], title: str, task: Task
) -> Figure:
    """Return a figure of the steps for one photo, with W of the output that is largest.

    Args:
        model: linear_cat_dog or cifar_softmax.
        photo: uint8 (h, w, 3).
        labels: names of the classes.
        title: of the figure.
        task: of the model.

    Raises:
        ZooError: if W cannot be shown as an image.
    """
    found = steps(model, photo)
    shown = int(np.argmax(found["scores"]))
    scores = found["scores"]
    figure = new_figure(18, 4.6, title)
    pictures = figure.subplots(1, 6)
    products = found["products"][shown]
    largest = float(np.quantile(np.abs(products), 0.995)) or 1.0
    strongest = float(np.quantile(np.abs(found["weights"]), 0.995)) or 1.0
    # 1, unless each photo is scaled by its own deviation.
    reach = max(1.0, float(np.quantile(np.abs(found["x"]), 0.995)))
    height, width = photo.shape[:2]
    rows, columns = found["x"].shape[:2]
    brightness = {"cmap": "gray", "vmin": 0, "vmax": 1}
    panels: tuple[tuple[str, np.ndarray, dict[str, Any]], ...] = (
        (f"photo, {height} × {width}", photo, {}),
        ("gray", np.clip(found["gray"] / 255, 0, 1), brightness),
        (f"x, {rows} × {columns}", np.clip((found["x"] / reach + 1) / 2, 0, 1), brightness),
        (
            "W" if len(scores) == 1 else f"W of {short(labels[shown], 14)}",
            _drawable(found["weights"][shown], strongest),
            _diverging(strongest),
        ),
        ("W ⊙ x", products, _diverging(largest)),
    )
    for axes, (name, picture, how) in zip(pictures, panels, strict=False):
        axes.imshow(picture, **(how if np.ndim(picture) == 2 else {}))
        axes.set_title(name)
        axes.set_axis_off()
    if products.ndim == found["weights"][shown].ndim:
        figure.supxlabel(f"W and W ⊙ x: {color_meaning(labels, len(scores))}", fontsize=12)
    _draw_scores(pictures[-1], scores, labels, int(task.predictions(scores[None])[0]))
    return figure


def _draw_scores(axes: Axes, scores: np.ndarray, labels: Sequence[str], answer: int) -> None:
    """Draw the scores: one on an axis between two labels, or a bar for each label."""
    colors = [SECOND if score >= 0 else FIRST for score in scores]
    axes.axvline(0, color="black", linewidth=1)
    if len(scores) == 1:
        axes.barh([0], scores, color=colors, height=0.3)
        axes.set_ylim(-1, 1)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        reach = 1.25 * abs(float(scores[0])) or 1.0
        axes.set_xlim(-reach, reach)
        axes.set_xticks([-reach / 1.25, 0, reach / 1.25])
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
        axes.set_xlabel(f"{short(labels[0], 10)} ← 0 → {short(labels[1], 10)}")
        axes.set_title(f"Σ + b = {scores[0]:+.3f}:\n{short(labels[answer], 18)}")
        return
    # Only the largest scores, if there are more labels than fit.
    order = np.sort(np.argsort(-scores, kind="stable")[:_MOST_BARS])
    axes.barh(
        range(len(order)),
        scores[order],
        color=[colors[index] for index in order],
        tick_label=[short(labels[index], 14) for index in order],
    )
    axes.invert_yaxis()
    axes.set_title(f"Σ + b: {short(labels[answer], 16)}")


def _diverging(largest: float) -> dict:
    return {"cmap": DIVERGING, "vmin": -largest, "vmax": largest}


def _drawable(weights: np.ndarray, largest: float) -> np.ndarray:
    return weights if weights.ndim == 2 else np.clip(0.5 + weights / (2 * largest), 0, 1)
