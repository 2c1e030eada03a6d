"""Models that check the type and shape of their input, which Keras would cast silently."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from zoo.errors import ZooError
from zoo.nn.scaling import output_scaling

_ENTRIES = ("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch")


_NUMBERS = ("bool", "int", "uint", "float", "bfloat")


class InputShapeError(ZooError, ValueError):
    """The type or shape of an input does not fit the model."""

    # AutoGraph re-raises this exception as it is, without adding lines to its message.
    ag_pass_through = True


class _CheckedModel(keras.Model):
    """A functional model that checks its input before it is cast.

    `check` is called with anything that has a dtype and a shape: an array, a tensor, a KerasTensor
    or the element spec of a `tf.data.Dataset`. `adapt` converts an array or tensor to the graph's
    input.
    """

    def __call__(self, inputs, *args, **kwargs):
        """Return the outputs for a batch."""
        return super().__call__(_mapped(self._checked_and_adapted, inputs), *args, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss; that of standardized values if the model scales its outputs.

        So values of any unit have the same weight, and the loss does not depend on the units.
        """
        scaling = output_scaling(self)
        if scaling is not None:
            y, y_pred = scaling.standardized(y), scaling.standardized(y_pred)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def check(self, x: Any) -> None:
        """Raise an error unless x is a valid input."""
        raise NotImplementedError

    def adapt(self, x):
        """Return x converted to the graph's input."""
        return x

    def _checked_and_adapted(self, x):
        if _is_array(x):
            self.check(x)
            return self.adapt(x)
        return x

    def _validated(self, x):
        """Check the input of `fit` and similar methods, before a graph is traced for it."""
        if isinstance(x, tf.data.Dataset):
            spec = x.element_spec
            _mapped(self._spec_checked, spec[0] if isinstance(spec, tuple) else spec)
            return x
        return _mapped(self._array_checked, x)

    def _spec_checked(self, spec):
        if isinstance(spec, tf.TensorSpec):
            self.check(spec)
        return spec

    def _array_checked(self, x):
        if _is_array(x):
            self.check(x)
        return x


def _checking(name: str) -> Callable[..., Any]:
    @functools.wraps(getattr(keras.Model, name))
    def method(self, x=None, *args, **kwargs):
        return getattr(super(_CheckedModel, self), name)(self._validated(x), *args, **kwargs)

    return method


for _name in _ENTRIES:
    setattr(_CheckedModel, _name, _checking(_name))


@keras.saving.register_keras_serializable("zoo")
class PhotoModel(_CheckedModel):
    """A model of photos: uint8 0…255, (batch, height, width, 3), of any size.

    Gray photos, (batch, height, width) or (batch, height, width, 1), are converted to three equal
    channels. Any other input raises `InputShapeError`.
    """

    def check(self, x: Any) -> None:
        """Raise an error unless x is a batch of photos.

        Raises:
            InputShapeError: for another dtype than uint8, or another shape.
        """
        shape = _sizes(x)
        kind = _kind(x)
        rank = None if shape is None else len(shape)
        channels = shape[-1] if shape else None
        single = rank == 3 and channels == 3
        several = rank in (None, 3) or (rank == 4 and channels in (None, 1, 3))
        if kind == "uint8" and several and not single:
            return
        hint = ""
        if kind != "uint8":
            hint = " Give pixels from 0 to 255 as dtype uint8."
        elif single:
            hint = " Give one photo as a batch of one: photo[None]."
        raise InputShapeError(
            f"{self.name} was given an input of dtype {kind} and shape {_text(shape)}; it takes "
            "photos, uint8 0…255, of shape (batch, height, width, 3), or gray photos, "
            f"(batch, height, width).{hint}"
        )

    def adapt(self, x):
        """Return the photos with three channels."""
        shape = _sizes(x)
        if shape is None:
            # One Keras graph serves photos with and without a channel axis.
            x = tf.reshape(x, tf.concat([tf.shape(x), [1]], 0)[:4])
            x.set_shape((None, None, None, None))
        elif len(shape) == 3:
            x = ops.expand_dims(x, -1)
        if x.shape[-1] == 3:
            return x
        if x.shape[-1] == 1:
            return ops.concatenate([x, x, x], axis=-1)
        return ops.broadcast_to(x, (*ops.shape(x)[:3], 3))


@keras.saving.register_keras_serializable("zoo")
class NumbersModel(_CheckedModel):
    """A model of vectors of numbers, (batch, inputs)."""

    def check(self, x: Any) -> None:
        """Raise an error unless x is a batch of vectors of the model's size.

        Raises:
            InputShapeError: for another shape, or a dtype that is not numeric.
        """
        shape = _sizes(x)
        inputs = self.input_shape[-1]
        numbers = "1 number" if inputs == 1 else f"{inputs} numbers"
        if _kind(x).startswith(_NUMBERS) and (
            shape is None or (len(shape) == 2 and shape[-1] in (None, inputs))
        ):
            return
        raise InputShapeError(
            f"{self.name} was given an input of dtype {_kind(x)} and shape {_text(shape)}; it "
            f"takes rows of {numbers}, shape (batch, {inputs})."
        )


def _mapped(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Apply a function to the single input, also inside a list or a dict."""
    if isinstance(inputs, dict):
        return {name: function(x) for name, x in inputs.items()}
    if isinstance(inputs, list) and len(inputs) == 1:
        return [function(inputs[0])]
    if isinstance(inputs, tuple) and len(inputs) == 1:
        return (function(inputs[0]),)
    return function(inputs)


def _is_array(x: Any) -> bool:
    return hasattr(x, "shape") and hasattr(x, "dtype")


def _sizes(x: Any) -> tuple[int | None, ...] | None:
    """Return the sizes of the axes, or None if the rank is unknown."""
    if isinstance(x.shape, tf.TensorShape):
        return None if x.shape.rank is None else tuple(x.shape.as_list())
    return tuple(x.shape)


def _kind(x: Any) -> str:
    return str(getattr(x.dtype, "name", x.dtype))


def _text(shape: tuple[int | None, ...] | None) -> str:
    if shape is None:
        return "unknown"
    return f"({', '.join('any' if size is None else str(size) for size in shape)})"
