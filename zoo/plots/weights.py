"""W as pictures: one template per output of a linear model of photos."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from zoo.errors import ZooError
from zoo.plots.style import DIVERGING, new_figure, styled
from zoo.preprocessing import AntialiasedResize, preprocessing_of


def templates(model: keras.Model) -> np.ndarray:
    """Return W as pictures, float32 (outputs, size, size, 1 or 3).

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
            f"{model.name} has no W that is a picture; linear_cat_dog and cifar_softmax have."
        )
    kernel = keras.ops.convert_to_numpy(dense[0].kernel)
    height, width = resizes[0].height, resizes[0].width
    return kernel.T.reshape(kernel.shape[1], height, width, -1)


@styled
def weight_pictures(model: keras.Model, labels: Sequence[str], title: str) -> Figure:
    """Return one picture per output: what the photo is multiplied with, pixel by pixel.

    Gray: purple below 0, orange above. Colour: each channel's weights, 0 as middle gray.

    Raises:
        ZooError: if W is no picture.
    """
    pictures = templates(model)
    names = list(labels) if len(pictures) == len(labels) else [f"{labels[0]} − … + {labels[-1]}"]
    columns = min(5, len(pictures))
    rows = -(-len(pictures) // columns)
    figure = new_figure(2.3 * columns + 1, 2.6 * rows + 0.8)
    figure.suptitle(title)
    grid = figure.subplots(rows, columns, squeeze=False)
    largest = float(np.quantile(np.abs(pictures), 0.995)) or 1.0
    for axes in grid.ravel():
        axes.set_axis_off()
    for axes, picture, name in zip(grid.ravel(), pictures, names, strict=False):
        axes.set_title(name)
        if picture.shape[-1] == 1:
            axes.imshow(picture[..., 0], cmap=DIVERGING, vmin=-largest, vmax=largest)
        else:
            axes.imshow(np.clip(0.5 + picture / (2 * largest), 0, 1))
    return figure
