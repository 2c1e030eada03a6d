"""A physics-informed network, slide 13, for Poisson's equation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Values
from zoo.utils.choices import require_choice

if TYPE_CHECKING:
    import keras

CONDITIONS = ("built_in", "penalised")

BEST = Recipe(
    epochs=10,
    batch_size=64,
    learning_rate=5e-3,
    optimizer="adam",
    schedule="cosine",
    solver="bfgs",
    iterations=1000,
    note="No value of the solution is given; the equation and the boundary determine it.",
)
PENALISED = replace(
    BEST,
    options={"conditions": "penalised"},
    note="The squared values on the boundary are part of the loss, as in Raissi et al. (2019).",
)


@register(
    "pinn_poisson",
    task=Values("relative_l2"),
    dataset="poisson_square",
    slides=(13,),
    equation="−Δu = f, u = ∏ 4xᵢ(1 − xᵢ) (W_{d+1} tanh(W_d … tanh(W₁x + b₁) … + b_d) + b_{d+1})",
    output="the solution u at a point",
    recipes={"best": BEST, "penalised": PENALISED},
    training_options=("condition_weight",),
)
def pinn_poisson(
    inputs: int = 2,
    depth: int = 2,
    width: int = 20,
    activation: str = "tanh",
    conditions: str = "built_in",
    condition_weight: float = 100.0,
) -> keras.Model:
    """Build a network that solves Poisson's equation, −Δu = f with u = 0 on the boundary.

    The loss is the mean squared residual −Δu − f at the training points; no value of u is used.

    Args:
        inputs: 1 for the interval 0 … 1, with the solution u = sin πx + ½ sin 3πx; 2 for the unit
            square, with u = sin πx sin πy.
        depth: number of hidden layers, at least 1.
        width: units per hidden layer, at least 1.
        activation: of the hidden layers: "tanh", "sigmoid", "swish", "softplus" or "elu".
        conditions: "built_in" for a network multiplied by ∏ 4xᵢ(1 − xᵢ), which is 0 on the
            boundary; "penalised" for one whose squared values there are part of the loss.
        condition_weight: factor of the mean squared value on each side of the boundary in the
            loss, if it is penalised.

    Returns:
        A compiled model, float32 points (batch, inputs) → float32 values (batch, 1).

    Raises:
        ZooError: for an option out of its range.
    """
    from zoo.errors import ZooError
    from zoo.models.assemble import regression
    from zoo.models.physics_head import physics_model
    from zoo.nn.physics import MinMaxScaling
    from zoo.nn.poisson import PoissonEquation

    require_choice("kind of conditions", conditions, CONDITIONS)
    if inputs not in (1, 2):
        raise ZooError(f"Option 'inputs' is {inputs}; give 1 (interval) or 2 (square).")
    if not condition_weight >= 0:
        raise ZooError(f"Option 'condition_weight' is {condition_weight}; give a number from 0 up.")
    return physics_model(
        "pinn_poisson",
        inputs,
        MinMaxScaling([0.0] * inputs, [1.0] * inputs),
        PoissonEquation(
            conditions == "built_in", condition_weight=condition_weight, name="equation"
        ),
        depth=depth,
        width=width,
        activation=activation,
        recipe=BEST,
        **regression(),
    )
