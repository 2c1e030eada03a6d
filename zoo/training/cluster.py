"""The workers of a training: their addresses, and whether they can be reached."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import tensorflow as tf

from zoo.errors import ZooError
from zoo.training.launcher import WORKER_LOST, check_addresses
from zoo.utils.processes import KILL

_JOBS = ("chief", "worker")
_PROBE_SECONDS = 2.0
_SECONDS_BETWEEN_PROBES = 0.1
# Jobs that share a node of SLURM get ports of their own, below those of outgoing connections.
_FIRST_PORT = 8888
_PORTS_OF_A_STEP = 64
_STEPS_WITH_OWN_PORTS = 256
# Its standard input ends when the process that it watches does. The number of that process is
# given, since its parent may be another one: a launcher, as in virtual environments on Windows.
_WATCHDOG = """
import os, sys, threading
def kill():
    sys.stderr.write("error: " + sys.argv[2] + "\\n")
    sys.stderr.flush()
    os.kill(int(sys.argv[3]), int(sys.argv[4]))
    os._exit(1)
timer = threading.Timer(float(sys.argv[1]), kill)
timer.daemon = True
timer.start()
sys.stdin.read()
"""
_CONNECTION_ERRORS = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)
_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)


class WorkerLostError(ZooError):
    """Another worker was lost (exit code 69); the same command resumes from the last checkpoint."""

    exit_code = WORKER_LOST


@dataclass(frozen=True)
class Cluster:
    """The processes of a training, and which of them this one is.

    Args:
        jobs: addresses, "host:port", by index, of the jobs "chief" and "worker".
        job: this process's job.
        index: this process's index within its job.
    """

    jobs: Mapping[str, tuple[str, ...]]
    job: str
    index: int

    def __len__(self) -> int:
        return sum(len(addresses) for addresses in self.jobs.values())

    @property
    def is_chief(self) -> bool:
        """Whether this process is the chief: the job "chief", or worker 0 if there is none."""
        return self.job == "chief" or ("chief" not in self.jobs and self.index == 0)

    def resolver(self) -> tf.distribute.cluster_resolver.ClusterResolver:
        """Return the cluster as a TensorFlow cluster resolver."""
        return tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({job: list(of) for job, of in self.jobs.items()}),
            task_type=self.job,
            task_id=self.index,
            rpc_layer="grpc",
        )

    @property
    def address(self) -> str:
        """The address of this process."""
        return self.jobs[self.job][self.index]

    @property
    def position(self) -> int:
        """This process's position among all, in the order of `names`."""
        return self.index + sum(len(self.jobs[job]) for job in self.jobs if job < self.job)

    def names(self) -> list[str]:
        """Return all processes, in the same order everywhere, as "worker 1 (host:port)"."""
        return [
            f"{job} {index} ({address})"
            # TF_CONFIG may name the jobs in another order elsewhere.
            for job, addresses in sorted(self.jobs.items())
            for index, address in enumerate(addresses)
        ]

    def peers(self) -> list[tuple[str, str]]:
        """Return the other processes, as ("worker 1", "host:port")."""
        return [
            (f"{job} {index}", address)
            for job, addresses in self.jobs.items()
            for index, address in enumerate(addresses)
            if (job, index) != (self.job, self.index)
        ]

    def missing_peers(self) -> str:
        """Return the peers that do not accept a connection, as "worker 1 (host:port)"."""
        missing = _not_listening(self.peers())
        return ", ".join(f"{name} ({address})" for name, address in missing)


