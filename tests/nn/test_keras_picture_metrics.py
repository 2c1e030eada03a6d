"""The Keras metrics of points and boxes give the figures of the task."""

import numpy as np
import pytest

from zoo.nn.picture_metrics import CorrectJoints, MeanDistance, MeanIoU
from zoo.registry.tasks import Values

_RANDOM = np.random.default_rng(0)
POSES = _RANDOM.uniform(0, 1, (12, 28)).astype(np.float32)
NEAR = (POSES + _RANDOM.normal(0, 0.08, POSES.shape)).astype(np.float32)
CORNERS = _RANDOM.uniform(0, 0.6, (12, 2)).astype(np.float32)
BOXES = np.hstack([CORNERS, CORNERS + 0.3]).astype(np.float32)
MOVED = (BOXES + _RANDOM.normal(0, 0.1, BOXES.shape)).astype(np.float32)
CASES = [
    (CorrectJoints, "pck", POSES, NEAR),
    (MeanDistance, "pck", POSES, NEAR),
    (MeanIoU, "iou", BOXES, MOVED),
]


@pytest.mark.parametrize(("make", "task", "y", "outputs"), CASES)
def test_batches_and_weights_give_the_figure_of_the_task(make, task, y, outputs):
    metric, weights = make(), np.ones(12, np.float32)
    weights[[2, 7]] = 0
    for at in range(0, 12, 5):
        rows = slice(at, at + 5)
        metric.update_state(y[rows], outputs[rows], weights[rows])
    kept = weights > 0
    expected = Values(task).measure(outputs[kept], y[kept])[metric.name]
    assert 0.05 < expected < 0.95
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)
    assert expected != pytest.approx(Values(task).measure(outputs, y)[metric.name], rel=1e-3)
    metric.reset_state()
    assert float(metric.result()) == 0.0
    assert make.from_config(metric.get_config()).name == metric.name
