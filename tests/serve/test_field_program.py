"""Physics-informed networks as a program of the page."""

import json
import math

import keras
import numpy as np
import pytest

import zoo
from zoo import data
from zoo.errors import ZooError
from zoo.serve.packing import unpack
from zoo.serve.programs.base import RecentlyUsed
from zoo.serve.programs.field import PROBLEMS, FieldTraining
from zoo.serve.programs.flat import batches
from zoo.serve.settings import FieldSettings

PROBLEM_NAMES = ("oscillator", "poisson", "poisson_square", "burgers")


@pytest.fixture(scope="module")
def graphs():
    return RecentlyUsed(16)


def trained(program, state, updates):
    end = int(state["updates"]) + updates
    while state["updates"] < end:
        state = program.advance(state, end - int(state["updates"]), math.inf)
    return state


def test_the_problems_are_those_of_the_settings():
    assert tuple(PROBLEMS) == PROBLEM_NAMES


@pytest.mark.parametrize("problem", PROBLEM_NAMES)
def test_the_bits_do_not_depend_on_how_the_updates_are_sliced(graphs, problem):
    settings = FieldSettings(problem=problem, depth=1, width=6, batch_size=25, seed=2)
    program = FieldTraining(settings, graphs)
    whole = trained(program, program.start(), 20)
    sliced = program.start()
    for updates in (1, 7, 2):
        sliced = trained(program, sliced, updates)
        other = FieldTraining(settings.model_copy(update={"learning_rate": 0.1}), graphs)
        trained(other, other.start(), 3)
    # Another worker, which has no graph yet.
    sliced = trained(FieldTraining(settings, RecentlyUsed(2)), sliced, 10)
    assert whole["updates"] == sliced["updates"] == 20
    np.testing.assert_array_equal(whole["flat"], sliced["flat"])


@pytest.mark.parametrize("problem", PROBLEM_NAMES)
def test_the_updates_are_those_of_the_model_of_the_zoo(graphs, problem):
    settings = FieldSettings(problem=problem, depth=1, width=6, batch_size=30, learning_rate=0.001)
    program = FieldTraining(settings, graphs)
    state = trained(program, program.start(), 5)
    keras.utils.set_random_seed(0)
    options = PROBLEMS[problem].options
    model = zoo.build(PROBLEMS[problem].model, depth=1, width=6, **options)
    model.compile(keras.optimizers.Adam(0.001), "mse", jit_compile=False)
    split = data.load(problem).train
    for rows in batches(0, len(split.y), 30, 0, 5):
        model.train_on_batch(split.x[rows], split.y[rows, None])
    expected = np.concatenate([np.ravel(weight) for weight in model.get_weights()])
    np.testing.assert_allclose(state["flat"][: len(expected)], expected, atol=1e-4)


@pytest.mark.parametrize("problem", PROBLEM_NAMES)
def test_a_frame_shows_solution_network_and_residual(graphs, problem):
    program = FieldTraining(FieldSettings(problem=problem, depth=1, width=6), graphs)
    state = program.start()
    first = program.frame(state, True)
    assert first["points"]["shape"] == [0, data.load(problem).train.x.shape[1]]
    found = program.frame(trained(program, state, 3), False)
    json.dumps(found)
    assert "equation" not in found
    assert found["points"]["shape"][0] in (60, 64)
    solution, network, residual = (
        unpack(found[name]) for name in ("solution", "network", "residual")
    )
    assert solution.shape == network.shape == residual.shape
    assert found["largest_residual"] == pytest.approx(np.abs(residual).max(), rel=1e-3)
    assert found["relative_l2"] == pytest.approx(
        np.linalg.norm(network - solution) / np.linalg.norm(solution), rel=1e-3
    )


def test_the_first_row_of_a_field_is_at_the_lowest_end(graphs):
    program = FieldTraining(FieldSettings(problem="burgers", depth=1, width=6), graphs)
    found = program.frame(program.start(), True)
    assert found["axes"] == {"x": [-1.0, 1.0, "x"], "y": [0.0, 1.0, "t"]}
    solution = unpack(found["solution"])
    # u(x, 0) = −sin πx.
    x = np.linspace(-1, 1, solution.shape[1])
    np.testing.assert_allclose(solution[0], -np.sin(np.pi * x), atol=1e-3)
    # Built into the network, too.
    np.testing.assert_allclose(unpack(found["network"])[0], solution[0], atol=1e-3)


def test_an_oscillator_is_found_beyond_its_observed_values(graphs):
    errors = {}
    for way in ("informed", "plain"):
        program = FieldTraining(FieldSettings(way=way), graphs)
        state = program.start()
        first = program.frame(state, True)
        assert first["observed_until"] == pytest.approx(0.35)
        assert all(t <= 0.35 for t, _ in first["observed"])
        assert len(first["observed"]) == 21
        found = program.frame(trained(program, state, 3000), False)
        errors[way] = found["relative_l2"]
        assert found["loss"] < first["loss"] / 20
    assert errors["informed"] < 0.25
    assert errors["plain"] > 2 * errors["informed"]


@pytest.mark.parametrize(
    ("problem", "updates", "error"), [("poisson", 1000, 0.02), ("poisson_square", 300, 0.03)]
)
def test_a_solution_is_found_without_any_value_of_it(graphs, problem, updates, error):
    program = FieldTraining(FieldSettings(problem=problem), graphs)
    found = program.frame(trained(program, program.start(), updates), False)
    assert found["relative_l2"] < error


def test_without_the_equation_only_the_oscillator_is_trained(graphs):
    with pytest.raises(ZooError, match="choose the way 'informed'"):
        FieldTraining(FieldSettings(problem="burgers", way="plain"), graphs)


def test_a_diverged_training_says_what_to_do(graphs):
    program = FieldTraining(FieldSettings(optimizer="momentum", learning_rate=10), graphs)
    state = trained(program, program.start(), 100)
    with pytest.raises(ZooError, match="smaller learning rate"):
        program.frame(state, False)
