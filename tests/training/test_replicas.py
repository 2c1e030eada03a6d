"""Replicas, workers and streams, for every model: the same losses, the same weights."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import zoo
from zoo.training.launcher import local_addresses

# Logical devices must be asked for before TensorFlow is first used, and its collectives know one
# number of replicas per process: a process for each.
PROGRAM = """
import gc, sys
import keras, numpy as np
from zoo import data
from zoo.data.dataset import Split
from zoo.models import describe
from zoo.registry.recipes import Augmentation
from zoo.training import examples, precision, strategies
from zoo.training.augmentation import Augmenter
from zoo.training.checkpoints import Position
from zoo.training.evaluation import Evaluation
from zoo.training.loop import TrainingLoop

strategy, replicas, source, folder, *names = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
chosen = strategies.choose(strategy, None if strategy == "multi_worker" else replicas)
assert chosen.replicas == replicas
for name in names:
    spec = describe("deep_relu" if name in ("augmented", "bfloat16") else name)
    formats = "mixed_bfloat16" if name == "bfloat16" else "float32"
    how, augmenter = {}, None
    if name == "augmented":
        moves = {"flip": True, "shift": 3, "zoom": 0.1, "rotation": 9, "cutout": 8}
        light = {"brightness": 0.2, "contrast": 0.3}
        augmenter = Augmenter(Augmentation(**moves, **light, mixup=0.4, cutmix=1.0, unmixed=0.5), 2)
        how = {"label_smoothing": 0.1, "augmenter": augmenter}
        how["weights"] = np.linspace(0.5, 2, 48, dtype="float32")
    count, batch_size = (4, 4) if name == "xor_mlp" else (48, 8)
    random = np.random.default_rng(0)
    described = data.describe(spec.dataset)
    y = random.integers(0, 2, count)
    if described.values:
        # Far from any output: at the kink of an absolute error, rounding decides the gradient.
        y = 2 + random.random((count, len(described.values)))
    if described.kind == "vector":
        train = data.load(spec.dataset).train
        x, y = train.x[:count], train.y[:count] if described.values else y
    elif name == "mark_one":
        x = data.shapes(count)[0]
    else:
        x = random.integers(0, 256, (count, 32, 32, 3)).astype("uint8")
    y = spec.task.targets(y)
    keras.utils.set_random_seed(1)
    # A bias before batch normalization has no gradient but rounding's, which Adam scales to a step.
    options = {"normalization": "none"} if name == "pose_regressor" else {}
    with precision.policy(formats), chosen.strategy.scope():
        model = spec.builder(**options)
    split = examples.choose(source, model, chosen.strategy, Split(x, y))
    moving = examples.choose(source, model, chosen.strategy, Split(x, y), augmenter)
    loop = TrainingLoop(model, chosen.strategy, moving, batch_size=batch_size, seed=2, **how)
    evaluation = Evaluation(model, chosen.strategy, split)
    losses = []
    for epoch in range(2):
        for _ in loop.epoch(Position(epoch), lambda step: step + 3):
            pass
        losses += [loop.logs()["loss"], evaluation.run()["loss"]]
    if chosen.is_chief:
        path = f"{folder}/{name}-{strategy}-{replicas}-{source}.npz"
        np.savez(path, np.array(losses), *model.get_weights())
    split.close()
    moving.close()
    # One that lives on until the interpreter ends may keep it from ending.
    assert not [o for o in gc.get_objects() if type(o).__name__ == "OwnedMultiDeviceIterator"]
