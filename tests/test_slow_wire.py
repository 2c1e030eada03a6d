"""The slow wire that other tests use: packets come late, or are lost, and nothing of it is left."""

import json

import pytest
from network.namespaces import missing, network
from network.slow_wire import missing_for_slow_wire, slow_wire

_REASON = missing() or missing_for_slow_wire()
pytestmark = pytest.mark.skipif(_REASON != "", reason=_REASON or "none")

RECEIVER = """
import hashlib, socket
with socket.create_server(("10.77.0.2", 4000)) as server:
    print("ready", flush=True)
    stream, _ = server.accept()
    digest = hashlib.sha256()
    while part := stream.recv(65536):
        digest.update(part)
    print(digest.hexdigest(), flush=True)
"""
SENDER = """
import hashlib, json, random, socket, time
content = random.Random(1).randbytes(2_000_000)
started = time.monotonic()
stream = socket.create_connection(("10.77.0.2", 4000))
connected = time.monotonic() - started
stream.sendall(content)
print(json.dumps([connected, hashlib.sha256(content).hexdigest()]))
"""
# Packets that nobody repeats.
COUNTER = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("10.77.0.2", 4001))
    server.settimeout(2)
    print("ready", flush=True)
    count = 0
    try:
        while True:
            server.recv(100)
            count += 1
    except TimeoutError:
        print(count, flush=True)
"""
DATAGRAMS = """
import socket, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    for _ in range(1000):
        client.sendto(b"x", ("10.77.0.2", 4001))
        time.sleep(0.0002)
"""


@pytest.fixture(scope="module")
def hosts():
    with network(2) as made:
        yield made


def talk(hosts, server, client):
    """Return what a server on host b says in the end, and what a client on host a says."""
    with hosts["b"].start("python3", "-c", server, stdout=-1, text=True) as listening:
        assert listening.stdout.readline() == "ready\n"
        done = hosts["a"].run("python3", "-c", client)
        assert done.returncode == 0, done.stderr
        return listening.communicate()[0], done.stdout


def test_packets_come_late_and_whole(hosts):
    with slow_wire(hosts, 0.1):
        received, sent = talk(hosts, RECEIVER, SENDER)
    seconds, digest = json.loads(sent)
    # To connect takes a packet there and one back.
    assert seconds >= 0.2
    assert received.strip() == digest


def test_lost_packets_are_lost_and_what_is_sent_again_arrives(hosts):
    with slow_wire(hosts, loss=0.2):
        counted, _ = talk(hosts, COUNTER, DATAGRAMS)
    # 800 on average, with a standard deviation of 13.
    assert 700 < int(counted) < 900
    with slow_wire(hosts, loss=0.02, seed=1):
        received, sent = talk(hosts, RECEIVER, SENDER)
    assert received.strip() == json.loads(sent)[1]


def test_nothing_is_left_of_it(hosts):
    before = [hosts[name].run("ip", "route").stdout for name in "ab"]
    with slow_wire(hosts, 0.1):
        assert "slow-a" in hosts["a"].run("ip", "link").stdout
        assert len(hosts.switch.processes()) == 1
    assert [hosts[name].run("ip", "route").stdout for name in "ab"] == before
    assert "slow" not in hosts["a"].run("ip", "link").stdout
    assert hosts.switch.processes() == []
    received, sent = talk(hosts, RECEIVER, SENDER)
    assert received.strip() == json.loads(sent)[1]
