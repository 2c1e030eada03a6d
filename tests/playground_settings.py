"""What the tests ask the playground to train."""

SETTINGS = {
    "kind": "plane",
    "data": "xor",
    "widths": [4],
    "activations": ["tanh"],
    "learning_rate": 0.1,
    "seed": 0,
}
