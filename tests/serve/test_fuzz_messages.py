"""Random and damaged messages to a live server: all are answered, and it trains as before."""

import contextlib
import copy
import http.client
import json
import random
import socket
import string
import threading
from urllib.parse import quote, urlsplit

import pytest
from benchmarks.live_page import served
from talk import post_json

CLIENTS = 8
ACTIONS = ("start", "step", "back", "weight", "alive", "end", "code", "export", "nothing")
SETTINGS = [
    {
        "kind": "plane",
        "data": "own",
        "points": [[0, 0.5, 1], [1, 1, 0]],
        "widths": [3, 2],
        "activations": ["relu", "step"],
        "features": ["x1", "x2", "x1*x2"],
        "regularization": "l2",
        "regularization_rate": 0.01,
        "dropout": 0.1,
    },
    {"kind": "curve", "function": "drawn", "values": [0, 1, 0.5], "width": 8},
    {"kind": "field", "problem": "oscillator", "width": 4, "depth": 1},
]
# Never 500: an error of the server.
ANSWERS = {200, 400, 404, 405, 410, 413, 415, 429, 503}


def anything(draw, depth=3):
    """A random JSON value."""
    kind = draw.randrange(11 if depth else 8)
    if kind == 0:
        return draw.choice([None, True, False, "", [], {}, 0, -1])
    if kind == 1:
        return draw.choice([2**31, 2**63, 10**30, -(10**400), 1e308, -1e-320, 0.1, -0.0])
    if kind == 2:
        return draw.choice([float("nan"), float("inf"), float("-inf")])
    if kind == 3:
        return draw.randrange(-1000, 1000)
    if kind == 4:
        return draw.uniform(-10, 10)
    if kind == 5:
        return draw.choice(["plane", "curve", "field", "xor", "own", "tanh", "x1", "adam", "drawn"])
    if kind == 6:
        return "".join(chr(draw.randrange(0x2000)) for _ in range(draw.randrange(30)))
    if kind == 7:
        # With a lone surrogate it is not JSON.
        first = "\ud800" if draw.random() < 0.1 else "\u2028"
        return first + draw.choice(string.printable) * draw.randrange(100)
    if kind in (8, 9):
        return [anything(draw, depth - 1) for _ in range(draw.randrange(5))]
    return {name_for(draw): anything(draw, depth - 1) for _ in range(draw.randrange(6))}


def name_for(draw):
    names = [*good(draw.choice(ACTIONS), draw, "none"), *SETTINGS[0], *SETTINGS[2], "kind", "?"]
    return draw.choice(names)


def good(action, draw, token):
    """A message as the page sends it."""
    if action == "start":
        return {"settings": draw.choice(SETTINGS)}
    more = {
        "step": {"updates": draw.randrange(20)},
        "back": {"to": draw.randrange(10)},
        "weight": {"layer": 0, "row": -1, "column": draw.randrange(3), "value": draw.random()},
    }
    return {"training": token, **more.get(action, {})}


def random_message(seed, token):
    """Path, body and content type of random content."""
    draw = random.Random(seed)
    kind = "application/json" if draw.random() < 0.95 else draw.choice(["text/plain", "", "x/é"])
    if draw.random() < 0.1:
        names = ["xor_mlp", "linear_cat_dog", "mark_one", str(anything(draw))[:50]]
        model = quote(draw.choice(names), errors="surrogatepass")
        path = f"/api/{draw.choice(['predict', 'joints'])}?model={model}"
        return path, draw.randbytes(draw.randrange(300)), kind
    path = f"/api/playground/{draw.choice(ACTIONS)}"
    if draw.random() < 0.3:
        return path, draw.randbytes(draw.randrange(300)), kind
    value = anything(draw, 4)
    if draw.random() < 0.7:
        value = {name_for(draw): anything(draw) for _ in range(draw.randrange(8))}
    return path, json.dumps(value).encode(), kind


def mutated_message(seed, token):
    """Path, body and content type of a good message with one to three mistakes."""
    draw = random.Random(f"mutated {seed}")
    action = draw.choice([action for action in ACTIONS if action not in ("export", "nothing")])
    # The training that others are about goes on.
    message = copy.deepcopy(good(action, draw, "none" if action == "end" else token))
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        # Of the message, or of its settings.
        place = message
        if isinstance(message.get("settings"), dict) and draw.random() < 0.9:
            place = message["settings"]
        names = [name for name in place if name != "training" or draw.random() < 0.3]
        name = draw.choice(names) if names and draw.random() < 0.9 else name_for(draw)
        place[name] = near(draw, place.get(name)) if draw.random() < 0.85 else anything(draw)
        if draw.random() < 0.1:
            del place[name]
    content = bytearray(json.dumps(message).encode())
    if draw.random() < 0.1:
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    if draw.random() < 0.05:
        content = content[: draw.randrange(len(content))]
    return f"/api/playground/{action}", bytes(content), "application/json"


