"""The playground over HTTP: real Keras models in processes of their own, a few at a time."""

import contextlib
import os
import signal
from pathlib import Path

import psutil
import pytest
from playground_settings import SETTINGS
from talk import assert_one_sentence, call, post_json


@pytest.fixture
def post(address):
    """Return a function that posts an order; whatever training was started is ended."""
    tokens = set()

    def send(what, **order):
        status, answer = post_json(f"{address}api/playground/{what}", order)
        if "token" in answer:
            tokens.add(answer["token"])
        return status, answer

    yield send
    for token in tokens:
        send("end", token=token)


def test_xor_is_learned(post):
    _, first = post("start", **SETTINGS)
    assert (first["updates"], len(first["points"])) == (0, 4)
    _, last = step(post, first, 400)
    assert (last["updates"], last["errors"]) == (400, 0)
    assert last["loss"] < first["loss"] / 2
    assert len(last["grid"]) == last["size"] ** 2


def test_the_same_seed_is_the_same_training(post):
    found = []
    for _ in range(2):
        _, first = post("start", **SETTINGS, token=found[0]["token"] if found else None)
        _, last = step(post, first, 5)
        found.append(last)
    assert found[0] == {**found[1], "training": 1}


def test_each_of_rosenblatt_s_updates_turns_the_line(post):
    settings = {**SETTINGS, "model": "perceptron", "data": "and", "learning_rate": 1.0}
    _, found = post("start", **settings)
    lines = [found["line"]]
    for _ in range(100):
        _, found = step(post, found, 1)
        lines.append(found["line"])
        if not found["errors"]:
            break
    assert found["errors"] == 0
    assert len({tuple(line) for line in lines}) > 2
    w1, w2, bias = found["line"]
    for x1, x2, label in found["points"]:
        assert (w1 * x1 + w2 * x2 + bias >= 0) == (label == 1)


@pytest.mark.parametrize("data", ["and", "or"])
def test_the_learned_line_runs_through_no_point(post, data):
    settings = {**SETTINGS, "model": "perceptron", "data": data, "learning_rate": 1}
    token = None
    for seed in range(5):
        _, found = post("start", **{**settings, "seed": seed}, token=token)
        for _ in range(30):
            _, found = step(post, found, 10)
            if not found["errors"]:
                break
        assert found["errors"] == 0
        w1, w2, bias = found["line"]
        length = (w1**2 + w2**2) ** 0.5
        for x1, x2, _ in found["points"]:
            assert abs(w1 * x1 + w2 * x2 + bias) / length > 1e-3
        token = found["token"]


def test_a_third_page_is_told_that_all_places_are_taken(post, address):
    for _ in range(2):
        assert post("start", **SETTINGS)[0] == 200
    assert_one_sentence(post("start", **SETTINGS), 503, "2 training workers")
    assert call(f"{address}api/models")[0] == 200


@pytest.mark.parametrize("rate", [1, 2, 10, 1.0])
def test_whole_numbers_are_numbers(post, rate):
    status, first = post("start", **{**SETTINGS, "learning_rate": rate, "width": 4.0})
    assert status == 200, first
    # Every answer says what is trained.
    assert first["settings"] == {**SETTINGS, "learning_rate": rate}
    status, last = step(post, first, 3)
    assert status == 200, last
    assert (last["updates"], last["settings"]) == (3, first["settings"])


def test_an_answer_is_of_the_training_that_was_asked_for(post):
    _, xor = post("start", **SETTINGS)
    _, other = post("start", **{**SETTINGS, "data": "or"}, token=xor["token"])
    assert other["settings"]["data"] == "or"
    assert_one_sentence(step(post, xor, 1), 410, "start it again")
    assert step(post, other, 1)[1]["settings"]["data"] == "or"


def test_a_worker_that_dies_is_told_and_its_place_is_free(post):
    before = workers()
    _, found = post("start", **SETTINGS)
    (process,) = workers() - before
    assert b"CUDA_VISIBLE_DEVICES=-1" in Path(f"/proc/{process}/environ").read_bytes()
    os.kill(process, signal.SIGKILL)
    assert_one_sentence(step(post, found, 1), 500, "start it again")
    assert_one_sentence(step(post, found, 1), 410, "start it again")
    assert post("start", **SETTINGS, token=found["token"])[1]["token"] != found["token"]


def test_settings_out_of_range_are_refused_and_what_trains_goes_on(post):
    found = post("start", **SETTINGS)[1]
    for name, value in [
        ("data", "rings"),
        ("activation", "gelu"),
        ("depth", 99),
        ("width", 0),
        ("width", "4"),
        ("learning_rate", float("nan")),
        ("seed", -1),
        ("seed", 1.5),
        ("learning_rate", True),
        ("model", None),
    ]:
        refused = post("start", **{**SETTINGS, name: value}, token=found["token"])
        assert_one_sentence(refused, 400, name.replace("_", " "))
    assert step(post, found, 1)[1]["updates"] == 1


def test_a_refused_start_gives_its_place_back(post):
    for _ in range(3):
        assert_one_sentence(post("start", **{**SETTINGS, "data": "rings"}), 400, "rings")


def test_messages_that_are_none(post, address):
    start = f"{address}api/playground/start"
    assert_one_sentence(post_json(start, b"{"), 400, "JSON")
    assert_one_sentence(post_json(start, b"[" * 60_000), 400, "JSON")
    assert_one_sentence(post("step", token="nobody", training=1, updates=1), 410, "start it again")
    assert_one_sentence(post_json(start, b" " * 10**6), 413)
    assert_one_sentence(call(start, b"{}", {"Content-Type": "text/plain"}), 415, "text/plain")
    assert_one_sentence(call(start), 405)


def step(post, found, updates):
    return post("step", token=found["token"], training=found["training"], updates=updates)


def workers():
    """The worker processes that this process, or a server that it has started, has started."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        # It may have ended by now.
        with contextlib.suppress(psutil.Error):
            if "zoo.serve.worker" in process.cmdline():
                found.add(process.pid)
    return found
