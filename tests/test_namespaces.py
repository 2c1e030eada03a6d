"""The hosts that other tests use: they are apart, and nothing of them is left."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from network import namespaces as network_module
from network.namespaces import has_ended, network
from network.ssh import missing_for_ssh, ssh_servers

pytestmark = pytest.mark.skipif(missing_for_ssh() != "", reason=missing_for_ssh() or "none")

FILES = Path("/etc/netns")


def namespaces():
    return {line.split()[0] for line in subprocess.getoutput("ip netns").splitlines()}


def links():
    return {line.split()[1] for line in subprocess.getoutput("ip -o link").splitlines()}


def ours():
    return {name for name in namespaces() if name.startswith(f"zoo-{os.getpid()}-")}


def test_nothing_is_left_not_even_of_what_was_running():
    before = (links(), FILES.exists())
    with network(2) as hosts, ssh_servers(hosts) as servers:
        left = hosts["b"].start("sleep", "600")
        through_ssh = hosts["a"].start(
            "sh", "-c", f"{servers.remote_shell} b 'sleep 600 & sleep 600'"
        )
        while "sleep 600" not in hosts["b"].commands().values() or len(hosts["b"].commands()) < 5:
            assert through_ssh.poll() is None
        pids = [*hosts["a"].processes(), *hosts["b"].processes(), left.pid]
        folder = servers.folder
        assert len(ours()) == 3
        assert (FILES / hosts["a"].namespace / "hosts").is_file()
    assert left.wait() == -9
    through_ssh.wait()
    assert ours() == set()
    assert (links(), FILES.exists()) == before
    assert not folder.exists()
    assert all(has_ended(pid) for pid in pids)


def test_nothing_is_left_after_an_error_either():
    with pytest.raises(KeyError), network(1) as hosts:
        hosts["b"].run("true")
    assert ours() == set()


def test_what_a_killed_process_leaves_is_removed_by_the_next_network():
    program = (
        "from network.namespaces import network\nfrom network.ssh import ssh_servers\n"
        "with network(2) as hosts, ssh_servers(hosts) as servers:\n"
        "    print(hosts.switch.namespace, servers.folder, flush=True)\n    input()\n"
    )
    tools = str(Path(network_module.__file__).parents[1])
    words = [sys.executable, "-c", f"import sys\nsys.path.insert(0, {tools!r})\n{program}"]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, **streams, text=True) as killed:
        switch, folder = killed.stdout.readline().split()
        killed.kill()
    shutil.rmtree(folder)
    left = [name for name in namespaces() if name.startswith(switch.removesuffix("switch"))]
    assert len(left) == 3
    # The servers end with it, not at the same moment.
    while any(subprocess.getoutput(f"ip netns pids {name}") for name in left):
        time.sleep(0.05)
    with network(1):
        assert not namespaces() & set(left)
    assert not any((FILES / name).exists() for name in left)


def reaches(host, name, port=22):
    program = f"import socket; socket.create_connection(({name!r}, {port}), 2)"
    return host.run("python3", "-c", program).returncode == 0


def test_two_networks_with_the_same_addresses_do_not_meet(four_hosts):
    with network(1) as other:
        assert reaches(four_hosts.network["a"], "10.77.0.2")
        assert not reaches(other["a"], "10.77.0.2")


def test_a_pulled_cable_cuts_a_host_off_until_it_is_plugged_in(four_hosts):
    hosts = four_hosts.network
    hosts["b"].pull_cable()
    assert not reaches(hosts["a"], "b")
    assert not reaches(hosts["b"], "a")
    assert reaches(hosts["a"], "c")
    hosts["b"].plug_cable()
    assert reaches(hosts["a"], "b")


def test_a_limited_cable_is_slow(four_hosts):
    hosts = four_hosts.network
    copy = f"head -c 2000000 /dev/zero | {four_hosts.remote_shell} b wc -c"
    with hosts.limited_rate(8e6):
        started = time.monotonic()
        done = hosts["a"].run("sh", "-c", copy)
        seconds = time.monotonic() - started
    for host in hosts:
        assert "tbf" not in host.run("tc", "qdisc").stdout
    assert done.stdout.strip() == "2000000"
    # 16 million bits; ssh compresses nothing unless asked to.
    assert seconds > 1.5


def test_a_command_runs_on_another_host_through_ssh(four_hosts):
    hosts = four_hosts.network
    for name in "abcd":
        done = hosts["a"].run(
            "sh", "-c", f"{four_hosts.remote_shell} {name} ip -o address show eth0"
        )
        assert hosts[name].address in done.stdout


def test_a_key_can_be_refused(four_hosts):
    four_hosts.refuse_keys("b")
    refused = four_hosts.run("a", "b", "true")
    four_hosts.accept_keys("b")
    assert refused.returncode == 255
    assert "Permission denied (publickey)" in refused.stderr
    assert four_hosts.run("a", "b", "true").returncode == 0


def test_the_machine_s_network_is_out_of_reach(four_hosts):
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)"
        done = four_hosts.network["a"].run("python3", "-c", program)
    assert "ConnectionRefusedError" in done.stderr