"""
NAMES = zoo.list_models()
# Building its graph takes long: once over replicas and once over a stream will do.
AUGMENTED = [(1, "memory"), (2, "memory"), (1, "stream")]
MIRRORED = [(1, "memory"), (2, "memory"), (4, "memory"), (1, "stream"), (2, "stream")]
WORKERS = [(2, "memory"), (2, "stream")]
# Every model is trained over replicas. How examples reach them, and whether they are processes,
# does not depend on the model: fixed and trained weights, numbers and photos, and a loss of the
# model's own will do.
OF_ALL = [("mirrored", 1, "memory"), ("mirrored", 2, "memory")]
FEW = ["mark_one", "xor_mlp", "deep_relu", "pinn_oscillator"]


# In bfloat16, replicas round differently.
ROUNDED = [("mirrored", 1, "memory"), ("mirrored", 2, "memory"), ("multi_worker", 2, "memory")]


def names_of(strategy, replicas, source):
    names = [*(NAMES if (strategy, replicas, source) in OF_ALL else FEW)]
    if strategy == "mirrored" and (replicas, source) in AUGMENTED:
        names.append("augmented")
    if (strategy, replicas, source) in ROUNDED:
        names.append("bfloat16")
    return names


def start(strategy, replicas, source, folder, **environment):
    names = names_of(strategy, replicas, source)
    words = [sys.executable, "-c", PROGRAM, strategy, str(replicas), source, str(folder), *names]
    environment = {**os.environ, **environment}
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder of each model's losses and weights after two epochs, by strategy and source."""
    folder = tmp_path_factory.mktemp("replicas")
    # Two at a time: most of it is tracing graphs, which takes one core.
    for at in range(0, len(MIRRORED), 2):
        finish([start("mirrored", *how, folder) for how in MIRRORED[at : at + 2]])
    for how in WORKERS:
        cluster = {"worker": local_addresses(2)}
        configs = [
            json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
            for index in range(2)
        ]
        finish([start("multi_worker", *how, folder, TF_CONFIG=config) for config in configs])
    return folder


def finish(processes):
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors[-2000:]


def arrays(path):
    with np.load(path) as archive:
        return [archive[key] for key in archive.files]


def compared(strategy, ways):
    return [(name, *way) for way in ways for name in names_of(strategy, *way)]


TO_THE_LAST_DIGITS = [way for way in compared("mirrored", MIRRORED[1:]) if way[0] != "bfloat16"]


@pytest.mark.parametrize(("name", "replicas", "source"), TO_THE_LAST_DIGITS)
def test_replicas_and_streams_change_neither_losses_nor_weights(name, replicas, source, trained):
    losses, *weights = arrays(trained / f"{name}-mirrored-{replicas}-{source}.npz")
    alone, *expected = arrays(trained / f"{name}-mirrored-1-memory.npz")
    np.testing.assert_allclose(losses, alone, rtol=1e-6, atol=1e-6)
    for one, other in zip(weights, expected, strict=True):
        # All weights together differ by rounding alone, of which the processor decides the last
        # digit. One weight in 300,000 moves further: Adam divides gradients that are all but zero.
        size = max(float(np.linalg.norm(other)), 1e-3)
        assert np.linalg.norm(one - other) <= 1e-6 * size
        scale = max(float(np.abs(other).max()), 1e-3)
        np.testing.assert_allclose(one, other, atol=3e-5 * scale, rtol=0)


@pytest.mark.parametrize(("name", "replicas", "source"), compared("multi_worker", WORKERS))
def test_two_workers_equal_two_mirrored_replicas_to_the_last_bit(name, replicas, source, trained):
    workers = arrays(trained / f"{name}-multi_worker-{replicas}-{source}.npz")
    mirrored = arrays(trained / f"{name}-mirrored-{replicas}-{source}.npz")
    for one, other in zip(workers, mirrored, strict=True):
        if (name, source) == ("pinn_oscillator", "stream"):
            # Derivatives of derivatives are summed in another order there: the last bit may differ.
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
        else:
            assert one.tobytes() == other.tobytes()


def test_replicas_in_bfloat16_differ_by_rounding(trained):
    losses, *weights = arrays(trained / "bfloat16-mirrored-2-memory.npz")
    alone, *expected = arrays(trained / "bfloat16-mirrored-1-memory.npz")
    np.testing.assert_allclose(losses, alone, rtol=0.02)
    for one, other in zip(weights, expected, strict=True):
        assert np.linalg.norm(one - other) <= 0.02 * max(float(np.linalg.norm(other)), 1e-3)
