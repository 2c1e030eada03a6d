"""Slide 16 for one photo: original → gray → 64 × 64 → W ⊙ x → sum → score and verdict."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from zoo.plots.style import COLORS, DIVERGING, new_figure, styled
from zoo.plots.weights import templates
from zoo.preprocessing import Grayscale, preprocessing_of


def steps(model: keras.Model, photo: np.ndarray) -> dict[str, np.ndarray]:
    """Return every stage of a linear model of gray photos, for one photo.

    Args:
        model: linear_cat_dog or cifar_softmax.
        photo: uint8 (h, w, 3).

    Returns:
        "gray" (h, w), 0…255; "x" (size, size), what is multiplied; "weights" and "products"
        (outputs, size, size); "bias" and "scores" (outputs,): scores = Σ products + bias.

    Raises:
        ZooError: if W is no picture.
    """
    weights = templates(model)
    preprocessing = preprocessing_of(model)
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
    model: keras.Model, photo: np.ndarray, labels: Sequence[str], title: str
) -> Figure:
    """Return the slide for one photo: the output that wins is the one whose W is shown.

    Raises:
        ZooError: if W is no picture.
    """
    found = steps(model, photo)
    shown = int(np.argmax(found["scores"]))
    scores = found["scores"]
    figure = new_figure(18, 4.2)
    figure.suptitle(title)
    pictures = figure.subplots(1, 6)
    products = found["products"][shown]
    largest = float(np.quantile(np.abs(products), 0.995)) or 1.0
    strongest = float(np.quantile(np.abs(found["weights"]), 0.995)) or 1.0
    height, width = photo.shape[:2]
    rows, columns = found["x"].shape[:2]
    brightness = {"cmap": "gray", "vmin": 0, "vmax": 1}
    panels = (
        (f"photo, {height} × {width}", photo, {}),
        ("gray", np.clip(found["gray"] / 255, 0, 1), brightness),
        (f"x, {rows} × {columns}", np.clip((found["x"] + 1) / 2, 0, 1), brightness),
        ("W", _drawable(found["weights"][shown], strongest), _diverging(strongest)),
        ("W ⊙ x", products, _diverging(largest)),
    )
    for axes, (name, picture, how) in zip(pictures, panels, strict=False):
        axes.imshow(picture, **(how if np.ndim(picture) == 2 else {}))
        axes.set_title(name)
        axes.set_axis_off()
    last = pictures[-1]
    names = list(labels) if len(scores) == len(labels) else ["W x + b"]
    last.barh(names, scores, color=COLORS[0])
    last.axvline(0, color="black", linewidth=1)
    last.invert_yaxis()
    if len(scores) == 1:
        verdict = labels[int(scores[0] >= 0)]
        last.set_title(f"Σ + b = {scores[0]:+.3f}: {verdict}")
    else:
        last.set_title(f"Σ + b: {labels[shown]}")
    return figure


def _diverging(largest: float) -> dict:
    return {"cmap": DIVERGING, "vmin": -largest, "vmax": largest}


def _drawable(weights: np.ndarray, largest: float) -> np.ndarray:
    return weights if weights.ndim == 2 else np.clip(0.5 + weights / (2 * largest), 0, 1)
