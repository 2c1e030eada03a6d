"""A physics-informed network, slide 13, for a damped harmonic oscillator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Values

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=40,
    batch_size=12,
    learning_rate=5e-3,
    optimizer="adam",
    schedule="cosine",
    solver="bfgs",
    iterations=2000,
    note="Values are given up to t = 0.35 only; the equation determines the rest.",
)
PLAIN = replace(
    RECIPE,
    iterations=500,
    options={"residual_weight": 0.0},
    note="For comparison: without the equation, the same network fits the given values only.",
)
INVERSE = Recipe(
    epochs=20,
    batch_size=100,
    learning_rate=5e-3,
    optimizer="adam",
    schedule="cosine",
    solver="bfgs",
    iterations=1000,
    options={"estimate": True, "damping": 1.0, "stiffness": 200.0, "observed_until": 1.0},
    note="For the data set oscillator_noisy: μ and k are found from observations of u.",
)


@register(
    "pinn_oscillator",
    task=Values("relative_l2"),
    dataset="oscillator",
    slides=(13,),
    equation="m ü + μ u̇ + k u = 0, u(t) = W_{d+1} tanh(W_d … tanh(W₁t + b₁) … + b_d) + b_{d+1}",
    output="the displacement u at time t",
    recipes={"best": RECIPE, "plain": PLAIN, "inverse": INVERSE},
    training_options=(
        "mass",
        "damping",
        "stiffness",
        "estimate",
        "observed_until",
        "residual_weight",
    ),
)
def pinn_oscillator(
    depth: int = 2,
    width: int = 24,
    activation: str = "tanh",
    mass: float = 1.0,
    damping: float = 4.0,
    stiffness: float = 400.0,
    estimate: bool = False,
    observed_until: float = 0.35,
    residual_weight: float = 1e-5,
    end: float = 1.0,
) -> keras.Model:
    """Build a network that solves the equation of motion of a damped oscillator from early values.

    The loss is residual_weight · mean (m u″ + μ u′ + k u)² over all training times, plus the
    squared errors of the values up to `observed_until` (Raissi et al., 2019).

    Args:
        depth: number of hidden layers, at least 1.
        width: units per hidden layer, at least 1.
        activation: of the hidden layers: "tanh", "sigmoid", "swish", "softplus" or "elu".
        mass: m, above 0.
        damping: μ, or where its estimate begins, above 0.
        stiffness: k, or where its estimate begins, above 0.
        estimate: find μ and k from the observed values too (the inverse problem).
        observed_until: the last time at which the values of the data set are used.
        residual_weight: factor of the mean squared residual in the loss; 0 to fit the observed
            values only.
        end: the last time, above 0; the first is 0.

    Returns:
        A compiled model, float32 times (batch, 1) → float32 displacements (batch, 1).

    Raises:
        ZooError: for an option out of its range.
    """
    from zoo.errors import ZooError
    from zoo.models.assemble import regression
    from zoo.models.physics_head import physics_model
    from zoo.nn.oscillator import OscillatorEquation
    from zoo.nn.physics import MinMaxScaling

    for option, value in {
        "mass": mass,
        "damping": damping,
        "stiffness": stiffness,
        "end": end,
    }.items():
        if not value > 0:
            raise ZooError(f"Option {option!r} is {value}; give a number above 0.")
    if not residual_weight >= 0:
        raise ZooError(f"Option 'residual_weight' is {residual_weight}; give a number from 0 up.")
    equation = OscillatorEquation(
        mass,
        damping,
        stiffness,
        estimate,
        observed_until,
        residual_weight=residual_weight,
        name="equation",
    )
    return physics_model(
        "pinn_oscillator",
        1,
        MinMaxScaling([0.0], [end]),
        equation,
        depth=depth,
        width=width,
        activation=activation,
        recipe=RECIPE,
        **regression(),
    )
