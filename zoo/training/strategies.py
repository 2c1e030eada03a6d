"""Choose a `tf.distribute` strategy by name."""

from __future__ import annotations

import os
from dataclasses import dataclass

import tensorflow as tf

from zoo.errors import ZooError
from zoo.training import cluster as clusters
from zoo.training.agreement import Agreement, MultiWorker, SingleProcess
from zoo.training.cluster import Cluster
from zoo.training.settings import START_TIMEOUT, STRATEGIES
from zoo.utils.choices import require_choice
from zoo.utils.devices import no_gpu


@dataclass(frozen=True)
class ChosenStrategy:
    """A strategy, its name, the reason for choosing it, and the cluster of several workers."""

    name: str
    strategy: tf.distribute.Strategy
    why: str
    cluster: Cluster | None = None

    @property
    def replicas(self) -> int:
        """The number of replicas that share a batch."""
        return self.strategy.num_replicas_in_sync

    @property
    def is_chief(self) -> bool:
        """Whether this process is the chief, which writes files and prints."""
        return self.cluster is None or self.cluster.is_chief

    def agreement(self) -> Agreement:
        """Return the communication between the processes of the training."""
        if self.cluster:
            return MultiWorker(self.strategy, self.cluster)
        return SingleProcess()


def is_chief(name: str) -> bool:
    """Return whether this process would be the chief with the strategy of this name."""
    found = clusters.find() if name in ("auto", "multi_worker") else None
    return found is None or found.is_chief


def choose(
    name: str,
    devices: int | None = None,
    *,
    tpu: str | None = None,
    start_timeout: float = START_TIMEOUT,
) -> ChosenStrategy:
    """Return the strategy of this name; with several workers, wait until all have started.

    Args:
        name: "cpu", "gpu" (the first one), "mirrored" (all GPUs of this machine), "multi_worker"
            (the processes listed in TF_CONFIG or by SLURM), "tpu", or "auto": several workers if
            there are any, else the TPU, else the GPUs, else the CPU.
        devices: for "mirrored": number of GPUs, or of logical CPU devices without a GPU.
        tpu: for "tpu": its name or address, or "local" on a TPU VM.
        start_timeout: seconds to wait for the other workers before giving up.

    Raises:
        ZooError: if a device is missing, or the cluster cannot be formed.
    """
    require_choice("strategy", name, STRATEGIES)
    if devices is not None and name not in ("auto", "mirrored"):
        raise ZooError(f"--devices is only for --strategy mirrored, not for {name}.")
    if tpu is not None and name not in ("auto", "tpu"):
        raise ZooError(f"--tpu is only for --strategy tpu, not for {name}.")
    if name == "auto":
        return _automatic(devices, tpu, start_timeout)
    if name == "multi_worker":
        return _multi_worker(clusters.find(), start_timeout, "as asked")
    if name == "tpu":
        return _tpu(tpu or os.environ.get("TPU_NAME") or "local", start_timeout, "as asked")
    if name == "mirrored":
        return _mirrored(devices, "as asked")
    if name == "gpu" and not _gpus():
        why = no_gpu()
        raise ZooError(
            f"TensorFlow sees no GPU on this machine{f' ({why})' * bool(why)}; use --strategy cpu "
            "or auto."
        )
    return ChosenStrategy(name, tf.distribute.OneDeviceStrategy(f"/{name}:0"), "as asked")


def _automatic(devices: int | None, tpu: str | None, start_timeout: float) -> ChosenStrategy:
    found = clusters.find() if devices is None and tpu is None else None
    if found and len(found) > 1:
        return _multi_worker(found, start_timeout, f"{len(found)} workers are configured")
    if tpu or (devices is None and tf.config.list_physical_devices("TPU")):
        why = "a TPU was named" if tpu else "this machine has a TPU"
        return _tpu(tpu or "local", start_timeout, why)
    gpus = len(_gpus())
    if gpus > 1 or devices:
        return _mirrored(devices, f"{gpus} GPUs, {devices or 'all'} asked for")
    if gpus:
        return ChosenStrategy(
            "gpu", tf.distribute.OneDeviceStrategy("/gpu:0"), "this machine has one GPU"
        )
    why = "TensorFlow sees neither TPU nor GPU"
    return ChosenStrategy("cpu", tf.distribute.OneDeviceStrategy("/cpu:0"), why)


def _multi_worker(cluster: Cluster | None, start_timeout: float, why: str) -> ChosenStrategy:
    if cluster is None:
        raise ZooError(
            "The strategy multi_worker needs workers: give --workers N for this machine, --hosts "
            "for several machines, or set TF_CONFIG in every process."
        )
    clusters.wait_for_peers(cluster, start_timeout)
    stuck = (
        f"All workers started, but TensorFlow did not connect them in {start_timeout:g} seconds."
    )
    try:
        with clusters.time_limit(start_timeout, stuck):
            strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster.resolver())
    except (tf.errors.OpError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ZooError(
            f"{cluster.job} {cluster.index} ({cluster.address}) could not join its cluster "
            f"({reason}); check that every worker has the same addresses."
        ) from error
    return ChosenStrategy("multi_worker", strategy, why, cluster)


def _tpu(name: str, start_timeout: float, why: str) -> ChosenStrategy:
    def explain(reason: str) -> str:
        return (
            f"There is no TPU {name!r} that can be reached from here ({reason}); on a TPU VM give "
            "--tpu local, elsewhere the TPU's name, or use --strategy auto."
        )

    clusters.check_start_timeout(start_timeout)
    silent = f"no answer in {start_timeout:g} seconds"
    try:
        with clusters.time_limit(start_timeout, explain(silent)):
            resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect(name)
            strategy = tf.distribute.TPUStrategy(resolver)
    except (tf.errors.OpError, ValueError, RuntimeError, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ZooError(explain(reason.partition(":")[0][:120])) from error
    return ChosenStrategy("tpu", strategy, why)


def _mirrored(devices: int | None, why: str) -> ChosenStrategy:
    gpus = len(_gpus())
    if devices is not None and devices < 1:
        raise ZooError(f"--devices is {devices}; give a whole number from 1 up.")
    if gpus and devices and devices > gpus:
        raise ZooError(
            f"--devices {devices}, but TensorFlow sees {gpus} GPUs; give at most that many."
        )
    if gpus:
        names = [f"GPU:{index}" for index in range(devices or gpus)]
    else:
        names = [f"CPU:{index}" for index in range(_logical_cpus(devices or 1))]
    return ChosenStrategy("mirrored", tf.distribute.MirroredStrategy(names), why)


def _gpus() -> list:
    return tf.config.list_physical_devices("GPU")


def _logical_cpus(count: int) -> int:
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
    except RuntimeError as error:
        # Devices cannot be changed after TensorFlow was first used.
        if len(tf.config.list_logical_devices("CPU")) < count:
            raise ZooError(
                f"{count} logical CPU devices must be asked for before TensorFlow is first used; "
                "start a new process."
            ) from error
    return count