def near(draw, value):
    """A value of the same kind, which may or may not be taken."""
    if isinstance(value, list):
        return [near(draw, item) for item in value for _ in range(draw.choice([0, 1, 1, 1, 2]))]
    if isinstance(value, int):
        return draw.choice([value, -value, value + 1, value - 1, 10 * value + 1, 1.0, 32])
    if isinstance(value, float):
        return draw.choice([value / 10, 10 * value, -value, 0.0, 1, 1e3, 1e30])
    names = ("xor", "spiral", "tanh", "step", "x2", "sin(x1)", "l1", "none", "oscillator", "bumps")
    return draw.choice([value, value, *names])


def send_all(address, messages):
    """Send messages from several clients at once; return (message, status, text) of each."""
    place = urlsplit(address)
    answers, rest, lock = [], iter(messages), threading.Lock()

    def work():
        while True:
            with lock:
                message = next(rest, None)
            if message is None:
                return
            path, content, kind = message
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=120)
            try:
                headers = {"Content-Type": kind.encode()}
                connection.request("POST", path, content, headers)
                response = connection.getresponse()
                found = (message, response.status, response.read())
            except OSError as error:
                found = (message, 0, repr(error).encode())
            finally:
                connection.close()
            with lock:
                answers.append(found)

    clients = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return answers


def train(address):
    """Start a training and make 10 updates; return the frame and the token."""
    message = {"settings": {"kind": "plane", "data": "xor", "test_share": 0.0}}
    status, first = post_json(f"{address}api/playground/start", message)
    assert status == 200, first
    token = first["training"]
    status, frame = post_json(f"{address}api/playground/step", {"training": token, "updates": 10})
    assert status == 200, frame
    return frame, token


@pytest.mark.parametrize(
    ("count", "mutated"), [(500, 100), pytest.param(10_000, 1_000, marks=pytest.mark.slow)]
)
def test_all_messages_are_answered(tmp_path, count, mutated):
    errors = tmp_path / "errors.txt"
    with (
        errors.open("w") as stderr,
        served(bundles=["xor_mlp", "linear_cat_dog"], stderr=stderr) as address,
    ):
        before, _ = train(address)
        tokens = [train(address)[1] for _ in range(CLIENTS)]
        messages = [random_message(seed, tokens[0]) for seed in range(count)]
        messages += [mutated_message(seed, tokens[seed % CLIENTS]) for seed in range(mutated)]
        answers = send_all(address, messages)
        assert len(answers) == count + mutated
        for message, status, content in answers:
            assert status in ANSWERS, (message, status, content)
            if status != 200:
                answer = json.loads(content)
                assert set(answer) == {"error"}
                assert "\n" not in answer["error"]
                assert answer["error"].endswith((".", "?")), (message, answer)
                assert len(answer["error"]) < 600
        # Some mistakes are none, so that workers, too, are sent what is strange.
        statuses = [status for _, status, _ in answers]
        assert statuses.count(200) > mutated / 20
        assert {400, 410, 415} <= set(statuses)
        # Whatever was started is ended, and a training is the same as before.
        for _, status, content in answers:
            if status == 200 and content.startswith(b'{"training"'):
                post_json(
                    f"{address}api/playground/end", {"training": json.loads(content)["training"]}
                )
        after, _ = train(address)
        assert {**after, "training": ""} == {**before, "training": ""}
    assert errors.read_text() == ""


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """A page, and the file with what it writes to standard error."""
    errors = tmp_path_factory.mktemp("fuzz") / "errors.txt"
    with errors.open("w") as stderr, served(bundles=["xor_mlp"], stderr=stderr) as address:
        yield address, errors


GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /api/predict?model=xor_mlp HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\xff\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"A" * 100_000,
        GET.replace(b"/ ", b"/%zz%ff%00 ") + b"\r\n",
        GET.replace(b"/ ", b"http://attacker.example/ ") + b"\r\n",
        GET.replace(b"/ ", b"/api/cards/%00/%2e%2e ") + b"\r\n",
        GET.replace(b"/ ", b"/?code=%ff&code=x ") + b"\r\n",
        GET + b"Host: attacker.example\r\n\r\n",
        GET + b"Origin: \xff\r\n\r\n",
        GET + b"Cookie: \xff=\x80;;=\r\n\r\n",
        GET + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: \xb2\r\n\r\n",
        POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        POST + b"Content-Length: 10\r\n\r\n0 1",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_request_is_refused(logged, content):
    address, errors = logged
    place = urlsplit(address)
    answer = b""
    with (
        # The server may close the connection before it has read everything.
        contextlib.suppress(ConnectionError),
        socket.create_connection((place.hostname, place.port), timeout=20) as connection,
    ):
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        while found := connection.recv(10_000):
            answer += found
    assert answer == b"" or answer.split(b" ", 2)[1] in (b"200", b"400", b"403", b"404")
    assert post_json(f"{address}api/playground/nothing", {})[0] == 404
    assert "Traceback" not in errors.read_text()
