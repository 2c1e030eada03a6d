"""The names of the lecture's ten activations, in the order of slide 1; imports nothing."""

NAMES = (
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
)
