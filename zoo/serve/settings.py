"""What a page may ask to be trained: the one schema of all settings.

The web server checks every message with it, and the workers read the settings with it again.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_DEPTH, MAX_WIDTH = 6, 32
MAX_POINTS = 500
MAX_UPDATES = 500
# Back and code replay a training from its start.
MAX_TOTAL_UPDATES = 1_000_000

GATES = ("and", "or", "nand", "xor")
CLASSIFICATION_DATA = (*GATES, "circle", "clouds", "xor_clouds", "spiral", "blobs")
REGRESSION_DATA = ("plane", "gaussian")

Activation = Literal[
    "step",
    "sigmoid",
    "linear",
    "leaky_relu",
    "prelu",
    "elu",
    "tanh",
    "swish",
    "relu",
    "softplus",
]
Feature = Literal["x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"]
Width = Annotated[int, Field(ge=1, le=MAX_WIDTH)]
LearningRate = Annotated[float, Field(ge=1e-6, le=10, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Coordinate = Annotated[float, Field(ge=-1e3, le=1e3, allow_inf_nan=False)]
Optimizer = Literal["sgd", "momentum", "adam", "adamw", "rmsprop", "lion"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PlaneSettings(_Strict):
    """A network, or the perceptron, for points of the plane (slides 2 to 8 and 11).

    Attributes:
        data: name of the points; "own" for `points`.
        task: of own points: labels 0 and 1 ("classification"), or any values ("regression").
        points: own points, (x₁, x₂, label or value).
        noise: how far points are moved, as a share of the width of the plane, 0 to 0.5; labels of
            gates are exact.
        test_share: the share of points that are test points, 0 to 0.9; gates have none.
        model: "network", or "perceptron", which takes one example per update.
        features: of x₁ and x₂, the inputs of the first layer.
        widths: units of each hidden layer.
        activations: of each hidden layer.
        initial: "random" weights, or "zero".
        regularization: of the kernels.
        regularization_rate: its factor, as in Keras.
        dropout: share of hidden units set to 0 in training.
        loss: "half_squared", ½(ŷ − y)², or "cross_entropy" (classification).
        optimizer: as in recipes, or "momentum": SGD with momentum 0.9.
        learning_rate: of the optimizer.
        batch_size: examples per update; the perceptron always takes one.
        seed: of the points, the initial weights, dropout, and the order of the examples.
    """

    kind: Literal["plane"] = "plane"
    data: Literal[
        "and",
        "or",
        "nand",
        "xor",
        "circle",
        "clouds",
        "xor_clouds",
        "spiral",
        "blobs",
        "plane",
        "gaussian",
        "own",
    ] = "circle"
    task: Literal["classification", "regression"] = "classification"
    points: list[tuple[Coordinate, Coordinate, Coordinate]] = Field([], max_length=MAX_POINTS)
    noise: float = Field(0.0, ge=0, le=0.5, allow_inf_nan=False)
    test_share: float = Field(0.5, ge=0, le=0.9, allow_inf_nan=False)
    model: Literal["network", "perceptron"] = "network"
    features: list[Feature] = Field(["x1", "x2"], min_length=1, max_length=7)
    widths: list[Width] = Field([4, 2], max_length=MAX_DEPTH)
    activations: list[Activation] = Field(["tanh", "tanh"], max_length=MAX_DEPTH)
    initial: Literal["random", "zero"] = "random"
    regularization: Literal["none", "l1", "l2"] = "none"
    regularization_rate: float = Field(0.0, ge=0, le=10, allow_inf_nan=False)
    dropout: float = Field(0.0, ge=0, le=0.9, allow_inf_nan=False)
    loss: Literal["half_squared", "cross_entropy"] = "half_squared"
    optimizer: Optimizer = "momentum"
    learning_rate: LearningRate = 0.1
    batch_size: int = Field(10, ge=1, le=MAX_POINTS)
    seed: Seed = 0

    @model_validator(mode="after")
    def _agree(self) -> PlaneSettings:
        if len(self.activations) != len(self.widths):
            raise ValueError(
                f"The number of widths is {len(self.widths)}, and that of activations is "
                f"{len(self.activations)}; give one activation per hidden layer."
            )
        if len(set(self.features)) < len(self.features):
            raise ValueError("A feature is given twice; give each once.")
        if self.data == "own" and not self.points:
            raise ValueError("There are no own points; give at least one, or choose other data.")
        return self


class CurveSettings(_Strict):
    """One hidden layer that approximates a function of one variable (slide 12).

    Attributes:
        function: a curve of `zoo.data.curves`, or "drawn" for `values`.
        values: of the drawn function at evenly spaced places from −1 to 1, ends included.
        way: "interpolant" and "bumps" construct the weights, "trained" uses gradient descent.
        width: number of hidden units.
        activation: of them, for the way "trained".
        optimizer, learning_rate, batch_size: for the way "trained".
        seed: of the initial weights and the order of the examples.
    """

    kind: Literal["curve"] = "curve"
    function: Literal["nielsen", "step", "abs", "runge", "drawn"] = "nielsen"
    values: list[Coordinate] = Field([], max_length=MAX_POINTS)
    way: Literal["interpolant", "bumps", "trained"] = "trained"
    width: int = Field(16, ge=1, le=256)
    activation: Activation = "relu"
    optimizer: Optimizer = "adam"
    learning_rate: LearningRate = 0.01
    batch_size: int = Field(32, ge=1, le=MAX_POINTS)
    seed: Seed = 0

    @model_validator(mode="after")
    def _drawn(self) -> CurveSettings:
        if self.function == "drawn" and len(self.values) < 2:
            raise ValueError("No function is drawn; give at least 2 values.")
        return self


class FieldSettings(_Strict):
    """A network that is trained on the residual of a differential equation (slide 13).

    Attributes:
        problem: "oscillator", "poisson" (an interval), "poisson_square" or "burgers".
        way: "informed", or "plain": the same network without the equation (the oscillator only).
        depth: number of hidden layers.
        width: units of each.
        activation: of the hidden layers; its second derivative must not be 0.
        optimizer, learning_rate: of the training.
        batch_size: points per update at which the residual is computed.
        seed: of the initial weights and the order of the points.
    """

    kind: Literal["field"] = "field"
    problem: Literal["oscillator", "poisson", "poisson_square", "burgers"] = "oscillator"
    way: Literal["informed", "plain"] = "informed"
    depth: int = Field(2, ge=1, le=4)
    width: Width = 20
    activation: Literal["sigmoid", "elu", "tanh", "swish", "softplus"] = "tanh"
    optimizer: Optimizer = "adam"
    learning_rate: LearningRate = 0.005
    batch_size: int = Field(64, ge=1, le=MAX_POINTS)
    seed: Seed = 0


Settings = Annotated[PlaneSettings | CurveSettings | FieldSettings, Field(discriminator="kind")]
