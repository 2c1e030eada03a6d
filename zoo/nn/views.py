"""The mean answer for several views of a photo: mirrored, and shifted by a few pixels."""

from __future__ import annotations

import keras
import numpy as np

from zoo.errors import ZooError
from zoo.nn.inputs import PhotoModel
from zoo.nn.preprocessing import AntialiasedResize, Float32Layer, Grayscale, preprocessing_of

# Number of views → whether photos are mirrored, too, and the shifts along each axis, in pixels.
VIEWS: dict[int, tuple[bool, tuple[int, ...]]] = {
    1: (False, (0,)),
    2: (True, (0,)),
    9: (False, (-2, 0, 2)),
    18: (True, (-2, 0, 2)),
}
# The name of a classifier's last layer.
_PROBABILITIES = "probabilities"


@keras.saving.register_keras_serializable("zoo")
class Views(Float32Layer):
    """Replace each row of pixels by those of its views, one after another.

    (batch, size · size · channels) → (batch · views, size · size · channels). Shifted photos are
    reflected beyond their edges.

    Args:
        size: height and width of the photos, above 2.
        channels: of each pixel.
        views: their number, one of `VIEWS`: 2 mirrors; 9 shifts by −2, 0 and 2 pixels along each
            axis; 18 does both.
    """

    def __init__(self, size, channels, views, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.channels = channels
        self.views = views

    def call(self, features):
        """Return the views' features, float32."""
        width = self.size * self.size * self.channels
        # One gather, since every kind of exported file has it, also in int8.
        return keras.ops.reshape(keras.ops.take(features, self._sources(), axis=1), (-1, width))

    def compute_output_shape(self, input_shape):
        """Return the shape: the same number of features, for an unknown number of rows."""
        return (None, input_shape[1])

    def get_config(self):
        """Return the constructor's arguments."""
        own = {"size": self.size, "channels": self.channels, "views": self.views}
        return {**super().get_config(), **own}

    def _sources(self):
        mirrored, shifts = VIEWS[self.views]
        pixels = np.arange(self.size**2 * self.channels, dtype=np.int32)
        photo = pixels.reshape(self.size, self.size, self.channels)
        margin = max(shifts)
        views = []
        for given in (photo, photo[:, ::-1]) if mirrored else (photo,):
            padded = np.pad(given, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
            for down in shifts:
                for right in shifts:
                    row, column = margin - down, margin - right
                    views.append(padded[row : row + self.size, column : column + self.size])
        return np.stack(views).reshape(-1)


@keras.saving.register_keras_serializable("zoo")
class MeanOfViews(Float32Layer):
    """Return the mean answer of each photo's views: (batch · views, n) → (batch, n).

    Args:
        views: number of views per photo.
    """

    def __init__(self, views, **kwargs):
        super().__init__(**kwargs)
        self.views = views

    def call(self, outputs):
        """Return the mean over the views, float32."""
        width = outputs.shape[-1]
        return keras.ops.mean(keras.ops.reshape(outputs, (-1, self.views, width)), axis=1)

    def compute_output_shape(self, input_shape):
        """Return the shape, for an unknown number of photos."""
        return (None, input_shape[1])

    def get_config(self):
        """Return the constructor's argument."""
        return {**super().get_config(), "views": self.views}


def check_views(views: int) -> None:
    """Raise an error unless `VIEWS` has this number of views.

    Raises:
        ZooError: with the numbers to choose from.
    """
    if views not in VIEWS:
        known = ", ".join(str(count) for count in VIEWS)
        raise ZooError(f"The number of views is {views}; choose from {known}.")


def with_views(model: keras.Model, views: int) -> keras.Model:
    """Return a model that answers with the mean of a trained model's probabilities over views.

    It shares the model's layers, and its head takes `views` times as long.

    Args:
        model: a classifier of photos, compiled.
        views: one of `VIEWS`.

    Raises:
        ZooError: if the model does not take photos or does not answer with probabilities of
            classes, its photos are too small, or for another number of views.
    """
    check_views(views)
    preprocessing = preprocessing_of(model)
    layers = model.get_layer("head").layers
    resize = next(
        (
            layer
            for layer in getattr(preprocessing, "layers", ())
            if isinstance(layer, AntialiasedResize)
        ),
        None,
    )
    if preprocessing is None or resize is None or getattr(layers[-1], "name", "") != _PROBABILITIES:
        raise ZooError(
            f"Views are for classifiers of photos with probabilities; {model.name} is not one: "
            "leave --views out."
        )
    margin = max(VIEWS[views][1])
    if resize.height != resize.width or resize.height <= margin:
        raise ZooError(
            f"{model.name} reads photos of {resize.height} × {resize.width} pixels; shifted views "
            f"need squares of more than {margin} × {margin}: leave --views out."
        )
    gray = any(isinstance(layer, Grayscale) for layer in preprocessing.layers)
    image = keras.Input(model.inputs[0].shape[1:], dtype=model.inputs[0].dtype, name="image")
    head = keras.Sequential(
        [Views(resize.height, 1 if gray else 3, views), *layers, MeanOfViews(views)], name="head"
    )
    viewed = PhotoModel(image, head(preprocessing(image)), name=model.name)
    viewed.compile_from_config(model.get_compile_config())
    return viewed
