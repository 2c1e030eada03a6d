"""Worker processes on loopback: they start together, stop together, and lose nothing."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import zoo
from zoo import ZooError
from zoo.training import cluster, strategies
from zoo.training.launcher import INTERRUPTED, PREEMPTED, WORKER_LOST, local_addresses, parse_hosts

TRAIN = [sys.executable, "-m", "zoo", "train", "perceptron", "--set", "inputs=2"]
TRAIN += ["--batch-size", "8", "--epochs", "24", "--checkpoint-every", "37 steps"]
# More epochs than there are after the best one: its weights are kept.
TRAIN += ["--patience", "23"]


def start(*words, **environment):
    return subprocess.Popen(
        [*TRAIN, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def start_cluster(addresses, indices, *words):
    return [
        start(
            "--strategy",
            "multi_worker",
            *words,
            TF_CONFIG=json.dumps(
                {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            ),
        )
        for index in indices
    ]


def wait_for(process, beginning):
    for line in process.stdout:
        if beginning in line:
            return line
    pytest.fail(f"no line with {beginning!r}: {process.stderr.read()}")


def children_of(process):
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(child) for child in children.read_text().split()]


def sentence_of(message):
    (line,) = [line for line in message.splitlines() if line]
    assert line.startswith("error: ")
    return line


def weights(folder):
    return [weight.tobytes() for weight in zoo.load_model(folder).get_weights()]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workers") / "run"
    with start("--workers", 2, "--run-dir", folder) as training:
        output, errors = training.communicate()
    assert training.returncode == 0, errors
    assert "[0] Test: " in output
    # Only the chief talks, and only it writes.
    assert "[1]" not in output
    return folder


def test_a_killed_worker_ends_the_others_and_the_same_command_goes_on(undisturbed, tmp_path):
    with start("--workers", 2, "--run-dir", tmp_path / "run") as training:
        wait_for(training, "epoch   ")
        os.kill(children_of(training)[1], signal.SIGKILL)
        _, errors = training.communicate()
    assert training.returncode == WORKER_LOST
    assert "worker 1 was killed by signal 9" in sentence_of(errors)
    assert not (tmp_path / "run" / "results.json").exists()
    with start("--workers", 2, "--run-dir", tmp_path / "run") as training:
        output, errors = training.communicate()
    assert training.returncode == 0, errors
    assert "[0] Resuming after epoch" in output
    assert weights(tmp_path / "run") == weights(undisturbed)
    history = (tmp_path / "run" / "history.csv").read_bytes()
    assert history == (undisturbed / "history.csv").read_bytes()


def stopped(kind, folder):
    """Return the exit code of a launcher that gets a signal while its workers train."""
    with start("--workers", 2, "--run-dir", folder) as training:
        wait_for(training, "epoch   ")
        training.send_signal(kind)
        training.communicate()
    assert not (folder / "results.json").exists()
    assert list((folder / "checkpoints").iterdir())
    return training.returncode


def test_a_stopped_launcher_stops_its_workers_with_a_checkpoint(undisturbed, tmp_path):
    assert stopped(signal.SIGTERM, tmp_path / "run") == PREEMPTED
    with start("--workers", 2, "--run-dir", tmp_path / "run") as training:
        output, _ = training.communicate()
    assert "Resuming after epoch" in output
    assert weights(tmp_path / "run") == weights(undisturbed)


def test_ctrl_c_stops_the_workers_with_a_checkpoint_too(tmp_path):
    assert stopped(signal.SIGINT, tmp_path / "run") == INTERRUPTED


@pytest.mark.parametrize(
    ("kind", "code"), [(signal.SIGTERM, PREEMPTED), (signal.SIGINT, INTERRUPTED)]
)
def test_a_launcher_that_is_stopped_before_training_stops_its_workers(kind, code, tmp_path):
    with start("--workers", 2, "--run-dir", tmp_path / "run") as training:
        while len(workers := children_of(training)) < 2:
            assert training.poll() is None
        training.send_signal(kind)
        _, errors = training.communicate()
    assert training.returncode == code
    assert "killed" not in errors
    assert not any(is_running(worker) for worker in workers)


def test_workers_leave_with_a_checkpoint_when_their_launcher_is_killed(tmp_path):
    with start("--workers", 2, "--run-dir", tmp_path / "run") as training:
        wait_for(training, "epoch   ")
        workers = children_of(training)
        training.kill()
        training.communicate()
    until = time.monotonic() + 30
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert list((tmp_path / "run" / "checkpoints").iterdir())


def is_running(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_without_a_launcher_the_survivor_says_who_was_lost(undisturbed, tmp_path):
    addresses = local_addresses(2)
    chief, other = start_cluster(addresses, (0, 1), "--run-dir", tmp_path / "run")
    with chief, other:
        wait_for(chief, "epoch   ")
        other.kill()
        killed = time.monotonic()
        _, errors = chief.communicate()
        seconds = time.monotonic() - killed
    assert chief.returncode == WORKER_LOST
    assert f"Lost worker 1 ({addresses[1]})" in sentence_of(errors)
    assert seconds < 30
    both = start_cluster(local_addresses(2), (0, 1), "--run-dir", tmp_path / "run")
    for process in both:
        process.communicate()
        assert process.returncode == 0
    assert weights(tmp_path / "run") == weights(undisturbed)


@pytest.mark.parametrize("index", [0, 1])
def test_a_worker_that_never_comes_is_named(index, tmp_path):
    addresses = local_addresses(2)
    words = ("--run-dir", tmp_path / "run", "--start-timeout", 2)
    (alone,) = start_cluster(addresses, (index,), *words)
    with alone:
        _, errors = alone.communicate()
    assert alone.returncode == 2
    missing = 1 - index
    assert f"within 2 seconds: worker {missing} ({addresses[missing]})" in sentence_of(errors)
    assert not (tmp_path / "run").exists()


def test_workers_that_were_told_different_things_do_not_train(tmp_path):
    addresses = local_addresses(2)
    (chief,) = start_cluster(addresses, (0,), "--run-dir", tmp_path / "run")
    (other,) = start_cluster(addresses, (1,), "--run-dir", tmp_path / "run", "--seed", 1)
    with chief, other:
        for worker in (chief, other):
            _, errors = worker.communicate()
            assert worker.returncode == 2
            sentence = sentence_of(errors)
            assert f"Worker 1 ({addresses[1]}) has other settings or data" in sentence
            assert "its seed is 1, not 0" in sentence


def test_hosts_are_reached_through_a_remote_shell(tmp_path):
    # What ssh does with "HOST COMMAND", without a network: another shell runs the command.
    shell = tmp_path / "shell"
    shell.write_text('#!/bin/sh\nshift\nexec env -i HOME="$HOME" PATH="$PATH" sh -c "$1"\n')
    shell.chmod(shell.stat().st_mode | stat.S_IXUSR)
    hosts = ",".join(local_addresses(2))
    words = ("--hosts", hosts, "--remote-shell", shell, "--run-dir", tmp_path / "run")
    with start(*words, "--epochs", 2) as training:
        output, errors = training.communicate()
    assert training.returncode == 0, errors
    assert "[0] Test: " in output
    assert (tmp_path / "run" / "results.json").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--workers", 0), "from 1 up"),
        (("--hosts", "alone:1"), "two or more"),
        (("--workers", 2, "--hosts", "a:1,b:1"), "one of them"),
        (("--workers", 2, "--strategy", "cpu"), "multi_worker, not cpu"),
        (("--strategy", "multi_worker"), "--workers N"),
        (("--strategy", "tpu", "--tpu", "local"), "There is no TPU 'local'"),
        (("--strategy", "tpu", "--tpu", "no-such-tpu"), "There is no TPU 'no-such-tpu'"),
        (("--strategy", "cpu", "--devices", 2), "mirrored, not for cpu"),
        (("--strategy", "cpu", "--tpu", "local"), "tpu, not for cpu"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(words, message, run_zoo, tmp_path):
    done = run_zoo("train", "perceptron", *words, "--run-dir", tmp_path / "run")
    assert done.returncode == 2
    assert message in sentence_of(done.stderr)


def test_a_batch_that_workers_cannot_share_is_refused_by_one_of_them(tmp_path):
    words = ("--workers", 2, "--batch-size", 7, "--run-dir", tmp_path / "run")
    with start(*words) as training:
        output, errors = training.communicate()
    assert training.returncode == 2
    assert "reports: A global batch of 7" in sentence_of(errors)
    assert "nearest sizes that can are 6 or 8" in errors
    assert "nearest" not in output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "TF_CONFIG is invalid"),
        ('{"cluster": {"worker": ["a:1"]}}', "TF_CONFIG is invalid"),
        ('{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}', "the job 'ps'"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', "worker 1"),
        ('{"cluster": {"worker": ["a"]}, "task": {"type": "worker", "index": 0}}', "host:port"),
    ],
)
def test_a_tf_config_that_cannot_be_meant_is_refused(text, message):
    with pytest.raises(ZooError, match=message):
        cluster.parse_tf_config(text)


def test_slurm_s_variables_make_a_cluster(monkeypatch):
    slurm = {"PROCID": "2", "STEP_NUM_TASKS": "4", "STEP_NODELIST": "node[1-2]"}
    for name, value in {**slurm, "STEP_TASKS_PER_NODE": "2(x2)"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    found = cluster.find()
    assert found.jobs["worker"] == ("node1:8888", "node1:8889", "node2:8888", "node2:8889")
    assert (found.job, found.index, found.is_chief) == ("worker", 2, False)
    assert not strategies.is_chief("auto")
    assert strategies.is_chief("cpu")


def test_the_job_chief_is_the_chief():
    config = (
        '{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, "task": {"type": "%s", "index": 0}}'
    )
    assert cluster.parse_tf_config(config % "chief").is_chief
    worker = cluster.parse_tf_config(config % "worker")
    assert not worker.is_chief
    assert len(worker) == 2
    assert worker.peers() == [("chief 0", "a:1")]


def test_hosts_need_ports():
    with pytest.raises(ZooError, match="host0:2222"):
        parse_hosts("a,b")


def test_a_port_that_is_taken_is_named():
    import socket

    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        jobs = {"worker": (f"127.0.0.1:{port}", "127.0.0.1:1")}
        with pytest.raises(ZooError, match=f"Port {port} of worker 0"):
            cluster.wait_for_peers(cluster.Cluster(jobs, "worker", 0), 1)


def test_a_call_that_hangs_holding_python_s_lock_is_ended_with_a_sentence():
    program = (
        "import ctypes\nfrom zoo.training.cluster import time_limit\n"
        "with time_limit(0.5, 'Nobody answers.'):\n"
        # PyDLL keeps the lock during the call, as TensorFlow does while it connects.
        "    ctypes.PyDLL(None).sleep(60)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    assert "error: Nobody answers." in done.stderr
