"""Errors of values, on one device, on replicas, and with the weights that fill up a batch."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo.nn.metrics import LargestError, RelativeL2
from zoo.registry.tasks import Values

_RANDOM = np.random.default_rng(0)
Y = _RANDOM.normal(0, 2, (12, 3)).astype(np.float32)
OUTPUTS = Y + _RANDOM.normal(0, 0.5, (12, 3)).astype(np.float32)
MAKERS = [LargestError, RelativeL2]


@pytest.mark.parametrize("make", MAKERS)
def test_batches_add_up_to_the_figure_of_the_task(make):
    metric = make()
    for at in range(0, 12, 4):
        metric.update_state(Y[at : at + 4], OUTPUTS[at : at + 4])
    expected = Values().measure(OUTPUTS, Y)[metric.name]
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)
    metric.reset_state()
    assert float(metric.result()) == 0.0
    assert make.from_config(metric.get_config()).name == metric.name


@pytest.mark.parametrize("make", MAKERS)
def test_examples_of_weight_0_do_not_count(make):
    weights = np.ones(12, np.float32)
    weights[np.abs(OUTPUTS - Y).max(axis=1).argmax()] = 0
    metric = make()
    metric.update_state(Y, OUTPUTS, weights)
    kept = weights > 0
    expected = Values().measure(OUTPUTS[kept], Y[kept])[metric.name]
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)
    assert expected < Values().measure(OUTPUTS, Y)["largest_error"]


_REPLICAS = """
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from test_metrics import MAKERS, OUTPUTS, Y
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    metrics = [make() for make in MAKERS]

@tf.function
def update():
    def step():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        rows = tf.range(6) + 6 * replica
        for metric in metrics:
            metric.update_state(tf.gather(Y, rows), tf.gather(OUTPUTS, rows))
    strategy.run(step)

update()
for metric in metrics:
    print(metric.name, float(metric.result()))
"""


def test_replicas_see_together_what_one_device_sees():
    done = subprocess.run(
        [sys.executable, "-c", _REPLICAS],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )
    found = dict(line.split() for line in done.stdout.splitlines())
    assert list(found) == ["largest_error", "relative_l2"], done.stderr[-2000:]
    expected = Values().measure(OUTPUTS, Y)
    for name, figure in found.items():
        assert float(figure) == pytest.approx(expected[name], rel=1e-5)
