"""The training of a network for points of the plane, against Keras's own `train_on_batch`."""

import math
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.errors import ZooError
from zoo.serve.packing import unpack
from zoo.serve.programs import plane
from zoo.serve.programs.base import RecentlyUsed
from zoo.serve.programs.plane import PlaneTraining
from zoo.serve.programs.plane_graph import AS_WRITTEN, registered
from zoo.serve.settings import PlaneSettings

GRAPHS = RecentlyUsed(3)
OWN = [(0.5, -1.0, 0.0), (2.0, 3.0, 1.0), (-4.0, 1.25, 1.0), (1.0, 1.0, 0.0), (5.0, -3.5, 1.0)]
# What is trained, by name; every choice of the settings is in one of them.
TRAININGS = {
    "default": {},
    "Adam": {"optimizer": "adam", "learning_rate": 0.03},
    "prelu, leaky ReLU and swish, with SGD": {
        "widths": [5, 3, 2],
        "activations": ["prelu", "leaky_relu", "swish"],
        "optimizer": "sgd",
        "data": "spiral",
        "noise": 0.1,
    },
    "step, with momentum": {
        "widths": [6],
        "activations": ["step"],
        "optimizer": "momentum",
        "batch_size": 7,
    },
    "ELU, ReLU, softplus, linear and sigmoid, with AdamW": {
        "widths": [3, 3, 3, 3, 3],
        "activations": ["elu", "relu", "softplus", "linear", "sigmoid"],
        "optimizer": "adamw",
        "data": "clouds",
    },
    "features": {
        "features": ["x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"],
        "data": "xor_clouds",
        "optimizer": "rmsprop",
    },
    "L1": {"regularization": "l1", "regularization_rate": 0.01, "optimizer": "lion"},
    "L2": {"regularization": "l2", "regularization_rate": 0.003, "widths": [32, 32]},
    "dropout": {"dropout": 0.25, "widths": [8, 8]},
    "swish with dropout": {
        "dropout": 0.2,
        "widths": [5, 4],
        "activations": ["swish", "swish"],
    },
    "cross-entropy": {"loss": "cross_entropy", "initial": "zero", "data": "clouds"},
    "no hidden layer": {"widths": [], "activations": [], "data": "blobs"},
    "plane": {"data": "plane", "noise": 0.2, "widths": [4], "activations": ["tanh"]},
    "gaussian": {"data": "gaussian", "batch_size": 500, "seed": 2**31 - 1},
    "perceptron": {"model": "perceptron", "data": "clouds", "learning_rate": 0.3},
    "perceptron from zero": {"model": "perceptron", "data": "and", "initial": "zero"},
    "own points": {"data": "own", "points": OWN, "test_share": 0.2, "batch_size": 3},
    "own values": {"data": "own", "points": OWN, "task": "regression", "test_share": 0.0},
}


def settings_of(given):
    if "activations" not in given and "widths" in given:
        given = {**given, "activations": ["tanh"] * len(given["widths"])}
    return PlaneSettings(**given)


def program_of(**given):
    return PlaneTraining(settings_of(given), GRAPHS)


def advanced(program, state, updates):
    return program.advance(state, updates, time.perf_counter() + 60)


def same_bits(one, other):
    assert one.keys() == other.keys()
    return all(one[name].tobytes() == other[name].tobytes() for name in one)


@pytest.fixture(autouse=True)
def graph_optimizer_is_left_on():
    """A program with dropout switches it off, for its own process: here it is switched on again."""
    yield
    tf.config.optimizer.set_experimental_options({AS_WRITTEN: False})


@pytest.mark.parametrize("name", TRAININGS)
def test_the_weights_are_those_of_keras(name):
    # 60 updates are more than an epoch of all of these, and odd slices cut it.
    settings = settings_of(TRAININGS[name])
    program = PlaneTraining(settings, GRAPHS)
    start = program.start()
    state = start
    for updates in (1, 2, 30, 27):
        state = advanced(program, state, updates)
    assert int(state["updates"]) == 60
    assert not same_bits({"w": start["weights"]}, {"w": state["weights"]})

    found = {"__name__": "program"}
    exec(program.python(60, []), found)
    expected = np.concatenate([weights.ravel() for weights in found["model"].get_weights()])
    assert state["weights"].tobytes() == expected.astype(np.float32).tobytes()

    ours = program.model(state)
    x = np.random.default_rng(0).uniform(-2, 2, (50, 2)).astype(np.float32)
    np.testing.assert_array_equal(ours(x), found["model"](x))


@pytest.mark.parametrize("name", ["default", "dropout", "perceptron"])
def test_how_many_updates_are_made_at_a_time_changes_no_bit(name):
    program = program_of(**TRAININGS[name])
    single = together = program.start()
    for _ in range(77):
        single = advanced(program, single, 1)
    together = advanced(program, together, 77)
    assert same_bits(single, together)


