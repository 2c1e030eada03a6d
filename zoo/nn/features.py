"""Features of a few numbers: squares, products and sines, as the first layer of a model."""

from __future__ import annotations

import re

import keras
from keras import ops

from zoo.errors import ZooError

_FEATURE = re.compile(r"x([1-9]\d*)(\^2)?|x([1-9]\d*)\*x([1-9]\d*)|sin\(x([1-9]\d*)\)")


@keras.saving.register_keras_serializable("zoo")
class InputFeatures(keras.layers.Layer):
    """Return features of the inputs: (batch, inputs) → (batch, features).

    Args:
        features: their names, at least one, each once: "x1" for the first input, its square "x1^2",
            its sine "sin(x1)", and the product "x1*x2" of two inputs.

    Raises:
        ZooError: for another name, a name given twice, or no name at all.

    >>> InputFeatures(["x2", "x1^2", "x1*x2"])(ops.array([[2.0, 3.0]])).numpy().tolist()
    [[3.0, 4.0, 6.0]]
    """

    def __init__(self, features, **kwargs):
        super().__init__(**kwargs)
        self.features = list(features)
        self._columns = [_columns(name) for name in self.features]
        if not self.features:
            raise ZooError("No feature is given; give at least one, such as x1.")
        if len(set(self.features)) < len(self.features):
            raise ZooError(
                f"A feature is given twice in {', '.join(self.features)}; give each once."
            )

    def build(self, input_shape):
        """Check that there are as many inputs as the features need.

        Raises:
            ZooError: if there are fewer.
        """
        inputs = input_shape[-1]
        for name, columns in zip(self.features, self._columns, strict=True):
            if max(columns) >= inputs:
                raise ZooError(
                    f"The feature {name} needs {max(columns) + 1} inputs, and there are {inputs}; "
                    "leave it out, or give as many inputs."
                )

    def call(self, x):
        """Return the features, of the dtype of the inputs."""
        return ops.concatenate(
            [
                _feature(name, [x[:, column : column + 1] for column in columns])
                for name, columns in zip(self.features, self._columns, strict=True)
            ],
            axis=-1,
        )

    def compute_output_shape(self, input_shape):
        """Return (batch, features)."""
        return (*input_shape[:-1], len(self.features))

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "features": self.features}


def input_features(text: str) -> list[keras.layers.Layer]:
    """Return the layers of features written as "x1,x2,x1*x2"; for "", the inputs themselves, none.

    Raises:
        ZooError: as `InputFeatures`.
    """
    if not text.strip():
        return []
    return [InputFeatures([name.strip() for name in text.split(",")], name="features")]


def _columns(name: str) -> list[int]:
    """Return the indices of the inputs that a feature is made of."""
    found = _FEATURE.fullmatch(name)
    if not found:
        raise ZooError(
            f"There is no feature {name!r}; write x1, x1^2, x1*x2 or sin(x1), with the numbers of "
            "the inputs."
        )
    return [int(group) - 1 for group in found.groups() if group and group.isdigit()]


def _feature(name, columns):
    if name.startswith("sin"):
        return ops.sin(columns[0])
    if name.endswith("^2"):
        return columns[0] * columns[0]
    return columns[0] * columns[1] if "*" in name else columns[0]
