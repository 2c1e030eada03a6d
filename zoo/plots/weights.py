"""W as images: one template per output of a linear model of photos."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from zoo.errors import ZooError
from zoo.nn.preprocessing import AntialiasedResize, preprocessing_of
from zoo.plots.style import DIVERGING, new_figure, short, styled, wrapped

# The most images, one per label, that fit into one figure.
_MOST = 30


def templates(model: keras.Model) -> np.ndarray:
    """Return W as images, float32 (outputs, size, size, 1 or 3).

    Raises:
        ZooError: if the model's first layer of weights is not W x + b of a photo's pixels.
    """
    dense = [layer for layer in model.get_layer("head").layers if layer.weights]
    preprocessing = preprocessing_of(model)
    resizes = [
        layer
        for layer in (preprocessing.layers if preprocessing else ())
        if isinstance(layer, AntialiasedResize)
    ]
    if not resizes or len(dense) != 1 or not isinstance(dense[0], keras.layers.Dense):
        raise ZooError(
            f"{model.name} has no weights W that can be shown as images; linear_cat_dog and "
            "cifar_softmax have."
        )
    kernel = keras.ops.convert_to_numpy(dense[0].kernel)
    height, width = resizes[0].height, resizes[0].width
    return kernel.T.reshape(kernel.shape[1], height, width, -1)


def color_meaning(labels: Sequence[str], outputs: int) -> str:
    """Return what the colours of W and W ⊙ x mean, for a legend."""
    if outputs == 1:
        return f"red: towards {short(labels[1])}, blue: towards {short(labels[0])}"
    return "red: for the label, blue: against it"


@styled
def weight_pictures(model: keras.Model, labels: Sequence[str], title: str) -> Figure:
    """Return a figure with one image per output: the weight of every pixel.

    Gray models: blue below 0, red above. Colour models: each channel's weights, 0 as middle gray.

    Raises:
        ZooError: if W cannot be shown as images.
    """
    pictures = templates(model)
    names = list(labels) if len(pictures) == len(labels) else [""]
    if len(pictures) > _MOST:
        title = f"{title} (the first {_MOST} of {len(pictures)} labels)"
    shown = pictures[:_MOST]
    columns = min(5, len(shown))
    rows = -(-len(shown) // columns)
    width = max(2.3 * columns + 1, 4.6)
    figure = new_figure(width, 2.6 * rows + 1.4, title)
    meaning = color_meaning(labels, len(pictures))
    if pictures.shape[-1] == 3:
        meaning = "middle gray: 0; brighter: for the label, darker: against it"
    figure.supxlabel(wrapped(meaning, width, 12), fontsize=12)
    grid = figure.subplots(rows, columns, squeeze=False)
    largest = float(np.quantile(np.abs(pictures), 0.995)) or 1.0
    for axes in grid.ravel():
        axes.set_axis_off()
    for axes, picture, name in zip(grid.ravel(), shown, names, strict=False):
        axes.set_title(short(name, 18))
        if picture.shape[-1] == 1:
            axes.imshow(picture[..., 0], cmap=DIVERGING, vmin=-largest, vmax=largest)
        else:
            axes.imshow(np.clip(0.5 + picture / (2 * largest), 0, 1))
    return figure
