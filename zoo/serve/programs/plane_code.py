"""Writes a training of the plane as a Python program, with NumPy and Keras alone."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np

from zoo.data import plane_points, surfaces
from zoo.data.plane_points import PlanePoints
from zoo.serve.programs.plane_graph import AS_WRITTEN
from zoo.serve.programs.plane_start import bias_seed, dropout_seed, kernel_seed
from zoo.serve.settings import PlaneSettings

# Sets that are drawn by one short function; the points of others are written as numbers.
_SHORT = ("circle", "clouds", "xor_clouds", "spiral", "plane", "gaussian")

_HALF_SQUARED_ERROR = """
def half_squared_error(y_true, y_pred):
    return 0.5 * ops.sum(ops.square(y_true - y_pred), axis=-1)
"""

_ACTIVATIONS = {
    "leaky_relu": """
def leaky_relu(z):
    return ops.maximum(0.1 * z, z)
""",
    "swish": """
def swish(z):
    return z * ops.sigmoid(z)
""",
    "prelu": """
class PReLU(keras.layers.Layer):
    def build(self, input_shape):
        initializer = keras.initializers.Constant(0.25)
        self.alpha = self.add_weight(shape=input_shape[1:], initializer=initializer)

    def call(self, z):
        return ops.maximum(self.alpha * z, z)
