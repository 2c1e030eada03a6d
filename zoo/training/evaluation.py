"""Evaluate loss and metrics of a model on a split, with any strategy."""

from __future__ import annotations

from collections.abc import Callable, Container

import keras
import numpy as np
import tensorflow as tf

from zoo.nn.losses import SignAccuracy
from zoo.nn.metrics import LargestError, RelativeL2
from zoo.nn.picture_metrics import CorrectJoints, MeanDistance, MeanIoU
from zoo.registry.tasks import Classes, Sign, Task, Threshold, Values
from zoo.training.examples import Examples

_BATCH = 1000


class Evaluation:
    """Evaluates a model on a split.

    Every example counts once: the last batch is padded with examples of weight 0, so that all
    batches have the same size.

    Args:
        model: the model, compiled, built under the strategy's scope.
        strategy: the distribution strategy.
        examples: the examples of the split.
        task: the model's task; its metrics are added if the model is compiled without them. None
            for the model's own metrics only.
    """

    def __init__(
        self,
        model: keras.Model,
        strategy: tf.distribute.Strategy,
        examples: Examples,
        task: Task | None = None,
    ):
        replicas = strategy.num_replicas_in_sync
        self._local_batch = -(-min(_BATCH, len(examples)) // replicas)
        self._model = model
        self._strategy = strategy
        self._examples = examples
        with strategy.scope():
            self._loss = keras.metrics.Mean(name="loss")
            self._further = metrics_of(task, without=compiled_names(model)) if task else []
        batch = self._local_batch * replicas
        signature = examples.input_signature(batch, (tf.float32,))
        self._run = tf.function(
            self._run_batches,
            input_signature=[signature, tf.TensorSpec((), tf.int32)] if signature else None,
        )
        count = len(examples)
        padded = -(-count // batch) * batch
        self._order = (np.arange(padded, dtype=np.int32) % count).reshape(-1, batch)
        self._weights = (np.arange(padded) < count).astype(np.float32).reshape(-1, batch)

    def run(self) -> dict[str, float]:
        """Return loss and metrics over the whole split; resets the model's metrics."""
        self._model.reset_metrics()
        for metric in (self._loss, *self._further):
            metric.reset_state()
        batches = len(self._order)
        iterator = self._examples.iterator(self._order, 0, batches, self._weights)
        self._run(iterator, tf.constant(batches))
        metrics = {
            name: float(value)
            for name, value in self._model.get_metrics_result().items()
            if name != "loss"
        }
        self._model.reset_metrics()
        further = {metric.name: float(metric.result()) for metric in self._further}
        return {"loss": float(self._loss.result()), **metrics, **further}

    def _run_batches(self, iterator, batches):
        for batch in tf.range(batches):
            rows = self._examples.next_batch(iterator, batch)
            self._strategy.run(self._step, args=(rows,))

    # Only the loop over batches needs AutoGraph.
    @tf.autograph.experimental.do_not_convert
    def _step(self, batch):
        x, y, weights = self._examples.features(self._examples.replica_shard(batch))
        y_pred = self._model.get_layer("head")(x, training=False)
        loss = self._model.compute_loss(x, y, y_pred, weights, training=False)
        # Keras averages over the batch, including padding, and divides by the replicas.
        counted = tf.reduce_sum(weights)
        share = tf.cast(self._local_batch, tf.float32) / tf.maximum(counted, 1.0)
        replicas = self._strategy.num_replicas_in_sync
        self._loss.update_state(tf.cast(loss, tf.float32) * replicas * share, counted)
        self._model.compute_metrics(x, y, y_pred, weights)
        for metric in self._further:
            metric.update_state(y, y_pred, weights)


def compiled_names(model: keras.Model) -> set[str]:
    """Return the names of a compiled model's metrics, even before its first batch."""
    compiled = model.get_compile_config() or {}
    metrics = [*(compiled.get("metrics") or ()), *(compiled.get("weighted_metrics") or ())]
    return {metric["config"]["name"] if isinstance(metric, dict) else metric for metric in metrics}


_OF_VALUES: dict[str, Callable[[], keras.metrics.Metric]] = {
    "rmse": lambda: keras.metrics.RootMeanSquaredError(name="rmse"),
    "largest_error": LargestError,
    "relative_l2": RelativeL2,
    "pck": CorrectJoints,
    "mean_distance": MeanDistance,
    "iou": MeanIoU,
}


def metrics_of(task: Task, without: Container[str] = ()) -> list[keras.metrics.Metric]:
    """Return Keras metrics for a task, which take targets as returned by `Task.targets`.

    Args:
        task: a task of this package; for tasks of plugins, the result is empty.
        without: names of metrics to leave out.
    """
    makers: dict[str, Callable[[], keras.metrics.Metric]] = {}
    if isinstance(task, Values):
        makers = {
            metric.name: _OF_VALUES[metric.name]
            for metric in task.metrics
            if metric.name in _OF_VALUES
        }
    elif isinstance(task, Sign):
        makers["accuracy"] = SignAccuracy
    elif isinstance(task, Threshold):
        makers["accuracy"] = lambda: keras.metrics.BinaryAccuracy("accuracy", None, task.threshold)
    elif isinstance(task, Classes):
        makers["accuracy"] = lambda: keras.metrics.SparseCategoricalAccuracy("accuracy")
    return [make() for name, make in makers.items() if name not in without]
