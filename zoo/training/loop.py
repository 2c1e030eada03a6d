"""The training loop for all strategies, with many steps per call inside the graph.

It uses the model's own optimizer, loss and metrics. Epoch e with seed s visits the examples in a
permutation that depends only on (s, e), divided into global batches; replica i gets the i-th part
of each. An incomplete last batch is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import ZooError
from zoo.training.augmentation import Augmenter, with_partners
from zoo.training.checkpoints import Position
from zoo.training.examples import Examples
from zoo.training.finite import SMALLER_RATE, NonFiniteLossError
from zoo.training.forward import forward_of
from zoo.training.updates import update_of


def epoch_order(seed: int, epoch: int, examples: int) -> np.ndarray:
    """Return the order in which an epoch visits the examples, int32 (examples,)."""
    return np.random.default_rng([seed, epoch]).permutation(examples).astype(np.int32)


class TrainingLoop:
    """Trains a model on a training set, epoch by epoch.

    Args:
        model: compiled, built under the strategy's scope.
        strategy: the distribution strategy.
        examples: the training examples.
        batch_size: examples per step, over all replicas together.
        seed: seed of the order of the examples and of random layers.
        jit: whether each step is compiled with XLA.
        label_smoothing: fraction of each target that is spread evenly over all labels.
        augmenter: the augmenter of the examples, if any.
        weights: what each example's loss is multiplied by, float32 (examples,); None for 1. Its
            metrics are not weighted.

    Raises:
        ZooError: if the batch size is not a multiple of the replicas or exceeds the examples.
    """

    def __init__(
        self,
        model: keras.Model,
        strategy: tf.distribute.Strategy,
        examples: Examples,
        *,
        batch_size: int,
        seed: int,
        jit: bool = False,
        label_smoothing: float = 0.0,
        augmenter: Augmenter | None = None,
        weights: np.ndarray | None = None,
    ):
        self.model = model
        self.strategy = strategy
        self.batch_size = batch_size
        self.seed = seed
        self.steps_per_epoch = len(examples) // batch_size
        check_batch_size(batch_size, strategy.num_replicas_in_sync, len(examples))
        self._examples = examples
        self._label_smoothing = label_smoothing
        self._augmenter = augmenter
        self._weights = weights
        self._columns = augmenter.columns if augmenter else 0
        with strategy.scope():
            self.loss = keras.metrics.Mean(name="loss")
            model.optimizer.build(model.trainable_variables)
        self._forward = forward_of(model.get_layer("head"), strategy)
        self._apply = update_of(model, strategy)
        self._seed_states = [v for v in model.variables if v.path.endswith("seed_generator_state")]
        # Only the step is compiled, whose shapes are static. Without XLA it must not be a function
        # of its own: replicas cannot synchronise inside a nested tf.function.
        self._update = (
            tf.function(self._update_weights, autograph=False, jit_compile=True)
            if jit
            else self._update_weights
        )
        self._mixes = augmenter is not None and augmenter.mixes
        self._trace()

    def _trace(self) -> None:
        """Trace the graph, which creates the metrics' variables that a checkpoint restores."""
        columns = (tf.float32,) * (self._columns + (self._weights is not None))
        rows = self.batch_size * (1 + self._mixes)
        signature = self._examples.input_signature(rows, columns)
        steps = tf.TensorSpec((), tf.int32)
        self._run = tf.function(
            self._run_steps, input_signature=[signature, steps] if signature else None
        )
        if not signature:
            order = self._order(0)
            signature = self._examples.iterator(order, 0, 1, *self._transforms(0, order))
        self._run.get_concrete_function(signature, steps)

    def epoch(self, position: Position, stop_at: Callable[[int], int]) -> Iterator[int]:
        """Run epoch `position.epoch` from `position.step` on, and update `position.step`.

        Args:
            position: where to start.
            stop_at: function of the current step that returns the step at which the next call of
                the graph ends.

        Yields:
            The number of steps of each call of the graph.

        Raises:
            NonFiniteLossError: if a step's loss is NaN or infinite.
        """
        if position.step == 0:
            self._begin(position.epoch)
        order = self._order(position.epoch)
        transforms = self._transforms(position.epoch, order)
        while position.step < self.steps_per_epoch:
            stop = min(stop_at(position.step), len(order))
            iterator = self._examples.iterator(order, position.step, stop, *transforms)
            losses = self._run(iterator, tf.constant(stop - position.step)).numpy()
            self._check(losses, position)
            done, position.step = stop - position.step, stop
            yield done

    def logs(self) -> dict[str, float]:
        """Return the epoch's mean loss and the model's metrics so far."""
        metrics = {
            name: float(value)
            for name, value in self.model.get_metrics_result().items()
            if name != "loss"
        }
        return {"loss": float(self.loss.result()), **metrics}

    def variables(self) -> dict[str, keras.Variable | tf.Variable]:
        """Return all variables that training changes: weights, optimizer, random state, metrics."""
        groups = {
            "model": self.model.variables,
            "optimizer": self.model.optimizer.variables,
            "loss": self.loss.variables,
            "metrics": self.model.metrics_variables,
        }
        return {
            f"{group}/{index}": variable
            for group, variables in groups.items()
            for index, variable in enumerate(variables)
        }

    def _order(self, epoch: int) -> np.ndarray:
        order = epoch_order(self.seed, epoch, len(self._examples))
        order = order[: self.steps_per_epoch * self.batch_size].reshape(-1, self.batch_size)
        if not self._mixes:
            return order
        return with_partners(order, self.seed, epoch, len(self._examples))

    def _transforms(self, epoch: int, order: np.ndarray) -> tuple[np.ndarray, ...]:
        columns: tuple[np.ndarray, ...] = ()
        if self._augmenter is not None:
            columns = self._augmenter.sample(self.seed, epoch, len(self._examples))
        if self._weights is not None:
            columns = (*columns, self._weights)
        return tuple(column[order] for column in columns)

    def _begin(self, epoch: int) -> None:
        self.loss.reset_state()
        self.model.reset_metrics()
        for index, state in enumerate(self._seed_states):
            words = np.random.SeedSequence([self.seed, epoch, index]).generate_state(1)
            state.assign(np.array([int(words[0]) // 2, 0], state.dtype))

    def _check(self, losses: np.ndarray, position: Position) -> None:
        bad = np.flatnonzero(~np.isfinite(losses))
        if len(bad):
            raise NonFiniteLossError(
                f"The loss became {losses[bad[0]]} at step {position.step + int(bad[0]) + 1} of "
                f"epoch {position.epoch + 1}; {SMALLER_RATE}."
            )

    def _run_steps(self, iterator, steps):
        losses = tf.TensorArray(tf.float32, size=steps)
        for step in tf.range(steps):
            batch = self._examples.next_batch(iterator, step)
            replica_losses = self.strategy.run(self._step, args=(batch,))
            local = self.strategy.experimental_local_results(replica_losses)
            losses = losses.write(step, tf.add_n(local) / len(local))
        return self._over_all_workers(losses.stack())

    @tf.autograph.experimental.do_not_convert
    def _over_all_workers(self, losses):
        # Summed over all workers, so that a non-finite loss stops them at the same step.
        totals = self.strategy.run(_sum_over_replicas, args=(losses,))
        return self.strategy.experimental_local_results(totals)[0]

    # Only the loop over steps needs AutoGraph, whose conversion would take a third of the start.
    @tf.autograph.experimental.do_not_convert
    def _step(self, batch):
        # The replica's shard is selected outside of the XLA-compiled function.
        return self._update(self._examples.replica_shard(batch))

    def _update_weights(self, shard):
        x, y, *transforms = self._examples.features(shard)
        model = self.model
        with tf.GradientTape() as tape:
            y_pred = self._forward(x)
            loss = self._loss_of(x, y, y_pred, transforms)
            loss = self._smoothed(loss, y_pred, transforms)
            scaled = model.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, model.trainable_variables)
        self._apply(gradients)
        # Keras divides a replica's loss by the number of replicas, to be summed over them.
        self.loss.update_state(loss * self.strategy.num_replicas_in_sync)
        model.compute_metrics(x, self._dominant_label(y, transforms) if self._mixes else y, y_pred)
        return tf.cast(loss, tf.float32)

    def _loss_of(self, x, y, y_pred, transforms):
        if self._mixes:
            # The loss of a blended photo is the weighted sum of the losses for both labels.
            y_pred = tf.repeat(y_pred, 2, axis=0)
        weights = self._loss_weights(transforms)
        return self.model.compute_loss(x, y, y_pred, sample_weight=weights, training=True)

    def _loss_weights(self, transforms):
        """Return what the loss of each row counts, or None if all count the same."""
        weights = transforms[self._columns] if self._weights is not None else None
        if not self._mixes:
            return weights
        shares = self._label_weights(transforms)
        return shares if weights is None else shares * weights

    def _dominant_label(self, y, transforms):
        own, partner = (self._label_weights(transforms)[row::2] for row in (0, 1))
        return tf.where(own >= partner, y[0::2], y[1::2])

    def _label_weights(self, transforms):
        assert self._augmenter is not None
        return self._augmenter.label_weights(transforms)

    def _smoothed(self, loss, probabilities, transforms):
        if not self._label_smoothing:
            return loss
        # Cross-entropy is linear in the target; this is that of the uniform target.
        logarithms = tf.math.log(tf.maximum(probabilities, keras.backend.epsilon()))
        if self._weights is not None:
            weights = self._loss_weights(transforms)
            if self._mixes:
                weights = (weights[0::2] + weights[1::2]) / 2
            logarithms *= tf.cast(weights, logarithms.dtype)[:, None]
        uniform = -tf.reduce_mean(logarithms)
        uniform = tf.cast(uniform, loss.dtype) / self.strategy.num_replicas_in_sync
        return (1 - self._label_smoothing) * loss + self._label_smoothing * uniform


def _sum_over_replicas(numbers):
    return tf.distribute.get_replica_context().all_reduce("sum", tf.identity(numbers))


def check_batch_size(batch_size: int, replicas: int, examples: int) -> None:
    """Check that every replica gets the same, non-zero number of examples of each batch.

    Raises:
        ZooError: if the batch size is below 1, larger than the training set, or not a multiple of
            the number of replicas.
    """
    if batch_size < 1:
        raise ZooError(f"The batch size is {batch_size}; give a whole number from 1 up.")
    if batch_size > examples:
        raise ZooError(
            f"The batch size is {batch_size}, but there are {examples} training examples; "
            "give a smaller --batch-size."
        )
    if batch_size % replicas:
        below = batch_size // replicas * replicas
        sizes = f"{below} or {below + replicas}" if below else str(replicas)
        raise ZooError(
            f"A global batch of {batch_size} cannot be divided equally among {replicas} replicas; "
            f"the nearest sizes that can are {sizes} (--batch-size)."
        )
