"""The fixed random wiring of the Mark I Perceptron as a Keras initializer."""

import keras
import numpy as np

from zoo.errors import ZooError


@keras.saving.register_keras_serializable("zoo")
class RandomWiring(keras.initializers.Initializer):
    """Sparse random weights: +1 from some inputs of each unit, −1 from others, 0 from the rest.

    Args:
        excitatory: number of +1 connections per unit.
        inhibitory: number of −1 connections per unit, to other inputs than the excitatory ones.
        seed: the weights depend only on the seed and the shape.
    """

    def __init__(self, excitatory, inhibitory, seed):
        self.excitatory = excitatory
        self.inhibitory = inhibitory
        self.seed = seed

    def __call__(self, shape, dtype=None):
        """Return the matrix of −1, 0 and +1, of shape (inputs, units).

        Raises:
            ZooError: if a unit would have more connections than there are inputs.
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
        """Return the constructor's arguments."""
        return {
            "excitatory": self.excitatory,
            "inhibitory": self.inhibitory,
            "seed": self.seed,
        }