def test_the_order_of_the_calls_of_two_trainings_of_a_shape_changes_no_bit():
    graphs = RecentlyUsed(1)
    programs = [
        PlaneTraining(PlaneSettings(seed=seed, learning_rate=rate, dropout=0.1), graphs)
        for seed, rate in ((0, 0.03), (1, 0.1))
    ]
    alone = [advanced(program, program.start(), 40) for program in programs]
    states = [program.start() for program in programs]
    for _ in range(4):
        states = [
            advanced(program, state, 10) for program, state in zip(programs, states, strict=True)
        ]
    assert len(graphs) == 1
    assert all(same_bits(*pair) for pair in zip(alone, states, strict=True))
    assert not same_bits(*states)


def test_another_process_s_graph_goes_on_to_the_same_bits():
    program, other = (
        program_of(dropout=0.2),
        PlaneTraining(PlaneSettings(dropout=0.2), RecentlyUsed(1)),
    )
    state = advanced(program, program.start(), 30)
    assert same_bits(advanced(program, state, 30), advanced(other, state, 30))


def test_a_state_is_not_changed_by_going_on():
    program = program_of()
    start = program.start()
    before = {name: array.copy() for name, array in start.items()}
    advanced(program, start, 3)
    program.set_weight(start, 0, 0, 0, 5.0)
    assert same_bits(start, before)


def test_after_the_deadline_it_stops_with_at_least_one_update():
    program = program_of()
    state = program.advance(program.start(), 500, time.perf_counter() - 1)
    assert 1 <= int(state["updates"]) < 500


@pytest.mark.parametrize(
    ("layer", "row", "column"), [(0, 1, 3), (0, -1, 2), (1, 3, 1), (2, 1, 0), (2, -1, 0)]
)
def test_a_weight_is_set(layer, row, column):
    program = program_of()
    state = advanced(program, program.start(), 5)
    found = program.set_weight(state, layer, row, column, -2.5)
    parts = program.frame(found, False)["weights"][layer]
    value = unpack(parts["bias"])[column] if row == -1 else unpack(parts["kernel"])[row, column]
    assert value == -2.5
    assert (found["weights"] != state["weights"]).sum() == 1


def test_weights_set_by_hand_are_in_the_program():
    program = program_of(widths=[3])
    state = program.set_weight(program.start(), 0, 1, 2, 0.7)
    state = advanced(program, state, 12)
    state = program.set_weight(state, 1, -1, 0, -0.1)
    state = advanced(program, state, 20)
    keys = ("update", "layer", "row", "column", "value")
    edits = [
        dict(zip(keys, edit, strict=True)) for edit in ((0, 0, 1, 2, 0.7), (12, 1, -1, 0, -0.1))
    ]
    found = {}
    exec(program.python(32, edits), found)
    expected = np.concatenate([weights.ravel() for weights in found["model"].get_weights()])
    assert state["weights"].tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ((3, 0, 0), "There is no layer 3; give one from 0 to 2."),
        ((0, 2, 0), "no weight in row 2, column 0; give a row from 0 to 1, or -1 for the bias"),
        ((0, 0, 4), "a column from 0 to 3"),
        ((-1, 0, 0), "There is no layer -1"),
        ((0, -2, 0), "no weight in row -2"),
    ],
)
def test_a_weight_that_is_not_there_is_one_sentence(place, sentence):
    program = program_of()
    with pytest.raises(ZooError, match=r"^\S.*\.$") as caught:
        program.set_weight(program.start(), *place, 1.0)
    assert sentence in str(caught.value)


def test_initial_weights_are_a_function_of_the_seed():
    starts = [program_of(seed=seed).start()["weights"] for seed in (0, 0, 1)]
    assert starts[0].tobytes() == starts[1].tobytes() != starts[2].tobytes()
    assert not program_of(initial="zero").start()["weights"].any()


