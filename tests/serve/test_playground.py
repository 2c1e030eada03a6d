"""The playground over HTTP: real Keras models, trained by a few processes for all pages."""

import contextlib

import psutil
import pytest
from playground_settings import SETTINGS
from talk import assert_one_sentence, call, post_json

from zoo.serve.packing import unpack
from zoo.serve.settings import PlaneSettings

PERCEPTRON = {"kind": "plane", "data": "and", "model": "perceptron", "learning_rate": 1.0}


@pytest.fixture
def post(address):
    """Return a function that posts a message; whatever training was started is ended."""
    tokens = set()

    def send(what, **message):
        status, answer = post_json(f"{address}api/playground/{what}", message)
        if "training" in answer:
            tokens.add(answer["training"])
        return status, answer

    yield send
    for token in tokens:
        send("end", training=token)


def test_xor_is_learned(post):
    first = start(post)
    assert (first["updates"], len(first["points"]["train"])) == (0, 4)
    assert first["settings"]["widths"] == [4]
    # What is left out has its default value.
    assert first["settings"]["optimizer"] == PlaneSettings().optimizer
    last = train(post, first, 400)
    assert (last["updates"], last["errors"]["train"]) == (400, 0)
    assert last["loss"]["train"] < first["loss"]["train"] / 2
    assert "points" not in last
    grid = unpack(last["grid"])
    assert grid.shape == (51, 51)
    assert (grid.min() < 0.5) & (grid.max() > 0.5)


def test_the_same_seed_is_the_same_training_in_turns_of_any_length(post):
    found = [train(post, start(post, seed=3), 60, at_once) for at_once in (60, 7)]
    assert without_token(found[0]) == without_token(found[1])
    other = train(post, start(post, seed=4), 60)
    assert other["weights"] != found[0]["weights"]


def test_each_of_rosenblatt_s_updates_turns_the_line(post):
    found = post("start", settings=PERCEPTRON)[1]
    points = found["points"]["train"]
    lines = [found["line"]]
    for _ in range(100):
        found = train(post, found, found["updates"] + 1)
        lines.append(found["line"])
        if not found["errors"]["train"]:
            break
    assert found["errors"]["train"] == 0
    assert len({tuple(line) for line in lines}) > 2
    w1, w2, bias = found["line"]
    for x1, x2, label in points:
        assert (w1 * x1 + w2 * x2 + bias >= 0) == (label == 1)


@pytest.mark.parametrize("data", ["and", "or", "nand"])
def test_the_learned_line_runs_through_no_point(post, data):
    for seed in range(4):
        found = post("start", settings={**PERCEPTRON, "data": data, "seed": seed})[1]
        points = found["points"]["train"]
        for updates in range(10, 310, 10):
            found = train(post, found, updates)
            if not found["errors"]["train"]:
                break
        assert found["errors"]["train"] == 0
        w1, w2, bias = found["line"]
        length = (w1**2 + w2**2) ** 0.5
        for x1, x2, _ in points:
            assert abs(w1 * x1 + w2 * x2 + bias) / length > 1e-3


def test_back_to_any_earlier_update_and_forward_again(post):
    frames = {0: start(post, data="circle", widths=[5, 3], activations=["relu", "swish"])}
    for updates in range(9, 200, 9):
        frames[updates] = train(post, frames[0], updates)
    # Sixteen states are kept; the updates from the nearest one are made again.
    for updates in (198, 9, 90, 81, 189, 0, 99):
        status, found = back(post, frames[0], updates)
        assert status == 200, found
        assert found == {name: frames[updates][name] for name in found}
    assert train(post, frames[0], 108) == frames[108]
    assert_one_sentence(back(post, frames[0], 199), 400, "198 updates")


def test_a_weight_set_by_hand_is_kept_until_updates_are_made_before_it(post):
    first = start(post, data="circle")
    train(post, first, 20)
    before = weight(post, first, 0, -1, 2, 0.0)[1]
    edited = weight(post, first, 0, 1, 2, -1.5)[1]
    assert edited["updates"] == 20
    assert edited["grid"] != before["grid"]
    assert unpack(edited["weights"][0]["kernel"])[1, 2] == -1.5
    assert unpack(edited["weights"][0]["bias"])[2] == 0
    later = train(post, first, 50)
    # Made again from earlier states, with the weight set at its update.
    assert back(post, first, 30)[0] == 200
    assert train(post, first, 50) == later
    assert back(post, first, 20)[1] == edited
    assert train(post, first, 50) == later
    # Before it and behind it again, it is set again.
    assert back(post, first, 10)[1]["weights"] != later["weights"]
    assert back(post, first, 35)[0] == 200
    assert back(post, first, 0)[1]["weights"] == first["weights"]
    assert back(post, first, 50)[1]["weights"] == later["weights"]
    program = code(post, first)
    assert back(post, first, 10)[0] == 200
    # The program of an earlier update has no later weights.
    assert len(code(post, first)) < len(program)
    # New updates make another training.
    assert step(post, first, 1)[1]["updates"] == 11
    assert_one_sentence(back(post, first, 50), 400, "11 updates")
    without = train(post, first, 50)
    assert without["weights"] != later["weights"]
    assert without == train(post, start(post, data="circle"), 50) | {"training": first["training"]}


