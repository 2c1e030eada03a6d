"""What one client may ask for, what all may, and a page that trains nothing."""

import asyncio
import contextlib
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from shared_page import Client, shared_page
from talk import assert_one_sentence, call, post_json

from zoo.serve.buckets import MAX_CLIENTS, Buckets
from zoo.serve.joining import CLIENT
from zoo.serve.limits import LIMITS, MAX_AT_ONCE, MAX_BYTES_AT_ONCE, ClientLimits
from zoo.serve.sessions import PLACES_PER_CLIENT
from zoo.serve.uploads import MAX_UPLOAD_BYTES

PREDICT = "/api/predict?model=xor_mlp"
SETTINGS = {"kind": "plane", "data": "xor", "widths": [2], "activations": ["tanh"]}


@pytest.fixture(scope="module")
def shared():
    with shared_page() as page:
        yield page


@pytest.fixture
def joined(shared):
    """Return a function that makes a client which has joined."""

    def make():
        client = Client(shared.outside)
        assert client.join(shared.code).status == 303
        return client

    return make


def refused(answer, status, *words):
    assert_one_sentence((answer.status, answer.json), status, *words)
    return int(answer.headers["retry-after"])


def test_photos_of_one_client_are_limited_and_those_of_others_are_not(joined, shared):
    eager, other = joined(), joined()
    limit = LIMITS["/api/predict"]
    statuses = [eager.send("POST", PREDICT, b"0 1").status for _ in range(4 * limit.capacity)]
    assert set(statuses[: limit.capacity]) == {200}
    # Some come again while the requests are sent.
    assert statuses.count(429) > limit.capacity
    wait = refused(eager.send("POST", PREDICT, b"0 1"), 429, "30 photos at once, then for 2 per")
    assert wait == 1
    assert other.send("POST", PREDICT, b"0 1").status == 200
    # Neither is a program on this machine limited.
    local = [call(f"{shared.local}{PREDICT[1:]}", b"0 1")[0] for _ in range(2 * limit.capacity)]
    assert set(local) == {200}


@pytest.mark.parametrize(
    ("path", "content", "without"),
    [
        ("/api/joints?model=xor_mlp", b"", 400),
        ("/api/playground/export", b'{"training": "none"}', 410),
    ],
)
def test_what_takes_seconds_is_limited_more(joined, path, content, without):
    client = joined()
    limit = LIMITS[path.partition("?")[0]]
    send = [
        client.send("POST", path, content, {"Content-Type": "application/json"})
        for _ in range(limit.capacity + 1)
    ]
    assert [answer.status for answer in send] == [without] * limit.capacity + [429]
    assert 1 <= refused(send[-1], 429, f"{limit.capacity} {limit.what} at once") <= 60


def test_any_request_counts(joined):
    client = joined()
    answers = (client.get("/api/nothing") for _ in range(5000))
    # 404 until there are too many.
    refusal = next(answer for answer in answers if answer.status != 404)
    refused(refusal, 429, "400 requests at once, then for 60 per second")


@contextlib.contextmanager
def uploading(address, count, size, headers=""):
    """Hold uploads that have begun and do not end; yield their sockets."""
    place = urlsplit(address)
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            connection = stack.enter_context(
                socket.create_connection((place.hostname, place.port), timeout=30)
            )
            connection.sendall(
                f"POST {PREDICT} HTTP/1.1\r\nHost: {place.netloc}\r\n{headers}"
                f"Content-Length: {size}\r\n\r\n0 ".encode()
            )
            found.append(connection)
        yield found


def status_of(connection):
    return int(connection.recv(2000).split()[1])


def test_a_client_sends_so_many_photos_at_once(joined, shared):
    client, other = joined(), joined()
    cookie = f"Cookie: {client.cookie}\r\n"
    with uploading(shared.outside, MAX_AT_ONCE, 3, cookie) as begun:
        eventually(lambda: client.send("POST", PREDICT, b"0 1").status == 429)
        answer = client.send("POST", PREDICT, b"0 1")
        refused(answer, 429, "3 of your photos are being answered")
        assert other.send("POST", PREDICT, b"0 1").status == 200
        for connection in begun:
            connection.sendall(b"1")
            assert status_of(connection) == 200
    assert client.send("POST", PREDICT, b"0 1").status == 200


