"""The playground over HTTP: real Keras models in processes of their own, a few at a time."""

import json

import pytest
from talk import assert_one_sentence, call

SETTINGS = {
    "model": "network",
    "data": "xor",
    "activation": "tanh",
    "depth": 1,
    "width": 4,
    "learning_rate": 0.1,
    "seed": 0,
}


@pytest.fixture
def post(address):
    """Return a function that posts an order; whatever training was started is ended."""
    tokens = set()

    def send(what, **order):
        status, answer = call(f"{address}api/playground/{what}", json.dumps(order).encode())
        if "token" in answer:
            tokens.add(answer["token"])
        return status, answer

    yield send
    for token in tokens:
        send("end", token=token)


def test_xor_is_learned(post):
    _, first = post("start", **SETTINGS)
    assert (first["updates"], len(first["points"])) == (0, 4)
    _, last = post("step", token=first["token"], updates=400)
    assert (last["updates"], last["errors"]) == (400, 0)
    assert last["loss"] < first["loss"] / 2
    assert len(last["grid"]) == last["size"] ** 2


def test_the_same_seed_is_the_same_training(post):
    found = []
    for _ in range(2):
        _, first = post("start", **SETTINGS, token=found[0]["token"] if found else None)
        _, last = post("step", token=first["token"], updates=5)
        found.append({**last, "token": first["token"]})
    assert found[0] == found[1]


def test_each_of_rosenblatt_s_updates_turns_the_line(post):
    settings = {**SETTINGS, "model": "perceptron", "data": "and", "learning_rate": 1.0}
    _, found = post("start", **settings)
    token, lines = found["token"], [found["line"]]
    for _ in range(100):
        _, found = post("step", token=token, updates=1)
        lines.append(found["line"])
        if not found["errors"]:
            break
    assert found["errors"] == 0
    assert len({tuple(line) for line in lines}) > 2
    w1, w2, bias = found["line"]
    for x1, x2, label in found["points"]:
        assert (w1 * x1 + w2 * x2 + bias >= 0) == (label == 1)


def test_a_third_learner_is_told_that_all_places_are_taken(post, address):
    for _ in range(2):
        assert post("start", **SETTINGS)[0] == 200
    assert_one_sentence(post("start", **SETTINGS), 503, "2 places")
    assert call(f"{address}api/models")[0] == 200


def test_settings_out_of_range_are_refused_and_what_trains_goes_on(post):
    token = post("start", **SETTINGS)[1]["token"]
    for name, value in [
        ("data", "rings"),
        ("activation", "gelu"),
        ("depth", 99),
        ("width", 0),
        ("width", "4"),
        ("learning_rate", float("nan")),
        ("seed", -1),
        ("model", None),
    ]:
        assert_one_sentence(post("start", **{**SETTINGS, name: value}, token=token), 400)
    assert post("step", token=token, updates=1)[1]["updates"] == 1


def test_a_refused_start_gives_its_place_back(post):
    for _ in range(3):
        assert_one_sentence(post("start", **{**SETTINGS, "data": "rings"}), 400, "rings")


def test_orders_that_are_none(post, address):
    assert_one_sentence(call(f"{address}api/playground/start", b"{"), 400, "JSON")
    assert_one_sentence(post("step", token="nobody", updates=1), 400, "start it again")
    assert_one_sentence(call(f"{address}api/playground/start", b" " * 10**6), 413)