def find(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """Return the cluster from TF_CONFIG or from SLURM's variables; None without them.

    Raises:
        ZooError: if TF_CONFIG or SLURM's variables are invalid.
    """
    if environment.get("TF_CONFIG"):
        return parse_tf_config(environment["TF_CONFIG"])
    tasks = _slurm_number(environment, "SLURM_STEP_NUM_TASKS", 1)
    if tasks < 2:
        return None
    step = sum(_slurm_number(environment, f"SLURM_{of}_ID", 0) for of in ("JOB", "STEP"))
    return _from_slurm(tasks, _FIRST_PORT + step % _STEPS_WITH_OWN_PORTS * _PORTS_OF_A_STEP)


def parse_tf_config(text: str) -> Cluster:
    """Parse TF_CONFIG.

    Raises:
        ZooError: if it is invalid.

    >>> config = '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}'
    >>> parse_tf_config(config).is_chief
    False
    """
    try:
        config = json.loads(text)
        jobs = {job: tuple(of) for job, of in config["cluster"].items() if of}
        job, index = config["task"]["type"], int(config["task"]["index"])
        own = jobs.get(job, ())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ZooError(
            f"TF_CONFIG is invalid ({type(error).__name__}: {error}); write it as in {_EXAMPLE}."
        ) from error
    unknown = sorted(set(jobs) - set(_JOBS))
    if unknown:
        raise ZooError(
            f"TF_CONFIG has the job {unknown[0]!r}; a training has 'worker' and at most one "
            "'chief'."
        )
    if not 0 <= index < len(own):
        raise ZooError(f"TF_CONFIG says this is {job} {index}, which is not in its cluster.")
    check_addresses("TF_CONFIG", [address for of in jobs.values() for address in of])
    return Cluster(jobs, job, index)


def wait_for_peers(cluster: Cluster, seconds: float) -> None:
    """Wait until every other worker accepts connections.

    TensorFlow itself would wait for a missing peer forever, in C++ code that no signal interrupts.
    Each worker listens at its own address until it has connected to all others.

    Args:
        cluster: the workers.
        seconds: how long to wait, above 0.

    Raises:
        ZooError: if workers are missing after that time, or this worker's port is in use.
    """
    check_start_timeout(seconds)
    port = int(cluster.address.rpartition(":")[2])
    try:
        # On every interface, as TensorFlow's server: the address may be the name of a service.
        listener = socket.create_server(("", port), backlog=256)
    except OSError as error:
        raise ZooError(
            f"Port {port} of {cluster.job} {cluster.index} cannot be opened "
            f"({os.strerror(error.errno or 0)}); "
            "end the program that uses it, or choose another port."
        ) from error
    until = time.monotonic() + seconds
    with listener:
        missing = cluster.peers()
        while missing := _not_listening(missing):
            if time.monotonic() > until:
                names = ", ".join(f"{name} ({address})" for name, address in missing)
                raise ZooError(
                    f"These workers did not start within {seconds:g} seconds: {names}; start the "
                    "same command on every host, or give a longer --start-timeout."
                )
            time.sleep(_SECONDS_BETWEEN_PROBES)


@contextlib.contextmanager
def time_limit(seconds: float, sentence: str) -> Iterator[None]:
    """Kill this process, after an error message, if the block takes longer than a time limit.

    For calls into C++ that hold the GIL while they wait for another machine: no thread and no
    signal handler of this process can run then, so another process measures the time.
    """
    words = ["-I", "-S", "-c", _WATCHDOG, str(seconds), sentence, str(os.getpid()), str(int(KILL))]
    with subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE) as watchdog:
        try:
            yield
        finally:
            watchdog.kill()


@contextlib.contextmanager
def explaining_lost_workers(cluster: Cluster | None) -> Iterator[None]:
    """Replace TensorFlow's error about a lost worker by one that names the worker.

    Raises:
        WorkerLostError: instead of TensorFlow's error.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if cluster is None:
            raise
        missing = cluster.missing_peers()
        # After a short outage every peer may answer again; the collective operation has failed.
        if not missing and not isinstance(error, _CONNECTION_ERRORS):
            raise
        raise WorkerLostError(
            f"Lost {missing or 'another worker'}; the same command, on every host, resumes from "
            "the last checkpoint."
        ) from error


def check_start_timeout(seconds: float) -> None:
    """Check that the start timeout is above 0.

    Raises:
        ZooError: otherwise.
    """
    if not 0 < seconds < float("inf"):
        raise ZooError(f"The start timeout is {seconds:g} seconds; give a number above 0.")


def _slurm_number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise ZooError(
            f"{name} is {text!r}, not a whole number; unset it, or start the workers with srun."
        )
    return int(text)


def _from_slurm(tasks: int, first_port: int) -> Cluster:
    try:
        # The resolver also assigns GPUs and fails on a node without any. SLURM assigns them itself
        # (--gpus-per-task), so one GPU per task is stated here and none is set.
        resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
            port_base=first_port, gpus_per_node=tasks, gpus_per_task=1, auto_set_gpu=False
        )
        jobs = {job: tuple(of) for job, of in resolver.cluster_spec().as_dict().items()}
        job, index = resolver.get_task_info()
    except (RuntimeError, ValueError, KeyError) as error:
        raise ZooError(
            f"SLURM's variables do not describe a cluster ({error}); start the workers with srun, "
            "or set TF_CONFIG."
        ) from error
    return Cluster(jobs, job, index)


def _not_listening(peers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of the named addresses that do not accept a connection."""
    if not peers:
        return []
    # At once: a host that is silent takes as long as is waited for it.
    with ThreadPoolExecutor(len(peers)) as probes:
        found = list(probes.map(is_listening, [address for _, address in peers]))
    return [peer for peer, listening in zip(peers, found, strict=True) if not listening]


def is_listening(address: str) -> bool:
    """Return whether a process listens at "host:port"."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _PROBE_SECONDS) as stream:
            # A local connection may be assigned the target port and connect to itself.
            return stream.getsockname() != stream.getpeername()
    except OSError:
        return False