def test_all_clients_send_so_many_bytes_at_once(shared):
    count = MAX_BYTES_AT_ONCE // MAX_UPLOAD_BYTES
    photo = [f"{shared.local}{PREDICT[1:]}", b"0 " + bytes(MAX_UPLOAD_BYTES // 4)]
    with uploading(shared.local, count, MAX_UPLOAD_BYTES):
        eventually(lambda: call(*photo)[0] == 503)
        assert_one_sentence(call(*photo), 503, "try again in 2 seconds")
        # A row of numbers is small enough.
        assert call(f"{shared.local}{PREDICT[1:]}", b"0 1")[0] == 200
    # Who hangs up leaves room.
    eventually(lambda: call(*photo)[0] == 413)


def eventually(holds):
    """Wait until something holds, at most 30 seconds."""
    for _ in range(300):
        if holds():
            return
        asyncio.run(asyncio.sleep(0.1))
    raise AssertionError("It did not come true within 30 seconds.")


def test_who_does_not_send_is_gone():
    found = []

    async def app(scope, receive, send):
        while (message := await receive())["type"] != "http.disconnect":
            found.append(message)
        found.append(message)

    async def receive():
        if found:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": b"0", "more_body": True}

    scope = {"type": "http", "method": "POST", "path": "/api/predict", "headers": [], CLIENT: None}
    asyncio.run(ClientLimits(app, 0.2)(scope, receive, None))
    assert [message["type"] for message in found] == ["http.request", "http.disconnect"]


def test_a_bucket_forgets_who_was_not_heard_of():
    buckets = Buckets(1, 0.001)
    for client in range(MAX_CLIENTS + 1):
        assert buckets.take(str(client)) == 0
    assert buckets.take(str(MAX_CLIENTS)) > 0
    assert buckets.take("0") == 0


def test_a_client_does_not_fill_the_room(joined, shared):
    greedy, other = joined(), joined()
    message = {"settings": SETTINGS}
    tokens = []
    for _ in range(PLACES_PER_CLIENT):
        answer = greedy.post("/api/playground/start", message)
        assert answer.status == 200, answer.text
        tokens.append(answer.json["training"])
    answer = greedy.post("/api/playground/start", message)
    assert_one_sentence((answer.status, answer.json), 429, "4 trainings at once")
    # One may be replaced by another, and others have their places.
    answer = greedy.post("/api/playground/start", {**message, "training": tokens.pop()})
    assert answer.status == 200
    tokens.append(answer.json["training"])
    tokens.append(other.post("/api/playground/start", message).json["training"])
    for token in tokens:
        assert other.post("/api/playground/end", {"training": token}).status == 200
    assert greedy.post("/api/playground/start", message).status == 200


def test_a_page_that_is_read_only():
    before = workers()
    with shared_page("--read-only") as page:
        client = Client(page.outside)
        client.join(page.code)
        assert client.get("/api/playground").json["read_only"] is True
        for what in ("start", "step", "back", "weight", "alive", "end", "code", "export", "more"):
            answer = client.post(f"/api/playground/{what}", {"settings": SETTINGS})
            assert_one_sentence((answer.status, answer.json), 403, "nothing can be trained")
        assert_one_sentence(post_json(f"{page.local}api/playground/start", {}), 403)
        assert client.send("POST", PREDICT, b"0 1").json["label"] == "1"
        assert "xor_mlp" in client.get("/api/cards/xor_mlp").text
        assert workers() - before == set()


def test_the_page_says_that_it_is_read_only(browser):
    with shared_page("--read-only") as page:
        window = browser.new_page()
        window.set_default_timeout(30_000)
        for section in ("playground", "approximation", "physics"):
            window.goto(f"{page.local}#{section}")
            window.reload()
            window.wait_for_selector(f"#{section} >> text=nothing can be trained on this server")
        for section in ("approximation", "physics"):
            window.goto(f"{page.local}#{section}")
            window.wait_for_selector(f"#{section}[data-refused]")
            assert window.locator(f"#{section} :is(button, input, select):enabled").count() == 0
        window.goto(f"{page.local}#predict")
        window.select_option("#model", "xor_mlp")
        window.click("#samples button:has-text('0 1')")
        window.wait_for_selector("#prediction:has-text('1 (1.0000)')")
        window.close()


def workers():
    """Processes below this one that train or export."""
    return {
        process.pid
        for process in psutil.Process().children(recursive=True)
        if "zoo.serve" in " ".join(Path(f"/proc/{process.pid}/cmdline").read_text().split("\0"))
    }
