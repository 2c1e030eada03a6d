"""The time of an epoch of the same network on the same data, with this package and with others.

Every program runs in a separate process that loads its data, trains one epoch as a warm-up and then
waits. The parent runs them in turn, so that changes in the machine's load affect all alike. Each
program is written in the style of its library's documentation.
"""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import pairwise
from statistics import median

BATCH = 128
LEARNING_RATE = {"sgd": 0.01, "adamw": 1e-3}
# (name, hidden layers, optimizer, programs); the first program is this package.
WORKS = (
    (
        "deep_relu 3×512, SGD",
        (512, 512, 512),
        "sgd",
        (
            *("zoo", "keras", "tfds", "torch", "loader", "gemm", "input", "products"),
            *("zoo_bfloat16", "keras_bfloat16"),
        ),
    ),
    ("deep_relu 3×512, AdamW", (512, 512, 512), "adamw", ("zoo", "keras", "torch", "zoo_bfloat16")),
    (
        "cifar_softmax RGB, SGD",
        (),
        "sgd",
        ("zoo", "keras", "tfds", "torch", "loader", "gemm", "input", "products"),
    ),
)
NAMES = {
    "zoo": "this package",
    "zoo_bfloat16": "this package, mixed_bfloat16",
    "keras": "Keras `fit` on float32 arrays",
    "keras_bfloat16": "Keras `fit` on float32 arrays, mixed_bfloat16",
    "tfds": "TFDS → map → batch → Keras `fit`",
    "torch": "PyTorch, data resident in memory",
    "loader": "PyTorch, DataLoader",
    "gemm": "the matrix products alone, numpy",
    "products": "the matrix products alone, TensorFlow in a graph",
    "input": "this package's input alone: gather, cast, rescale",
}


def measure(rounds: int, say) -> list[dict]:
    """Return a row per network and program: seconds and ratio to this package, as medians."""
    rows = []
    for work, hidden, optimizer, ways in WORKS:
        words = {way: [__file__, way, optimizer, *map(str, hidden)] for way in ways}
        seconds = alternating(words, rounds)
        for way in ways:
            ratios = {
                base: median(a / b for a, b in zip(seconds[way], seconds[base], strict=True))
                for base in ("zoo", "zoo_bfloat16")
                if base in ways
            }
            rows.append(
                {
                    "work": work,
                    "way": NAMES[way],
                    "seconds": median(seconds[way]),
                    "to_float32": ratios["zoo"],
                    "to_bfloat16": ratios.get("zoo_bfloat16"),
                }
            )
            say(rows[-1])
    return rows


