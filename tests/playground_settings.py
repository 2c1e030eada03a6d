"""What the tests ask the playground to train."""

SETTINGS = {
    "model": "network",
    "data": "xor",
    "activation": "tanh",
    "depth": 1,
    "width": 4,
    "learning_rate": 0.1,
    "seed": 0,
}
