"""Tasks: what a model's outputs mean. They do not need Keras.

A task defines which data sets fit a model, how targets are passed to the loss, how outputs become
predictions, which metrics are measured, and which of them is the primary one.
"""

from zoo.registry.tasks.base import Limits, Targets, Task, Value
from zoo.registry.tasks.known import (
    is_registered,
    register_task,
    require_task,
    task_names,
    task_of,
    threshold_of,
)
from zoo.registry.tasks.labels import Classes, Sign, Threshold
from zoo.registry.tasks.metrics import (
    ACCURACY,
    LARGEST_ERROR,
    RELATIVE_L2,
    RMSE,
    SAME_VALUE,
    Metric,
)
from zoo.registry.tasks.pictures import IOU, MEAN_DISTANCE, PCK
from zoo.registry.tasks.values import Values

# Every metric by its name.
METRICS = {
    metric.name: metric
    for metric in (ACCURACY, RMSE, LARGEST_ERROR, RELATIVE_L2, PCK, MEAN_DISTANCE, IOU)
}

__all__ = [
    "ACCURACY",
    "IOU",
    "LARGEST_ERROR",
    "MEAN_DISTANCE",
    "METRICS",
    "PCK",
    "RELATIVE_L2",
    "RMSE",
    "SAME_VALUE",
    "Classes",
    "Limits",
    "Metric",
    "Sign",
    "Targets",
    "Task",
    "Threshold",
    "Value",
    "Values",
    "is_registered",
    "register_task",
    "require_task",
    "task_names",
    "task_of",
    "threshold_of",
]
