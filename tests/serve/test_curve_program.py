"""The approximation of a function of one variable, as a program of the page."""

import json
import math
import time

import keras
import numpy as np
import pytest

import zoo
from zoo import data
from zoo.data.curves import CURVES
from zoo.errors import ZooError
from zoo.serve.packing import unpack
from zoo.serve.programs.base import RecentlyUsed
from zoo.serve.programs.curve import CurveTraining
from zoo.serve.programs.flat import batches
from zoo.serve.settings import CurveSettings


@pytest.fixture(scope="module")
def graphs():
    return RecentlyUsed(16)


def trained(program, state, *counts):
    for count in counts:
        end = int(state["updates"]) + count
        while state["updates"] < end:
            state = program.advance(state, end - int(state["updates"]), math.inf)
    return state


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_the_bits_do_not_depend_on_how_the_updates_are_sliced(graphs):
    settings = CurveSettings(width=12, activation="prelu", batch_size=100, seed=3)
    program = CurveTraining(settings, graphs)
    whole = trained(program, program.start(), 60)
    sliced = program.start()
    for count in (1, 2, 30, 1):
        sliced = trained(program, sliced, count)
        # Another training of the same shape in between.
        other = CurveTraining(settings.model_copy(update={"seed": 4}), graphs)
        trained(other, other.start(), 5)
    # Another worker, which has no graph yet.
    sliced = trained(CurveTraining(settings, RecentlyUsed(1)), sliced, 26)
    assert whole["updates"] == 60
    assert_same(whole, sliced)
    assert all(array.dtype in (np.float32, np.int64) for array in whole.values())


def test_a_deadline_that_is_past_allows_ten_updates(graphs):
    program = CurveTraining(CurveSettings(width=4), graphs)
    started = program.start()
    state = program.advance(started, 50, time.perf_counter() - 1)
    assert (started["updates"], state["updates"]) == (0, 10)
    assert program.advance(state, 1, time.perf_counter() - 1)["updates"] == 11


@pytest.mark.parametrize(("optimizer", "activation"), [("adam", "relu"), ("momentum", "tanh")])
def test_the_updates_are_those_of_train_on_batch(graphs, optimizer, activation):
    settings = CurveSettings(
        width=10, optimizer=optimizer, activation=activation, learning_rate=0.02, seed=1
    )
    program = CurveTraining(settings, graphs)
    state = trained(program, program.start(), 40)
    keras.utils.set_random_seed(1)
    model = zoo.build("universal_approximator", width=10, activation=activation)
    chosen = keras.optimizers.Adam(0.02) if optimizer == "adam" else keras.optimizers.SGD(0.02, 0.9)
    model.compile(chosen, "mse", jit_compile=False)
    split = data.load("curve:nielsen").train
    for rows in batches(1, len(split.y), 32, 0, 40):
        model.train_on_batch(split.x[rows], split.y[rows, None])
    expected = np.concatenate([np.ravel(weight) for weight in model.get_weights()])
    np.testing.assert_allclose(state["flat"][: len(expected)], expected, atol=1e-6)
    # Measured at the training points, as Keras does.
    measured = model.evaluate(split.x, split.y[:, None], verbose=0, return_dict=True)
    assert program.frame(state, False)["loss"] == pytest.approx(measured["loss"], rel=1e-4)


@pytest.mark.parametrize("way", ["interpolant", "bumps"])
@pytest.mark.parametrize("function", ["nielsen", "abs", "runge"])
def test_constructed_weights_stay_within_their_bound(graphs, way, function):
    for width in (8, 32):
        program = CurveTraining(CurveSettings(function=function, way=way, width=width), graphs)
        found = program.frame(program.start(), True)
        assert 0 < found["bound"] < 100
        assert found["largest_error"] <= found["bound"] + 1e-6
        curve = CURVES[function]
        assert found["formula"] == curve.formula
        for x, y in found["points"]:
            assert y == pytest.approx(float(curve.function(np.array([x]))[0]))
        # The interpolant goes through its points.
        if way == "interpolant":
            error = np.interp(
                [x for x, _ in found["points"]], unpack(found["x"]), unpack(found["error"])
            )
            np.testing.assert_allclose(error, 0, atol=1e-5)


def test_a_step_has_no_bound(graphs):
    program = CurveTraining(CurveSettings(function="step", way="interpolant"), graphs)
    found = program.frame(program.start(), False)
    assert (found["bound"], found["bound_formula"]) == (None, None)


@pytest.mark.parametrize("way", ["interpolant", "bumps", "trained"])
def test_a_drawn_function_is_approximated(graphs, way):
    values = [0.0, 0.5, -1.0, 2.0, 2.0]
    settings = CurveSettings(
        function="drawn", values=values, way=way, width=32, activation="tanh", learning_rate=0.02
    )
    program = CurveTraining(settings, graphs)
    state = program.start()
    before = program.frame(state, True)
    x, function, network, error = (
        unpack(before[name]) for name in ("x", "function", "network", "error")
    )
    assert (x[0], x[-1]) == (-1, 1)
    np.testing.assert_allclose(function[:: (len(x) - 1) // 4], values, atol=1e-6)
    np.testing.assert_allclose(error, network - function, atol=1e-5)
    if way != "trained":
        assert before["largest_error"] <= before["bound"] + 1e-5
        return
    assert (before["bound"], before["points"]) == (None, [])
    after = program.frame(trained(program, state, 500), False)
    assert "points" not in after
    assert after["loss"] < before["loss"] / 10
    json.dumps(after)


@pytest.mark.parametrize("way", ["interpolant", "bumps", "trained"])
def test_the_units_add_up_to_the_network(graphs, way):
    program = CurveTraining(CurveSettings(function="runge", way=way, width=24), graphs)
    state = program.start()
    if way == "trained":
        state = trained(program, state, 100)
    found = program.frame(state, False)
    units = unpack(found["units"])
    assert len(units) == found["units_count"] == 24
    network = unpack(found["network"])
    every = (len(network) - 1) // (units.shape[1] - 1)
    # Units are sent in 65,536 steps.
    tolerance = 24 * np.ptp(units) / 65_535 + 1e-4
    np.testing.assert_allclose(
        units.sum(axis=0) + found["offset"], network[::every], atol=tolerance
    )


def test_of_many_units_some_are_shown(graphs):
    program = CurveTraining(CurveSettings(way="interpolant", width=256), graphs)
    found = program.frame(program.start(), False)
    assert (unpack(found["units"]).shape[0], found["units_count"]) == (32, 256)


def test_bumps_of_an_odd_width_are_refused(graphs):
    with pytest.raises(ZooError, match="even width"):
        CurveTraining(CurveSettings(way="bumps", width=7), graphs)


def test_constructed_weights_are_not_trained(graphs):
    program = CurveTraining(CurveSettings(way="bumps"), graphs)
    with pytest.raises(ZooError, match="nothing to train"):
        program.advance(program.start(), 1, math.inf)


def test_a_diverged_training_says_what_to_do(graphs):
    program = CurveTraining(CurveSettings(optimizer="sgd", learning_rate=10), graphs)
    state = trained(program, program.start(), 300)
    with pytest.raises(ZooError, match="smaller learning rate"):
        program.frame(state, False)
