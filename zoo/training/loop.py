"""The one training loop for every strategy: many steps per call, inside the graph.

The model's own optimizer, loss and metrics do the work; this file decides which examples a step
sees. Epoch e of seed s goes through a permutation drawn from (s, e), cut into global batches;
replica i takes the i-th slice of each. What does not fill a batch sits the epoch out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import ZooError
from zoo.training.checkpoints import Position
from zoo.training.features import Features

# A call into the graph is stretched towards this long: short enough to show progress and to
# answer a signal, long enough that starting it costs nothing.
_SECONDS_PER_CALL = 0.25


class NonFiniteLossError(ZooError):
    """The loss became NaN or infinite; the message names the step."""


def epoch_order(seed: int, epoch: int, examples: int) -> np.ndarray:
    """Return the order in which an epoch visits the examples, int32 (examples,)."""
    return np.random.default_rng([seed, epoch]).permutation(examples).astype(np.int32)


class TrainingLoop:
    """Runs epochs of one model on one training set.

    Args:
        model: compiled, built under the strategy's scope.
        strategy: where its replicas live.
        features: of the training examples.
        targets: of the training examples, as the model's loss takes them.
        batch_size: examples per step over all replicas together.
        seed: of the order of the examples and of everything random in the model.
        jit: compile each step with XLA.

    Raises:
        ZooError: if the batch does not divide by the replicas or exceeds the examples.
    """

    def __init__(
        self,
        model: keras.Model,
        strategy: tf.distribute.Strategy,
        features: Features,
        targets: np.ndarray,
        *,
        batch_size: int,
        seed: int,
        jit: bool = False,
    ):
        self.model = model
        self.strategy = strategy
        self.batch_size = batch_size
        self.seed = seed
        self.steps_per_epoch = len(features) // batch_size
        check_batch_size(batch_size, strategy.num_replicas_in_sync, len(features))
        self._features = features
        self._targets = tf.convert_to_tensor(targets)
        self._local_batch = batch_size // strategy.num_replicas_in_sync
        with strategy.scope():
            self.loss = keras.metrics.Mean(name="loss")
            model.optimizer.build(model.trainable_variables)
        self._seed_states = [v for v in model.variables if v.path.endswith("seed_generator_state")]
        # Only the step is compiled: its shapes are static, the number of steps is not. Without
        # XLA it must be no function of its own: replicas cannot meet inside a nested one.
        self._update = (
            tf.function(self._update_weights, jit_compile=True) if jit else self._update_weights
        )
        self._run = tf.function(
            self._run_steps, input_signature=[tf.TensorSpec((None, batch_size), tf.int32)]
        )
        # Tracing makes Keras create the metrics' variables, which a checkpoint restores.
        self._run.get_concrete_function()

    def epoch(self, position: Position, stop_at: Callable[[int], int]) -> Iterator[int]:
        """Go through epoch `position.epoch` from `position.step` on, which it moves forward.

        Args:
            position: where to start.
            stop_at: from the step within the epoch to the next step that must end a call.

        Yields:
            The number of steps after each call into the graph.

        Raises:
            NonFiniteLossError: at the first step whose loss is NaN or infinite.
        """
        if position.step == 0:
            self._begin(position.epoch)
        order = epoch_order(self.seed, position.epoch, len(self._features))
        order = order[: self.steps_per_epoch * self.batch_size].reshape(-1, self.batch_size)
        steps_per_call = 1
        while position.step < self.steps_per_epoch:
            until = min(position.step + steps_per_call, stop_at(position.step), len(order))
            started = time.monotonic()
            losses = self._run(order[position.step : until]).numpy()
            seconds = time.monotonic() - started
            self._check(losses, position)
            if until - position.step == steps_per_call:
                faster = 2 if seconds < _SECONDS_PER_CALL else 0.5
                steps_per_call = max(1, int(steps_per_call * faster))
            done, position.step = until - position.step, until
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
        """Return all that changes while training: weights, optimizer, random state, metrics."""
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
                f"epoch {position.epoch + 1}; try a smaller --learning-rate."
            )

    def _run_steps(self, order):
        losses = tf.TensorArray(tf.float32, size=tf.shape(order)[0])
        for step in tf.range(tf.shape(order)[0]):
            replica_losses = self.strategy.run(self._step, args=(order[step],))
            local = self.strategy.experimental_local_results(replica_losses)
            losses = losses.write(step, tf.add_n(local))
        return losses.stack()

    def _step(self, batch):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        rows = tf.slice(batch, [replica * self._local_batch], [self._local_batch])
        return self._update(rows)

    def _update_weights(self, rows):
        x = self._features.batch(rows)
        y = tf.gather(self._targets, rows)
        model = self.model
        with tf.GradientTape() as tape:
            y_pred = model.get_layer("head")(x, training=True)
            loss = model.compute_loss(x, y, y_pred, training=True)
            scaled = model.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, model.trainable_variables)
        model.optimizer.apply(gradients, model.trainable_variables)
        # Keras divides a replica's loss by their number, so that the sum over replicas is right.
        self.loss.update_state(loss * self.strategy.num_replicas_in_sync)
        model.compute_metrics(x, y, y_pred)
        return tf.cast(loss, tf.float32)


def check_batch_size(batch_size: int, replicas: int, examples: int) -> None:
    """Raise one sentence unless every replica gets the same, non-empty share of every batch.

    Raises:
        ZooError: if the batch is empty, larger than the training set, or does not divide.
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
            f"A global batch of {batch_size} does not divide among {replicas} replicas; "
            f"the nearest that do are {sizes} (--batch-size)."
        )
