"""Trainings on four hosts, network namespaces with real ssh: same weights, no start by mistake.

`python -m pytest -m slow -s tests/training/test_four_hosts.py` prints how each start was refused.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from network.ssh import make_key

import zoo
from zoo.training.launcher import PREEMPTED, WORKER_LOST

# Four processes train on as few cores as the machine has.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

HOSTS = "a:2222,b:2222,c:2222,d:2222"
PACKAGE = Path(zoo.__file__).parent
PERCEPTRON = ("perceptron", "--set", "inputs=2", "--batch-size", "8")
LONG = (*PERCEPTRON, "--epochs", "12", "--checkpoint-every", "37 steps", "--patience", "11")


def command(servers, *words, hosts=HOSTS):
    """Return the words of a training over all hosts; that it starts is not a matter of time."""
    over = ("--hosts", hosts, "--remote-shell", servers.remote_shell, "--start-timeout", "3600")
    return [sys.executable, "-m", "zoo", "train", *map(str, words), *over]


def start(servers, *words, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return servers.network["a"].start(*command(servers, *words), **options)


def train(servers, *words):
    with start(servers, *words) as training:
        output, errors = training.communicate()
    assert training.returncode == 0, errors + output
    return output


def weights(folder):
    return [weight.tobytes() for weight in zoo.load_model(folder).get_weights()]


def running(servers):
    """Return what runs on the hosts besides the ssh servers that wait for the next client."""
    return [
        line
        for host in servers.network
        for line in host.commands().values()
        if "[listener]" not in line
    ]


def wait_until_nothing_runs(servers):
    until = time.monotonic() + 100
    while left := running(servers):
        assert time.monotonic() < until, left
        time.sleep(0.1)


def wait_for(training, beginning):
    for line in training.stdout:
        if beginning in line:
            return
    pytest.fail(f"no line with {beginning!r}: {training.stderr.read()}")


def test_deep_relu_on_four_hosts_is_as_on_four_replicas(four_hosts, tmp_path):
    words = ("deep_relu", "--epochs", "1")
    output = train(four_hosts, *words, "--run-dir", tmp_path / "hosts")
    assert "[0] Strategy multi_worker, 4 replicas" in output
    mirrored = [sys.executable, "-m", "zoo", "train", *words, "--strategy", "mirrored"]
    mirrored += ["--devices", "4", "--run-dir", str(tmp_path / "mirrored")]
    subprocess.run(mirrored, check=True, capture_output=True)
    assert weights(tmp_path / "hosts") == weights(tmp_path / "mirrored")
    wait_until_nothing_runs(four_hosts)


class Refusal:
    """What is wrong with host c, and the hosts, folder and data of the training.

    Args:
        servers: of the hosts.
        folder: for the files of a test.
    """

    def __init__(self, servers, folder):
        self.servers = servers
        self.folder = folder
        self.hosts = HOSTS
        self.words = PERCEPTRON
        self.work = folder / "host" / "work"
        self.work.mkdir(parents=True)
        self.ends = []

    def restore(self):
        for end in self.ends:
            end()
        self.servers.accept_keys("c")
        self.servers.start("c")

    def hide(self, path, other=None):
        self.servers.start("c", {path: other})

    def a_name_that_does_not_resolve(self):
        self.hosts = HOSTS.replace("c:", "nobody:")

    def a_name_that_only_some_hosts_resolve(self):
        known = self.folder / "hosts"
        lines = ["127.0.0.1 localhost", *(f"{self.servers.network[n].address} {n}" for n in "acd")]
        known.write_text("\n".join(lines) + "\n")
        self.hide(Path("/etc/hosts"), known)

    def a_key_that_is_refused(self):
        self.servers.refuse_keys("c")

    def a_host_with_another_key(self):
        key = self.servers.folder / "c_key"
        before = key.read_bytes()
        key.unlink()
        make_key(key)
        self.ends.append(lambda: key.write_bytes(before))
        self.servers.start("c")

    def no_ssh_server(self):
        self.servers.stop("c")

    def a_cable_that_is_not_plugged_in(self):
        host = self.servers.network["c"]
        host.pull_cable()
        self.ends.append(host.plug_cable)
        # The first host has not heard of it for a while.
        self.servers.network["a"].ip("neighbour", "flush", "all")

    def no_package(self):
        self.hide(PACKAGE)

    def no_python(self):
        self.hide(Path(sys.prefix))

    def no_folder(self):
        self.hide(self.work.parent)

    def another_version_of_zoo(self):
        other = self.folder / "zoo"
        shutil.copytree(PACKAGE, other, ignore=shutil.ignore_patterns("__pycache__"))
        (other / "utils" / "version.py").write_text('"""Another."""\n\n__version__ = "0.0.1"\n')
        self.hide(PACKAGE, other)

    def another_python(self):
        other = self.folder / "python"
        words = ["-m", "venv", "--without-pip", str(other)]
        subprocess.run([another_python(), *words], check=True)
        self.hide(Path(sys.prefix), other)

    def other_data(self):
        for name, seed in (("data", 0), ("other", 1)):
            (self.folder / name).mkdir()
            random = np.random.default_rng(seed)
            x = random.random((64, 2), np.float32)
            np.savez(self.folder / name / "points.npz", x=x, y=(x.sum(1) > 1).astype(int))
        self.words = (*PERCEPTRON, "--dataset", f"npz:{self.folder / 'data' / 'points.npz'}")
        self.hide(self.folder / "data", self.folder / "other")

    def a_port_in_use(self):
        program = "import socket, time; s = socket.create_server(('', 2222)); print(flush=True); "
        words = [sys.executable, "-c", program + "time.sleep(600)"]
        user = self.servers.network["c"].start(*words, stdout=subprocess.PIPE)
        user.stdout.readline()

        def end():
            user.kill()
            user.communicate()

        self.ends.append(end)


def another_python():
    """Return a Python interpreter of another version, or skip."""
    found = [shutil.which(f"python3.{minor}") for minor in range(9, 16)]
    found += sorted(map(str, Path.home().glob(".pyenv/versions/*/bin/python3.*[0-9]")))
    for path in filter(None, found):
        # A shim of pyenv may be there without its Python.
        program = "import sys, venv; print(sys.version_info[:2])"
        done = subprocess.run([path, "-c", program], capture_output=True, text=True)
        if done.returncode == 0 and done.stdout.strip() != str(sys.version_info[:2]):
            return path
    pytest.skip("no other version of Python here")
    return None


REFUSALS = {
    "a_name_that_does_not_resolve": "worker 2 on nobody could not be started (ssh: Could not "
    "resolve hostname nobody",
    "a_name_that_only_some_hosts_resolve": "worker 2 on c reports: The name 'b' of worker 1 does "
    "not resolve on this host",
    "a_key_that_is_refused": "worker 2 on c could not be started (root@c: Permission denied",
    "a_host_with_another_key": "worker 2 on c could not be started (Host key verification failed)",
    "no_ssh_server": "worker 2 on c could not be started (ssh: connect to host c port 22: "
    "Connection refused)",
    "a_cable_that_is_not_plugged_in": "worker 2 on c could not be started (ssh: connect to host c "
    "port 22: No route to host)",
    "no_package": "worker 2 on c could not be started (",
    "no_python": "No such file or directory); every host needs",
    "no_folder": "worker 2 on c could not be started (",
    "another_version_of_zoo": f"worker 2 on c reports: This host has zoo 0.0.1, but "
    f"{zoo.__version__} where the training was started",
    "another_python": "worker 2 on c reports: This host has python ",
    "other_data": "Worker 2 (c:2222) has other settings or data than the chief: its dataset is "
    "fingerprint",
    "a_port_in_use": "worker 2 on c reports: Port 2222 of worker 2 cannot be opened",
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_start_that_cannot_be_is_refused_in_one_sentence(what, four_hosts, tmp_path):
    refusal = Refusal(four_hosts, tmp_path)
    try:
        getattr(refusal, what)()
        words = (*refusal.words, "--run-dir", tmp_path / "run")
        started = time.monotonic()
        done = four_hosts.network["a"].run(
            *command(four_hosts, *words, hosts=refusal.hosts), cwd=refusal.work
        )
        seconds = time.monotonic() - started
    finally:
        refusal.restore()
    (sentence,) = done.stderr.splitlines()
    print(f"\n| {what.replace('_', ' ')} | {seconds:.0f} s | {sentence} |")
    assert done.returncode == 2
    assert sentence.startswith("error: worker")
    assert REFUSALS[what] in sentence
    assert sentence.endswith(".")
    # It is not said a second time, and nothing was begun.
    assert "error: " not in done.stdout
    assert not (tmp_path / "run" / "checkpoints").exists()
    wait_until_nothing_runs(four_hosts)


@pytest.fixture(scope="module")
def undisturbed(four_hosts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    train(four_hosts, *LONG, "--run-dir", folder)
    return weights(folder)


def resumed(servers, folder):
    """Return the weights after the same command was repeated."""
    assert not (folder / "results.json").exists()
    wait_until_nothing_runs(servers)
    assert list((folder / "checkpoints").iterdir())
    assert "Resuming after epoch" in train(servers, *LONG, "--run-dir", folder)
    return weights(folder)


def find(host, words):
    """Return the process of a host with these words in its command line."""
    (pid,) = [pid for pid, line in host.commands().items() if words in line]
    return pid


def test_no_worker_survives_a_closed_terminal(four_hosts, undisturbed, tmp_path):
    terminal, inside = os.openpty()
    words = command(four_hosts, *LONG, "--run-dir", tmp_path / "run")
    host = four_hosts.network["a"]
    ends = dict.fromkeys(("stdin", "stdout", "stderr"), inside)
    # It becomes the terminal's controlling process, as a login shell's job does.
    with host.start("setsid", "-c", *words, **ends) as training:
        os.close(inside)
        printed = b""
        while b"epoch   " not in printed:
            printed += os.read(terminal, 4096)
        os.close(terminal)
        assert training.wait() == -signal.SIGHUP
    assert resumed(four_hosts, tmp_path / "run") == undisturbed


def test_no_worker_survives_a_killed_launcher(four_hosts, undisturbed, tmp_path):
    with start(four_hosts, *LONG, "--run-dir", tmp_path / "run") as training:
        wait_for(training, "epoch   ")
        training.kill()
    assert resumed(four_hosts, tmp_path / "run") == undisturbed


def test_no_worker_survives_a_launcher_that_is_killed_before_training(four_hosts, tmp_path):
    with start(four_hosts, *LONG, "--run-dir", tmp_path / "run") as training:
        workers = 0
        while workers < 4:
            assert training.poll() is None
            workers = sum(line.count("-m zoo.worker") for line in running(four_hosts))
        training.kill()
    wait_until_nothing_runs(four_hosts)


def test_a_stopped_launcher_stops_all_hosts_with_a_checkpoint(four_hosts, undisturbed, tmp_path):
    with start(four_hosts, *LONG, "--run-dir", tmp_path / "run") as training:
        wait_for(training, "epoch   ")
        training.terminate()
        training.communicate()
    assert training.returncode == PREEMPTED
    # The launcher waits for them.
    assert not any("zoo.worker" in line for line in running(four_hosts))
    assert resumed(four_hosts, tmp_path / "run") == undisturbed


CUTS = {
    "the client": ("a", " c cd /", "worker 2 on c was killed by signal 9"),
    "the server's session": (
        "c",
        "sshd: root@notty",
        "worker 2 on c or the connection to it was lost",
    ),
    "the chief's session": (
        "a",
        "sshd: root@notty",
        "worker 0 on a or the connection to it was lost",
    ),
    "the worker": ("c", "-m zoo.worker", "worker 2 on c "),
}


@pytest.mark.parametrize("cut", CUTS)
def test_no_worker_survives_a_cut_of_ssh(cut, four_hosts, undisturbed, tmp_path):
    name, words, sentence = CUTS[cut]
    with start(four_hosts, *LONG, "--run-dir", tmp_path / "run") as training:
        wait_for(training, "epoch   ")
        os.kill(find(four_hosts.network[name], words), signal.SIGKILL)
        _, errors = training.communicate()
    assert training.returncode == WORKER_LOST
    (line,) = errors.splitlines()
    assert sentence in line
    assert "resumes from the last checkpoint" in line
    assert resumed(four_hosts, tmp_path / "run") == undisturbed
