"""A network that solves the Burgers equation, slide 13."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Values
from zoo.utils.choices import require_choice

if TYPE_CHECKING:
    import keras

# ν of Raissi et al. (2019), 0.01/π.
VISCOSITY = 0.0031830988618379067

BEST = Recipe(
    epochs=20,
    batch_size=1000,
    learning_rate=5e-3,
    optimizer="adam",
    schedule="cosine",
    solver="bfgs",
    iterations=3000,
    sample=8000,
    note="Initial and boundary conditions are built in, so that the residual is the whole loss.",
)
PENALISED = replace(
    BEST,
    options={"conditions": "penalised"},
    note="The conditions' squared errors are part of the loss, as in Raissi et al. (2019).",
)
INVERSE = Recipe(
    epochs=20,
    batch_size=100,
    learning_rate=5e-3,
    optimizer="adam",
    schedule="cosine",
    solver="bfgs",
    iterations=1000,
    options={"conditions": "none", "estimate": True, "viscosity": 0.01},
    note="For the data set burgers_noisy: the viscosity is found from observations of u.",
)


@register(
    "pinn_burgers",
    task=Values("relative_l2"),
    dataset="burgers",
    slides=(13,),
    equation="u_t + u u_x = ν u_xx, u(x, 0) = −sin πx, u(±1, t) = 0",
    output="u at position x and time t",
    recipes={"best": BEST, "penalised": PENALISED, "inverse": INVERSE},
    training_options=("estimate", "residual_weight", "condition_weight"),
)
def pinn_burgers(
    depth: int = 3,
    width: int = 20,
    activation: str = "tanh",
    conditions: str = "built_in",
    viscosity: float = VISCOSITY,
    estimate: bool = False,
    residual_weight: float = 1.0,
    condition_weight: float = 1.0,
) -> keras.Model:
    """Build a network (x, t) → u that is trained to solve the Burgers equation.

    Args:
        depth: number of hidden layers, at least 1.
        width: units per hidden layer, at least 1.
        activation: of the hidden layers: "tanh", "sigmoid", "swish", "softplus" or "elu".
        conditions: "built_in" for u = −sin πx + t · N(cos πx, sin πx, t), which satisfies initial
            and boundary conditions; "penalised" for u = N(x, t) with their squared errors in the
            loss; "none" for u = N(x, t) without conditions.
        viscosity: ν; if it is estimated, its value before training.
        estimate: find ν from observations of u: the squared error at the training points is part
            of the loss, and ν one of the metrics.
        residual_weight: factor of the mean squared residual in the loss.
        condition_weight: factor of the mean squared errors of penalised conditions in the loss.

    Returns:
        A compiled model, float32 (batch, 2) → float32 (batch, 1).

    Raises:
        ZooError: for an option out of its range.
    """
    from zoo.models.assemble import regression
    from zoo.models.physics_head import physics_model
    from zoo.nn.burgers import EQUATIONS, PeriodicFeatures
    from zoo.nn.physics import MinMaxScaling

    require_choice("kind of conditions", conditions, tuple(EQUATIONS))
    equation = EQUATIONS[conditions](
        viscosity,
        estimate,
        residual_weight=residual_weight,
        condition_weight=condition_weight,
        name="equation",
    )
    periodic = conditions == "built_in"
    features = PeriodicFeatures() if periodic else MinMaxScaling([-1.0, 0.0], [1.0, 1.0])
    return physics_model(
        "pinn_burgers",
        2,
        features,
        equation,
        depth=depth,
        width=width,
        activation=activation,
        recipe=BEST,
        **regression(),
    )
