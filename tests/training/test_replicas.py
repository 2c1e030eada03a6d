"""One, two and four replicas of every model: the same losses, the same weights."""

import subprocess
import sys

import numpy as np
import pytest

import zoo

# Logical devices must be asked for before TensorFlow is first used, and its collectives know one
# number of replicas per process: a process for each.
PROGRAM = """
import sys
import keras, numpy as np
from zoo import data
from zoo.data.dataset import Split
from zoo.models import describe, list_models
from zoo.training import strategies
from zoo.training.checkpoints import Position
from zoo.training.evaluation import Evaluation
from zoo.training.examples import ResidentExamples
from zoo.training.loop import TrainingLoop

replicas, folder = int(sys.argv[1]), sys.argv[2]
chosen = strategies.choose("mirrored", replicas)
assert chosen.replicas == replicas
for name in list_models():
    spec = describe(name)
    count, batch_size = (4, 4) if name == "xor_mlp" else (48, 8)
    random = np.random.default_rng(0)
    if name in ("perceptron", "xor_mlp"):
        x = data.load(spec.dataset).train.x[:count]
    elif name == "mark_one":
        x = data.shapes(count)[0]
    else:
        x = random.integers(0, 256, (count, 32, 32, 3)).astype("uint8")
    y = random.integers(0, 2, count)
    y = (2 * y - 1).astype("float32") if spec.task == "sign" else y
    keras.utils.set_random_seed(1)
    with chosen.strategy.scope():
        model = spec.builder()
    examples = ResidentExamples(model, chosen.strategy, Split(x, y))
    loop = TrainingLoop(model, chosen.strategy, examples, batch_size=batch_size, seed=2)
    evaluation = Evaluation(model, chosen.strategy, examples)
    losses = []
    for epoch in range(2):
        for _ in loop.epoch(Position(epoch), lambda step: 2**31):
            pass
        losses += [loop.logs()["loss"], evaluation.run()["loss"]]
    np.savez(f"{folder}/{name}-{replicas}.npz", np.array(losses), *model.get_weights())
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder of each model's losses and weights after two epochs, by number of replicas."""
    folder = tmp_path_factory.mktemp("replicas")
    for replicas in (1, 2, 4):
        words = [sys.executable, "-c", PROGRAM, str(replicas), folder]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    return folder


def arrays(path):
    with np.load(path) as archive:
        return [archive[key] for key in archive.files]


@pytest.mark.parametrize("replicas", [2, 4])
@pytest.mark.parametrize("name", zoo.list_models())
def test_replicas_change_neither_losses_nor_weights(name, replicas, trained):
    losses, *weights = arrays(trained / f"{name}-{replicas}.npz")
    alone, *expected = arrays(trained / f"{name}-1.npz")
    np.testing.assert_allclose(losses, alone, rtol=1e-6, atol=1e-6)
    for one, other in zip(weights, expected, strict=True):
        # Relative to the largest weight: Adam divides gradients that are all but zero.
        scale = max(float(np.abs(other).max()), 1e-3)
        np.testing.assert_allclose(one, other, atol=1e-5 * scale, rtol=0)
