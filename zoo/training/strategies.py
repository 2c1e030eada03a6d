"""From a name to a `tf.distribute` strategy: where the replicas of a model live."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from zoo.errors import ZooError
from zoo.registry import require_choice

NAMES = ("auto", "cpu", "gpu", "mirrored")


@dataclass(frozen=True)
class Chosen:
    """A strategy, the name it was chosen by and one sentence on why."""

    name: str
    strategy: tf.distribute.Strategy
    why: str

    @property
    def replicas(self) -> int:
        """Copies of the model that share every batch."""
        return self.strategy.num_replicas_in_sync


def choose(name: str, devices: int | None = None) -> Chosen:
    """Return the strategy of this name.

    Args:
        name: "auto", "cpu", "gpu" (the first one) or "mirrored" (all GPUs of this machine).
        devices: for "mirrored": this many GPUs, or logical CPU devices where there is no GPU.

    Raises:
        ZooError: if there is no such device.
    """
    require_choice("strategy", name, NAMES)
    gpus = tf.config.list_physical_devices("GPU")
    if name == "auto":
        return _automatic(gpus, devices)
    if name == "cpu":
        return Chosen("cpu", tf.distribute.OneDeviceStrategy("/cpu:0"), "as asked")
    if name == "gpu":
        if not gpus:
            raise ZooError("TensorFlow sees no GPU on this machine; use --strategy cpu or auto.")
        return Chosen("gpu", tf.distribute.OneDeviceStrategy("/gpu:0"), "as asked")
    return _mirrored(len(gpus), devices, "as asked")


def _automatic(gpus: list, devices: int | None) -> Chosen:
    if len(gpus) > 1 or devices:
        return _mirrored(len(gpus), devices, f"{len(gpus)} GPUs, {devices or 'all'} asked for")
    if gpus:
        return Chosen("gpu", tf.distribute.OneDeviceStrategy("/gpu:0"), "this machine has one GPU")
    return Chosen("cpu", tf.distribute.OneDeviceStrategy("/cpu:0"), "TensorFlow sees no GPU")


def _mirrored(gpu_count: int, devices: int | None, why: str) -> Chosen:
    if devices is not None and devices < 1:
        raise ZooError(f"--devices is {devices}; give a whole number from 1 up.")
    if gpu_count and devices and devices > gpu_count:
        raise ZooError(f"--devices {devices}, but TensorFlow sees {gpu_count} GPUs; give that.")
    if gpu_count:
        names = [f"GPU:{index}" for index in range(devices or gpu_count)]
    else:
        names = [f"CPU:{index}" for index in range(_logical_cpus(devices or 1))]
    return Chosen("mirrored", tf.distribute.MirroredStrategy(names), why)


def _logical_cpus(count: int) -> int:
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
    except RuntimeError as error:
        # TensorFlow is in use already: what it was given then is all there is.
        if len(tf.config.list_logical_devices("CPU")) < count:
            raise ZooError(
                f"{count} logical CPU devices must be asked for before TensorFlow is first used; "
                "start a new process."
            ) from error
    return count