def test_a_frame_says_what_the_network_answers():
    given = {"widths": [3, 2], "features": ["x1", "x1^2", "x1*x2"], "dropout": 0.3, "seed": 4}
    program = program_of(**given)
    state = advanced(program, program.start(), 60)
    frame = program.frame(state, True)
    model = program.model(state)
    for split in ("train", "test"):
        points = np.array(frame["points"][split], np.float32)
        outputs = model.predict_on_batch(points[:, :2])[:, 0]
        assert frame["loss"][split] == pytest.approx(np.mean((outputs - points[:, 2]) ** 2) / 2)
        assert frame["errors"][split] == ((outputs >= 0.5) != points[:, 2]).sum()
    assert frame["points_count"] == {"train": 250, "test": 250}
    assert (frame["updates_per_epoch"], frame["epoch"]) == (25, 2)
    assert (frame["low"], frame["high"]) == (-6, 6)

    grid = unpack(frame["grid"])
    assert grid.shape == (51, 51)
    # Row 0 is the lowest x₂, column 0 the lowest x₁.
    x = np.array([[-6, -6], [6, -6], [-6, 6]], np.float32)
    corners = [grid[0, 0], grid[0, -1], grid[-1, 0]]
    np.testing.assert_allclose(corners, model.predict_on_batch(x)[:, 0], atol=1e-4)

    layers = model.get_layer("head").layers
    features, units = unpack(frame["features"]), [unpack(layer) for layer in frame["units"]]
    assert (features.shape, [layer.shape for layer in units]) == (
        (3, 16, 16),
        [(3, 16, 16), (2, 16, 16)],
    )
    np.testing.assert_allclose(np.abs(features).max(axis=(1, 2)), 1, atol=0.01)
    names = [layer.name for layer in layers]
    seen = keras.Model(
        model.inputs[0],
        layers[names.index("hidden_1") + 1](
            layers[names.index("hidden_1")](layers[0](model.inputs[0]))
        ),
    )
    np.testing.assert_allclose(
        units[0][:, 0, -1], seen(np.array([[6, -6]], np.float32))[0], atol=0.01
    )
    assert [unpack(part["kernel"]).shape for part in frame["weights"]] == [(3, 3), (3, 2), (2, 1)]
    assert "points" not in program.frame(state, False)


def test_the_perceptron_learns_and_shows_its_line():
    program = program_of(model="perceptron", data="and")
    state = advanced(program, program.start(), 200)
    frame = program.frame(state, True)
    assert frame["errors"] == {"train": 0, "test": 0}
    assert frame["loss"] == {"train": 0, "test": None}
    w1, w2, bias = frame["line"]
    for x1, x2, label in frame["points"]["train"]:
        assert (w1 * x1 + w2 * x2 + bias >= 0) == (label == 1)
    assert (frame["low"], frame["high"], frame["updates_per_epoch"]) == (-0.5, 1.5, 4)


def test_the_product_of_its_inputs_teaches_the_perceptron_xor():
    frames = []
    for features in (["x1", "x2"], ["x1", "x2", "x1*x2"]):
        program = program_of(model="perceptron", data="xor", features=features)
        frames.append(program.frame(advanced(program, program.start(), 400), False))
    assert frames[0]["errors"]["train"] > 0
    assert frames[1]["errors"]["train"] == 0
    assert frames[1]["line"] is None


def test_cross_entropy_is_that_of_keras():
    program = program_of(loss="cross_entropy", data="spiral", widths=[8])
    state = advanced(program, program.start(), 50)
    frame, model = program.frame(state, True), program.model(state)
    points = np.array(frame["points"]["train"], np.float32)
    expected = keras.losses.BinaryCrossentropy()(points[:, 2:], model(points[:, :2]))
    assert frame["loss"]["train"] == pytest.approx(float(expected), rel=1e-5)


def test_values_have_no_errors():
    program = program_of(data="gaussian")
    frame = program.frame(program.start(), True)
    assert frame["errors"] is None
    assert min(row[2] for row in frame["points"]["train"]) < -0.5


def test_a_diverged_training_is_one_sentence():
    program = program_of(
        data="plane", optimizer="sgd", learning_rate=10.0, activations=["relu"] * 2
    )
    state = advanced(program, program.start(), 200)
    with pytest.raises(ZooError, match=r"diverged after 200 updates.*smaller learning rate\.$"):
        program.frame(state, False)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"data": "plane", "model": "perceptron"}, "choose a network, or points with labels."),
        ({"data": "plane", "loss": "cross_entropy"}, "choose the half squared error, or points"),
        ({"data": "own", "points": [(0.0, 0.0, 0.5)]}, "has the label 0.5; give 0 or 1"),
    ],
)
def test_settings_that_do_not_go_together_are_one_sentence(given, sentence):
    with pytest.raises(ZooError) as caught:
        program_of(**given)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("name", TRAININGS)
def test_the_points_are_a_data_set_for_the_registered_model(name):
    import zoo

    settings = settings_of(TRAININGS[name])
    program, found = PlaneTraining(settings, GRAPHS), plane.dataset_of(settings)
    points = program.frame(program.start(), True)["points"]
    np.testing.assert_array_equal(found.train.x, np.array(points["train"])[:, :2])
    if points["test"]:
        np.testing.assert_array_equal(found.test.y, np.array(points["test"], np.float32)[:, 2])
    model_name, options = registered(settings)
    model = zoo.build(model_name, **options)
    shapes = [weights.shape for weights in program.model(program.start()).get_weights()]
    assert [weights.shape for weights in model.get_weights()] == shapes
    assert math.prod(shapes[0]) == len(settings.features) * shapes[0][1]
