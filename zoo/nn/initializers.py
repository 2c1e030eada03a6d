"""The wiring of the Mark I as a Keras initializer."""

import keras
import numpy as np

from zoo.errors import ZooError


@keras.saving.register_keras_serializable("zoo")
class RandomWiring(keras.initializers.Initializer):
    """Connect each unit to a few random inputs, some by +1 and some by −1, the rest by 0.

    Args:
        excitatory: +1 connections per unit.
        inhibitory: −1 connections per unit, to other inputs than the excitatory ones.
        seed: the wiring is a function of the seed and the shape alone.
    """

    def __init__(self, excitatory, inhibitory, seed):
        self.excitatory = excitatory
        self.inhibitory = inhibitory
        self.seed = seed

    def __call__(self, shape, dtype=None):
        """Return the (inputs, units) matrix of −1, 0 and +1.

        Raises:
            ZooError: if a unit is to have more connections than there are inputs.
        """
        inputs, units = shape
        connections = self.excitatory + self.inhibitory
        if connections > inputs:
            raise ZooError(
                f"A unit cannot have {connections} connections to {inputs} photocells; "
                "give fewer excitatory or inhibitory ones."
            )
        generator = np.random.default_rng(self.seed)
        wiring = np.zeros(shape, "float32")
        for unit in range(units):
            chosen = generator.choice(inputs, connections, replace=False)
            wiring[chosen[: self.excitatory], unit] = 1
            wiring[chosen[self.excitatory :], unit] = -1
        return keras.ops.convert_to_tensor(wiring, dtype=dtype)

    def get_config(self):
        """Return the arguments that make an equal initializer."""
        return {
            "excitatory": self.excitatory,
            "inhibitory": self.inhibitory,
            "seed": self.seed,
        }