def alternating(words: dict[str, list[str]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of every round of programs that take turns.

    A program loads its data, trains an epoch, and prints "ready"; then it trains one for each line
    of its input, and prints "took" and the seconds.

    Args:
        words: of each program, its file and arguments.
        rounds: how often each trains an epoch.
    """
    peers = {way: _start(arguments) for way, arguments in words.items()}
    try:
        for peer in peers.values():
            _expect(peer, "ready")
        seconds: dict[str, list[float]] = {way: [] for way in peers}
        for _ in range(rounds):
            for way, peer in peers.items():
                peer.stdin.write("go\n")
                peer.stdin.flush()
                seconds[way].append(float(_expect(peer, "took").split()[1]))
        return seconds
    finally:
        for peer in peers.values():
            peer.stdin.close()
            peer.wait(timeout=60)


def _start(words: list[str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )


def _expect(peer: subprocess.Popen, word: str) -> str:
    for line in peer.stdout:
        if line.startswith(word):
            return line
    raise RuntimeError(f"{peer.args} ended before it said {word!r}.")


def _examples():
    import numpy as np

    from zoo import data

    train = data.load("cifar10").train
    return np.asarray(train.x), np.asarray(train.y)


def _zoo(hidden, optimizer, precision_name="float32"):
    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    import zoo
    from zoo.data.dataset import Split
    from zoo.registry.recipes import Recipe
    from zoo.training import examples, precision
    from zoo.training.checkpoints import Position
    from zoo.training.loop import TrainingLoop

    strategy = tf.distribute.get_strategy()
    with precision.policy(precision_name):
        if hidden:
            model = zoo.build("deep_relu", depth=len(hidden), width=hidden[0])
        else:
            model = zoo.build("cifar_softmax", size=32, grayscale=False)
        recipe = Recipe(1, BATCH, LEARNING_RATE[optimizer], optimizer)
        model.compile(recipe.build_optimizer(), model.loss, weighted_metrics=["accuracy"])
    split = examples.choose("memory", model, strategy, Split(*_examples()))
    loop = TrainingLoop(model, strategy, split, batch_size=BATCH, seed=0)

    def epoch(number):
        for _ in loop.epoch(Position(number), lambda step: step + 50):
            pass

    return epoch


def _zoo_bfloat16(hidden, optimizer):
    return _zoo(hidden, optimizer, "mixed_bfloat16")


def _keras_model(hidden, optimizer):
    import keras

    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Flatten(),
            *(keras.layers.Dense(units, activation="relu") for units in hidden),
            keras.layers.Dense(10),
            keras.layers.Activation("softmax", dtype="float32"),
        ]
    )
    rule = {"sgd": keras.optimizers.SGD, "adamw": keras.optimizers.AdamW}[optimizer]
    model.compile(
        optimizer=rule(LEARNING_RATE[optimizer]),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def _keras(hidden, optimizer):
    x, y = _examples()
    x = x.astype("float32") / 255
    model = _keras_model(hidden, optimizer)
    return lambda number: model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)


def _keras_bfloat16(hidden, optimizer):
    import keras

    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    return _keras(hidden, optimizer)


def _tfds(hidden, optimizer):
    import tensorflow as tf
    import tensorflow_datasets as tfds

    count = len(_examples()[0])
    dataset = tfds.load("cifar10", split=f"train[:{count}]", as_supervised=True)
    dataset = (
        dataset.map(
            lambda image, label: (tf.cast(image, tf.float32) / 255.0, label),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        .cache()
        .shuffle(count)
        .batch(BATCH)
        .prefetch(tf.data.AUTOTUNE)
    )
    model = _keras_model(hidden, optimizer)
    return lambda number: model.fit(dataset, epochs=1, verbose=0)


def _torch_parts(hidden, optimizer):
    import torch
    from torch import nn

    x, y = _examples()
    x = torch.from_numpy(x).float().flatten(1) / 255
    layers, inputs = [], x.shape[1]
    for units in hidden:
        layers += [nn.Linear(inputs, units), nn.ReLU()]
        inputs = units
    model = nn.Sequential(*layers, nn.Linear(inputs, 10))
    rule = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[optimizer]
    return x, torch.from_numpy(y), model, rule(model.parameters(), lr=LEARNING_RATE[optimizer])


def _torch_step(model, rule, x, y):
    from torch.nn import functional

    rule.zero_grad()
    functional.cross_entropy(model(x), y).backward()
    rule.step()


def _torch(hidden, optimizer):
    import torch

    x, y, model, rule = _torch_parts(hidden, optimizer)

    def epoch(number):
        order = torch.randperm(len(x))
        for at in range(0, len(x) - BATCH + 1, BATCH):
            rows = order[at : at + BATCH]
            _torch_step(model, rule, x[rows], y[rows])

    return epoch


def _loader(hidden, optimizer):
    from torch.utils.data import DataLoader, TensorDataset

    x, y, model, rule = _torch_parts(hidden, optimizer)
    loader = DataLoader(TensorDataset(x, y), batch_size=BATCH, shuffle=True, drop_last=True)

    def epoch(number):
        for rows, labels in loader:
            _torch_step(model, rule, rows, labels)

    return epoch


def _input(hidden, optimizer):
    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    import numpy as np
    import tensorflow as tf

    import zoo
    from zoo.data.dataset import Split
    from zoo.training.examples import ResidentExamples

    x, y = _examples()
    model = zoo.build("cifar_softmax", size=32, grayscale=False)
    resident = ResidentExamples(model, tf.distribute.get_strategy(), Split(x, y))

    @tf.function
    def gather(order):
        total = tf.zeros(())
        for step in tf.range(len(order)):
            total += resident.features((order[step],))[0][0, 0]
        return total

    def epoch(number):
        order = np.random.default_rng(number).permutation(len(x)).astype(np.int32)
        gather(tf.constant(order[: len(x) // BATCH * BATCH].reshape(-1, BATCH))).numpy()

    return epoch


def _products(hidden, optimizer):
    import tensorflow as tf

    sizes = (3072, *hidden, 10)
    steps = len(_examples()[0]) // BATCH
    layers = [
        (tf.random.normal((BATCH, a)), tf.random.normal((a, b)), tf.random.normal((BATCH, b)))
        for a, b in pairwise(sizes)
    ]

    @tf.function
    def multiply():
        total = tf.zeros(())
        for step in tf.range(steps):
            # Added so that the products of different steps cannot be shared.
            fresh = tf.cast(step, tf.float32)
            for index, (x, weights, gradient) in enumerate(layers):
                gradient = gradient + fresh
                total += tf.matmul(x + fresh, weights)[0, 0]
                total += tf.matmul(x, gradient, transpose_a=True)[0, 0]
                if index:
                    total += tf.matmul(gradient, weights, transpose_b=True)[0, 0]
        return total

    return lambda number: multiply().numpy()


def _gemm(hidden, optimizer):
    import numpy as np

    random = np.random.default_rng(0)
    sizes = (3072, *hidden, 10)
    layers = [
        tuple(
            random.normal(size=shape).astype("float32")
            for shape in ((BATCH, before), (before, after), (BATCH, after))
        )
        for before, after in pairwise(sizes)
    ]
    steps = len(_examples()[0]) // BATCH

    def epoch(number):
        for _ in range(steps):
            for index, (x, weights, gradient) in enumerate(layers):
                x @ weights
                x.T @ gradient
                if index:
                    # The gradient with respect to the photos is not needed.
                    gradient @ weights.T

    return epoch


def serve(epoch) -> None:
    """Train an epoch, then one per line of the input, and print the seconds of each."""
    epoch(0)
    print("ready", flush=True)
    for number, _ in enumerate(sys.stdin, start=1):
        started = time.perf_counter()
        epoch(number)
        print("took", time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    serve(globals()[f"_{sys.argv[1]}"](tuple(map(int, sys.argv[3:])), sys.argv[2]))
