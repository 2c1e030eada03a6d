"""Put the moving averages of the weights in their place."""

from __future__ import annotations

import keras


def assign_averages(model: keras.Model) -> None:
    """Set a model's trainable weights to the averages that its optimizer keeps.

    Keras averages the weights before their constraints are applied; here the averages satisfy them,
    too.

    Args:
        model: compiled with an optimizer that averages weights (`use_ema`).
    """
    weights = model.trainable_variables
    model.optimizer.finalize_variable_values(weights)
    for weight in weights:
        if weight.constraint is not None:
            weight.assign(weight.constraint(weight))
