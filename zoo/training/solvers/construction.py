"""Weights of one hidden layer of one input by construction, from values of the function.

Without training: the weights follow from the function at some points, and so does a bound of the
error.

- Activations like ReLU: with knots x₀ < x₁ < … at distance h, Σ dᵢ max(0, x − xᵢ), dᵢ the change of
  slope at xᵢ, is the piecewise linear interpolant. Its error is at most max|f″| h² / 8.
- Activations like the sigmoid: the pair σ(k(x − a)) − σ(k(x − b)), k large, is about 1 on the
  interval from a to b and 0 elsewhere (Nielsen, Neural Networks and Deep Learning, 2015, chapter
  4). One pair per interval of length h, times f in its middle, adds up to a piecewise constant
  function. Its error is at most max|f′| h / 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np

from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.nn.activation_names import NAMES
from zoo.nn.activations import LEAKY_SLOPE, PReLU
from zoo.nn.scaling import input_scaling, output_scaling
from zoo.registry.recipes import Recipe
from zoo.training.context import TrainingContext
from zoo.training.finite import require_finite_figures
from zoo.training.solvers import Outcome

# The slope of each activation like ReLU for z → −∞.
_LEFT_SLOPES = {
    "relu": 0.0,
    "leaky_relu": LEAKY_SLOPE,
    "prelu": 0.0,
    "elu": 0.0,
    "swish": 0.0,
    "softplus": 0.0,
}
# These become ReLU only in the limit g(kz) / k, k → ∞.
_SMOOTH = ("elu", "swish", "softplus")
# Units of k · h, per unit of the width; the smoothing is then well below the bound of the error.
_SMOOTH_STEEPNESS = 16.0
# Each of the activations like the sigmoid as (g(s z) + c) m, c a constant that cancels in a pair.
_SIGMOIDS = {"sigmoid": (1.0, 1.0), "tanh": (0.5, 0.5), "step": (1.0, 1.0)}
# k · h: at a distance of h from its edge, a sigmoid is within 1e-17 of 0 or 1.
_BUMP_STEEPNESS = 40.0


@dataclass(frozen=True)
class Placement:
    """The weights of a network with one input and one hidden layer, float64.

    Args:
        kernel: W₁, (width,).
        bias: b₁, (width,).
        outputs: W₂, (width, values).
        offset: b₂, (values,).
    """

    kernel: np.ndarray
    bias: np.ndarray
    outputs: np.ndarray
    offset: np.ndarray


class ConstructionSolver:
    """Computes the weights of one hidden layer of one input from values of the function."""

    remedy: ClassVar[str] = "use --solver gradient"

    def check(
        self,
        model: keras.Model,
        recipe: Recipe,
        dataset: Dataset | None = None,
        replicas: int = 1,
    ) -> None:
        """Check that the model has one input and one hidden layer whose activation serves.

        Raises:
            ZooError: if it has not.
        """
        hidden, activation = _hidden_layer(model)
        # The number of inputs is that of the data.
        if dataset is not None:
            _check_input(model)
        if activation in _SIGMOIDS and hidden.units % 2:
            raise ZooError(
                f"{model.name} has {hidden.units} hidden units, but bumps are pairs of them; give "
                "an even width."
            )

    def fit(self, context: TrainingContext) -> Outcome:
        """Compute the weights, with one row of history.csv: {"epoch": 1, "loss", "val_loss", …}.

        Raises:
            Preempted: after a request to stop; there are no checkpoints.
            NonFiniteLossError: if a loss or metric is not finite.
        """
        context.check_stop()
        model = context.model
        train = context.dataset.train.map_targets(context.task.targets)
        hidden, activation = _hidden_layer(model)
        placed = place(activation, hidden.units, *_scaled(model, np.asarray(train.x), train.y))
        _assign(model, placed)
        context.reporter.say(f"Placed {hidden.units:,} hidden units by construction.")
        row: dict[str, float] = {"epoch": 1}
        for prefix, split in (("", "train"), ("val_", "validation")):
            found = context.evaluation(split).run()
            context.check_stop()
            row |= {f"{prefix}{name}": value for name, value in found.items()}
        require_finite_figures(row, "after the construction", self.remedy)
        if context.folder:
            context.folder.write_history([row])
        return Outcome(epochs=1, steps=0, history=row)


def place(activation: str, width: int, x: np.ndarray, y: np.ndarray) -> Placement:
    """Return weights with which a network approximates a function through its examples.

    Between the examples, the function is taken to be linear; of examples with the same x, the mean
    counts.

    Args:
        activation: name of one of the lecture's activations, not "linear".
        width: number of hidden units; even for "step", "sigmoid" and "tanh".
        x: (examples,) in any order, at least two different numbers.
        y: (examples, values).

    Raises:
        ZooError: if all x are the same.

    >>> placed = place("relu", 2, np.array([0.0, 1.0, 2.0]), np.array([[0.0], [3.0], [4.0]]))
    >>> placed.bias, placed.outputs[:, 0]
    (array([-0., -1.]), array([ 3., -2.]))
    """
    at, place_of, counts = np.unique(np.float64(x), return_inverse=True, return_counts=True)
    if len(at) < 2:
        raise ZooError(
            "All training examples have the same x; --solver construction needs at least two "
            "different ones."
        )
    means = np.zeros((len(at), y.shape[1]))
    np.add.at(means, place_of.ravel(), np.float64(y))
    means /= counts[:, None]

    def function(points: np.ndarray) -> np.ndarray:
        return np.stack([np.interp(points, at, column) for column in means.T], axis=1)

    if activation in _SIGMOIDS:
        edges = np.linspace(at[0], at[-1], width // 2 + 1)
        return _bumps(activation, edges, function((edges[:-1] + edges[1:]) / 2))
    knots = np.linspace(at[0], at[-1], width + 1)
    return _hats(activation, knots, function(knots))


def _hats(activation: str, knots: np.ndarray, y: np.ndarray) -> Placement:
    """Return the weights of the piecewise linear function with values y at evenly spaced knots."""
    starts, width = knots[:-1], len(knots) - 1
    slopes = np.diff(y, axis=0) / np.diff(knots)[:, None]
    outputs = np.diff(slopes, axis=0, prepend=0.0)
    offset = y[0].copy()
    # With g(z) = max(0, z) + α min(0, z): max(0, z) = (g(z) − α z) / (1 − α), and all the −α z
    # together are a line, which the first unit draws on the whole interval.
    left = _LEFT_SLOPES[activation]
    if left:
        share = left / (1 - left)
        total, moment = outputs.sum(axis=0), (starts - starts[0]) @ outputs
        outputs = outputs / (1 - left)
        outputs[0] -= share * total
        offset += share * moment
    steepness = 1.0
    if activation in _SMOOTH:
        steepness = _SMOOTH_STEEPNESS * width / (knots[1] - knots[0])
    kernel = np.full(width, steepness)
    return Placement(kernel, -steepness * starts, outputs / steepness, offset)


def _bumps(activation: str, edges: np.ndarray, y: np.ndarray) -> Placement:
    """Return the weights of the function with values y between evenly spaced edges."""
    distance = edges[1] - edges[0]
    left, right = edges[:-1].copy(), edges[1:].copy()
    # At the ends of the interval, the outermost sigmoids would be ½.
    left[0] -= distance
    right[-1] += distance
    steepness, share = _SIGMOIDS[activation]
    if activation != "step":
        steepness *= _BUMP_STEEPNESS / distance
    pairs = np.stack([left, right], axis=1).ravel()
    signs = np.tile([share, -share], len(y))
    return Placement(
        np.full(len(pairs), steepness),
        -steepness * pairs,
        signs[:, None] * np.repeat(y, 2, axis=0),
        np.zeros(y.shape[1]),
    )


def _hidden_layer(model: keras.Model) -> tuple[keras.layers.Dense, str]:
    """Return the hidden layer of a model that can be constructed and its activation's name.

    Raises:
        ZooError: for any other model.
    """
    head = list(getattr(model.get_layer("head"), "layers", ()))
    scaled = output_scaling(model)
    dense = [layer for layer in head if isinstance(layer, keras.layers.Dense)]
    fits = (
        len(head) - (scaled is not None) == 3
        and dense == [head[0], head[2]]
        and all(layer.activation is keras.activations.linear for layer in dense)
        and isinstance(model.loss, keras.losses.MeanSquaredError)
    )
    activation = _activation_of(head[1]) if fits else None
    if activation is None:
        raise ZooError(
            "--solver construction is for one hidden layer with one of the lecture's activations "
            f"and values as outputs, such as universal_approximator; use --solver gradient for "
            f"{model.name}."
        )
    if activation == "linear":
        raise ZooError(
            f"With the activation linear, {model.name} is a straight line whatever its width, so "
            "that nothing can be constructed; choose another activation, such as relu or sigmoid."
        )
    return dense[0], activation


def _check_input(model: keras.Model) -> None:
    """Raise an error unless the model has one input.

    Raises:
        ZooError: if it has several, or takes photos.
    """
    photos = model.inputs[0].name == "image"
    if photos or model.input_shape[-1] != 1:
        taken = "photos" if photos else f"{model.input_shape[-1]} inputs"
        raise ZooError(
            f"--solver construction is for functions of one number, but {model.name} has {taken} "
            "here; use --solver gradient, or a recipe with that solver."
        )


def _activation_of(layer: keras.layers.Layer) -> str | None:
    """Return the name of the lecture's activation that a layer applies, None for another layer."""
    if isinstance(layer, PReLU):
        return "prelu"
    if not isinstance(layer, keras.layers.Activation):
        return None
    name = getattr(layer.activation, "__name__", None)
    return name if name in NAMES else None


def _scaled(model: keras.Model, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x, (examples,), and y, (examples, values), in the units of the hidden layer's ends."""
    scales = (input_scaling(model), output_scaling(model))
    x, y = (
        numbers if scale is None else keras.ops.convert_to_numpy(scale.standardized(numbers))
        for numbers, scale in zip((x, y), scales, strict=True)
    )
    return x[:, 0], y


def _assign(model: keras.Model, placed: Placement) -> None:
    hidden, activation, output, *_ = model.get_layer("head").layers
    hidden.kernel.assign(placed.kernel[None].astype(np.float32))
    hidden.bias.assign(placed.bias.astype(np.float32))
    if isinstance(activation, PReLU):
        activation.alpha.assign(np.zeros(activation.alpha.shape, np.float32))
    output.kernel.assign(placed.outputs.astype(np.float32))
    output.bias.assign(placed.offset.astype(np.float32))
