"""What of a training on two hosts is reachable from another subnet, with and without a firewall."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from network.namespaces import outsider

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not shutil.which("nft"), reason="apt-get install nftables"),
]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "distributed.md"
PORT = 2222


@pytest.fixture(scope="module")
def two_hosts(ssh_hosts):
    return ssh_hosts(2)


@pytest.fixture(scope="module")
def stranger(two_hosts):
    with outsider(two_hosts.network) as outside:
        yield outside


def documented_rules(hosts):
    """Return the document's rules, with these hosts' addresses."""
    (rules,) = re.findall(r"```nft\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    addresses = ", ".join(host.address for host in hosts)
    replaced, count = re.subn(r"saddr != \{[^}]*\}", f"saddr != {{ {addresses} }}", rules)
    assert count == 1
    return replaced


def reached(stranger, name):
    """Return the ways by which the stranger gets a connection to a worker of a host."""
    program = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
    return [
        address
        for address in stranger.seen[name]
        if stranger.run(sys.executable, "-c", program, address, PORT).returncode == 0
    ]


def listening(host):
    """Return the ports that are open on a host, and the interfaces' addresses."""
    lines = host.run("ss", "-Hltn").stdout.splitlines()
    return {tuple(line.split()[3].rsplit(":", 1)) for line in lines}


@pytest.fixture(params=["without rules", "with the documented rules"])
def guarded(request, two_hosts):
    """Whether the hosts have the document's rules."""
    rules = request.param == "with the documented rules"
    if rules:
        for host in two_hosts.network:
            host.run("nft", "-f", "-", input=documented_rules(two_hosts.network), check=True)
    yield rules
    if rules:
        for host in two_hosts.network:
            host.run("nft", "delete", "table", "inet", "zoo", check=True)


def train(servers, folder, epochs):
    """Start a training on both hosts, and wait until it has an epoch."""
    words = [sys.executable, "-m", "zoo", "train", "perceptron", "--set", "inputs=2"]
    words += ["--batch-size", "8", "--epochs", str(epochs), "--patience", str(epochs - 1)]
    words += ["--hosts", f"a:{PORT},b:{PORT}", "--remote-shell", servers.remote_shell]
    words += ["--run-dir", str(folder)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    training = servers.network["a"].start(*words, **streams, text=True)
    printed = ""
    for line in training.stdout:
        if "epoch   " in line:
            return training
        printed += line
    return pytest.fail(printed)


def test_strangers_reach_a_worker_unless_there_is_a_firewall(
    guarded, two_hosts, stranger, tmp_path
):
    # Long enough for twelve seconds of attempts that a firewall leaves without an answer.
    with train(two_hosts, tmp_path / "run", 100) as training:
        found = {host.name: reached(stranger, host.name) for host in two_hosts.network}
        opened = {host.name: listening(host) for host in two_hosts.network}
        # It was training all the while.
        assert training.poll() is None
        training.stdout.read()
    assert training.returncode == 0
    print(f"\n| {'rules' if guarded else 'no rules'} | {found} | {opened} |")
    assert found == {name: [] if guarded else list(stranger.seen[name]) for name in "ab"}
    for host in two_hosts.network:
        # The ssh server, and on every interface one port of the worker.
        assert {port for _, port in opened[host.name]} == {"22", str(PORT)}
        assert ("*", str(PORT)) in opened[host.name] or ("0.0.0.0", str(PORT)) in opened[host.name]


def test_a_worker_does_what_strangers_ask_for(two_hosts, stranger, tmp_path):
    # Why the document warns: what the worker reads for the stranger is its own command line.
    address, _ = stranger.seen["b"]
    program = f"""
import tensorflow as tf
tf.config.experimental_connect_to_host("{address}:{PORT}", job_name="stranger")
with tf.device("/job:stranger/replica:0/task:0/device:CPU:0"):
    print(tf.io.read_file("/proc/self/cmdline").numpy())
"""
    with train(two_hosts, tmp_path / "run", 10_000) as training:
        done = stranger.run(sys.executable, "-c", program)
        training.kill()
        training.communicate()
    assert "zoo.worker" in done.stdout, done.stderr