""",
    "step": '''
@ops.custom_gradient
def step(z):
    """Return 1 where z ≥ 0 and 0 elsewhere; the gradient is that of z, as in the lecture."""

    def gradient(*args, upstream=None):
        return args[0] if upstream is None else upstream

    return ops.cast(ops.greater_equal(z, 0), z.dtype), gradient
''',
}

_BATCHES = '''
def batches():
    """Yield the rows of each update; every epoch has an order of its own."""
    for epoch in itertools.count():
        order = np.random.default_rng([{seed}, epoch]).permutation(len(x))
        for start in range(0, len(x), {batch}):
            yield order[start : start + {batch}]
'''

_SET_WEIGHT = '''
def set_weight(layer, row, column, value):
    """Set one weight by hand; row -1 is the bias."""
    kernel, bias = model.get_layer(layer).get_weights()
    if row == -1:
        bias[column] = value
    else:
        kernel[row, column] = value
    model.get_layer(layer).set_weights([kernel, bias])
'''


def program_text(
    settings: PlaneSettings, points: PlanePoints, updates: int, edits: list[dict[str, Any]]
) -> str:
    """Return a program that trains a Keras model, `model`, to the same weights.

    Args:
        settings: of the training.
        points: of the settings.
        updates: how many.
        edits: weights set by hand, in order: "update", "layer", "row", "column", "value".
    """
    perceptron = settings.model == "perceptron"
    batch = 1 if perceptron else settings.batch_size
    used = {"step"} if perceptron else set(settings.activations)
    helpers = [text for name, text in _ACTIVATIONS.items() if name in used]
    if _loss(settings, points) == "half_squared_error":
        helpers.append(_HALF_SQUARED_ERROR)
    if settings.features != ["x1", "x2"]:
        helpers.append(_features(settings.features))
    blocks = [
        _head(updates, bool(settings.dropout)),
        *_points(settings, points),
        *helpers,
        _model(settings, points),
        _BATCHES.format(seed=settings.seed, batch=batch),
        *([_SET_WEIGHT] if edits else []),
        _training(settings, updates, edits),
    ]
    # Two empty lines around functions and classes, as usual.
    text = ""
    for block in blocks:
        block = block.strip("\n")
        gap = "\n\n\n" if block.startswith(("def ", "class ", "@")) else "\n\n"
        after = "\n\n\n" if text.rpartition("\n")[2].startswith(" ") else "\n\n"
        text += (max(gap, after) if text else "") + block
    return text + "\n"


def _head(updates: int, has_dropout: bool) -> str:
    imports = ["import keras", "import numpy as np"]
    before = ""
    if has_dropout:
        imports.append("import tensorflow as tf")
        before = (
            "\n# Products are computed in the order in which they are written.\n"
            f'tf.config.optimizer.set_experimental_options({{"{AS_WRITTEN}": True}})\n'
        )
    imports.append("from keras import ops")
    listed = "\n".join(imports)
    return f'''"""Makes {updates} updates of a Keras model."""

import itertools

{listed}
{before}'''


def _points(settings: PlaneSettings, points: PlanePoints) -> list[str]:
    if settings.data not in _SHORT:
        written = "\n".join(
            f"        [{', '.join(np.format_float_positional(part, trim='-') for part in row)}],"
            for row in np.hstack([points.x, points.y])
        )
        return [
            "# x1, x2, and the label or value of each training point.\n"
            f'points = np.array(\n    [\n{written}\n    ],\n    "float32",\n)\n'
            "x, y = points[:, :2], points[:, 2:]"
        ]
    source = inspect.getsource(plane_points.DRAWN[settings.data])
    source = re.sub(r"\(count: .*\) -> \w+:", "(count, noise, generator):", source)
    before = []
    if "surfaces.bumps" in source:
        source = source.replace("surfaces.bumps", "bumps")
        bumps = re.sub(r"\(x: .*\) -> .*:", "(x):", inspect.getsource(surfaces.bumps))
        rows = "\n".join(f"    {row}," for row in surfaces.BUMPS)
        before = [f"BUMPS = (\n{rows}\n)\nBUMP_RADIUS = {surfaces.BUMP_RADIUS}", bumps]
    seeds = [settings.seed, plane_points.SETS.index(settings.data)]
    return [
        *before,
        source,
        f"generator = np.random.default_rng({seeds})\n"
        f"x, y = {settings.data}({plane_points.COUNT}, {settings.noise!r}, generator)\n"
        "# The others are test points.\n"
        f"train = generator.permutation(len(x))[:{len(points.x)}]\n"
        'x, y = x[train].astype("float32"), y[train, None].astype("float32")',
    ]


def _features(features: list) -> str:
    terms = ", ".join(
        f"ops.{name}" if name.startswith("sin") else re.sub(r"(x\d)\^2", r"\1 * \1", name)
        for name in features
    )
    terms = re.sub(r"(x\d)\*(x\d)", r"\1 * \2", terms)
    return (
        "def features(x):\n"
        "    x1, x2 = x[:, 0:1], x[:, 1:2]\n"
        f"    return ops.concatenate([{terms}], axis=-1)\n"
    )


def _loss(settings: PlaneSettings, points: PlanePoints) -> str:
    cross = settings.loss == "cross_entropy" and settings.model == "network"
    return '"binary_crossentropy"' if cross else "half_squared_error"


def _model(settings: PlaneSettings, points: PlanePoints) -> str:
    layers = ["keras.Input((2,))"]
    if settings.features != ["x1", "x2"]:
        layers.append("keras.layers.Lambda(features)")
    rate, seed = settings.learning_rate, settings.seed
    if settings.model == "perceptron":
        layers.append(_perceptron(settings))
        optimizer = f"keras.optimizers.SGD({rate!r})"
    else:
        hidden = zip(settings.widths, settings.activations, strict=True)
        for number, (width, activation) in enumerate(hidden, 1):
            layers.append(_dense(settings, number, width, activation, f"hidden_{number}"))
            if activation == "prelu":
                layers.append("PReLU()")
            if settings.dropout:
                layers.append(
                    f"keras.layers.Dropout({settings.dropout!r}, seed={dropout_seed(seed, number)})"
                )
        output = "linear" if points.are_values else "sigmoid"
        layers.append(_dense(settings, len(settings.widths) + 1, 1, output, "output"))
        optimizer = {
            "sgd": f"keras.optimizers.SGD({rate!r})",
            "momentum": f"keras.optimizers.SGD({rate!r}, momentum=0.9)",
            "adam": f"keras.optimizers.Adam({rate!r})",
            "adamw": f"keras.optimizers.AdamW({rate!r})",
            "rmsprop": f"keras.optimizers.RMSprop({rate!r})",
            "lion": f"keras.optimizers.Lion({rate!r})",
        }[settings.optimizer]
    listed = "".join(f"        {layer},\n" for layer in layers)
    return (
        f"model = keras.Sequential(\n    [\n{listed}    ]\n)\n"
        "model.compile(\n"
        f"    optimizer={optimizer},\n"
        f"    loss={_loss(settings, points)},\n"
        "    jit_compile=False,\n"
        ")"
    )


def _perceptron(settings: PlaneSettings) -> str:
    if settings.initial == "zero":
        initial = ['kernel_initializer="zeros"']
    else:
        ends = f"{-settings.learning_rate!r}, {settings.learning_rate!r}"
        seeds = {"kernel": kernel_seed(settings.seed, 1), "bias": bias_seed(settings.seed, 1)}
        initial = [
            f"{what}_initializer=keras.initializers.RandomUniform({ends}, seed={seed})"
            for what, seed in seeds.items()
        ]
    return _call("keras.layers.Dense", ["1", "activation=step", *initial, 'name="unit"'])


def _dense(settings: PlaneSettings, number: int, width: int, activation: str, name: str) -> str:
    arguments = [str(width)]
    if activation in ("leaky_relu", "swish", "step"):
        arguments.append(f"activation={activation}")
    elif activation not in ("linear", "prelu"):
        arguments.append(f'activation="{activation}"')
    arguments.append(
        'kernel_initializer="zeros"'
        if settings.initial == "zero"
        else "kernel_initializer=keras.initializers.GlorotNormal("
        f"seed={kernel_seed(settings.seed, number)})"
    )
    if settings.regularization != "none" and settings.regularization_rate:
        arguments.append(
            f"kernel_regularizer=keras.regularizers.{settings.regularization.upper()}"
            f"({settings.regularization_rate!r})"
        )
    return _call("keras.layers.Dense", [*arguments, f'name="{name}"'])


def _call(function: str, arguments: list[str]) -> str:
    listed = "".join(f"            {argument},\n" for argument in arguments)
    return f"{function}(\n{listed}        )"


def _training(settings: PlaneSettings, updates: int, edits: list[dict[str, Any]]) -> str:
    names = [f"hidden_{number}" for number in range(1, 1 + len(settings.widths))] + ["output"]
    if settings.model == "perceptron":
        names = ["unit"]
    loop = [
        f"for update, rows in zip(range({updates}), batches()):",
        "    model.train_on_batch(x[rows], y[rows])",
    ]
    before = []
    if edits:
        listed = "".join(
            f'    ({edit["update"]}, ("{names[edit["layer"]]}", {edit["row"]}, {edit["column"]}, '
            f"{float(edit['value'])!r})),\n"
            for edit in edits
        )
        before = [
            "# After how many updates a weight is set by hand, and which to what.",
            f"edits = [\n{listed}]",
            "for after, edit in edits:",
            "    if after == 0:",
            "        set_weight(*edit)",
        ]
        loop += [
            "    for after, edit in edits:",
            "        if after == update + 1:",
            "            set_weight(*edit)",
        ]
    return "\n".join([*before, *loop, "for weights in model.get_weights():", "    print(weights)"])