def test_a_weight_that_does_not_exist(post):
    first = start(post)
    assert_one_sentence(weight(post, first, 3, 0, 0, 1.0), 400)
    assert_one_sentence(weight(post, first, 0, 9, 0, 1.0), 400)
    curve = post("start", settings={"kind": "curve", "width": 3})[1]
    assert_one_sentence(weight(post, curve, 0, 0, 0, 1.0), 400, "plane")


@pytest.mark.parametrize("kind", ["plane", "curve", "field"])
def test_every_kind_trains(post, kind):
    status, first = post("start", settings={"kind": kind})
    assert status == 200, first
    last = train(post, first, 25)
    assert (last["updates"], last["settings"]) == (25, first["settings"])
    assert last["loss"] != first["loss"]


def test_what_the_page_is_told_before_it_trains(address):
    status, about = call(f"{address}api/playground")
    assert status == 200
    assert about["training"] is True
    assert about["read_only"] is False
    assert about["places"] >= 30
    assert about["choices"]["plane"]["widths"]["maximum"] == 32
    assert {preset["section"] for preset in about["presets"]} >= {"playground"}


def test_an_answer_is_of_the_training_that_was_asked_for(post):
    xor = start(post)
    other = post("start", settings={**SETTINGS, "data": "or"}, training=xor["training"])[1]
    assert other["training"] != xor["training"]
    assert_one_sentence(step(post, xor, 1), 410, "start it again")
    assert step(post, other, 1)[1]["settings"]["data"] == "or"


def test_a_page_that_is_left_tells_it(post):
    found = start(post)
    assert post("alive", training=found["training"]) == (200, {})
    for _ in range(2):
        assert post("end", training=found["training"]) == (200, {})
    assert_one_sentence(step(post, found, 1), 410, "start it again")
    assert_one_sentence(post("alive", training=found["training"]), 410, "start it again")


def test_settings_out_of_range_are_refused_and_what_trains_goes_on(post):
    found = start(post)
    for name, value in [
        ("data", "rings"),
        ("activations", ["gelu"]),
        ("widths", [0]),
        ("widths", ["4"]),
        ("widths", [4, 2]),
        ("learning_rate", None),
        ("seed", -1),
        ("seed", 1.5),
        ("learning_rate", True),
        ("kind", "cube"),
    ]:
        settings = {**SETTINGS, name: value}
        refused = post("start", settings=settings, training=found["training"])
        assert_one_sentence(refused, 400)
    assert step(post, found, 1)[1]["updates"] == 1


def test_a_training_that_diverges_can_go_back(post):
    first = start(post, data="plane", loss="half_squared", optimizer="sgd", learning_rate=10.0)
    status, answer = 200, first
    while status == 200 and answer["updates"] < 2000:
        last = answer
        status, answer = step(post, first, 20)
    assert_one_sentence((status, answer), 400, "diverged", "smaller learning rate")
    assert back(post, first, last["updates"])[1]["loss"] == last["loss"]
    assert back(post, first, 0)[1]["loss"] == first["loss"]


def test_messages_that_are_none(post, address):
    url = f"{address}api/playground/start"
    assert_one_sentence(post_json(url, b"{"), 400, "JSON")
    assert_one_sentence(post_json(url, b"[" * 60_000), 400, "JSON")
    assert_one_sentence(post("step", training="nobody", updates=1), 410, "start it again")
    assert_one_sentence(post_json(url, b" " * 10**6), 413)
    assert_one_sentence(call(url, b"{}", {"Content-Type": "text/plain"}), 415, "text/plain")
    assert_one_sentence(call(url), 405)


def start(post, **settings):
    status, found = post("start", settings={**SETTINGS, **fitting(settings)})
    assert status == 200, found
    return found


def fitting(settings):
    if settings.get("data") in ("circle", "plane") and "widths" not in settings:
        return {"widths": [4, 2], "activations": ["tanh", "linear"], **settings}
    return settings


def step(post, found, updates):
    return post("step", training=found["training"], updates=updates)


def train(post, found, until, at_once=500):
    """Make updates until there are so many, and return the last frame."""
    status, found = step(post, found, 0)
    while status == 200 and found["updates"] < until:
        status, found = step(post, found, min(at_once, until - found["updates"]))
    assert status == 200, found
    assert found["updates"] == until
    return found


def back(post, found, to):
    return post("back", training=found["training"], to=to)


def code(post, found):
    return post("code", training=found["training"])[1]["python"]


def weight(post, found, layer, row, column, value):
    place = {"layer": layer, "row": row, "column": column}
    return post("weight", training=found["training"], **place, value=value)


def without_token(frame):
    return {name: value for name, value in frame.items() if name != "training"}


def training_processes():
    """The processes for training that this process, or a server of it, has started."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        # It may have ended by now.
        with contextlib.suppress(psutil.Error):
            if "zoo.serve.fork_server" in process.cmdline():
                found.add(process.pid)
    return found
