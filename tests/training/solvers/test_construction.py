"""Networks by construction keep the bounds of their errors."""

import json

import numpy as np
import pytest

import zoo
from zoo import ZooError, data
from zoo.data.curves import CURVES
from zoo.nn.activation_names import NAMES
from zoo.training.solvers.construction import _assign, place

BUMPS = ("sigmoid", "tanh", "step")
HATS = tuple(name for name in NAMES if name not in (*BUMPS, "linear"))
# What float32 adds to the error of sums of many units.
ROUNDING = 2e-5


def constructed(activation, width, dataset, **options):
    """Return a model with constructed weights and its largest error on the test set."""
    model = zoo.build("universal_approximator", activation=activation, width=width, **options)
    train, test = dataset.train, dataset.test
    _assign(model, place(activation, width, train.x[:, 0], train.y.reshape(len(train), -1)))
    outputs = model.predict(test.x, batch_size=len(test), verbose=0)
    return model, float(np.abs(outputs - test.y.reshape(outputs.shape)).max())


def slope(widths, errors):
    """Return the slope of the errors on logarithmic axes."""
    return np.polyfit(np.log(widths), np.log(errors), 1)[0]


@pytest.mark.parametrize("name", ["nielsen", "runge"])
def test_hats_keep_their_bound_which_falls_with_the_square_of_the_width(name):
    widths = (16, 32, 64, 128, 256, 512)
    errors = [constructed("relu", width, data.load(f"curve:{name}"))[1] for width in widths]
    for width, error in zip(widths, errors, strict=True):
        assert error <= CURVES[name].piecewise_linear_bound(width) + ROUNDING
    assert slope(widths[1:-1], errors[1:-1]) == pytest.approx(-2, abs=0.15)


@pytest.mark.parametrize("name", ["nielsen", "runge", "abs"])
def test_bumps_keep_their_bound_which_falls_with_the_width(name):
    widths = (32, 64, 128, 256, 512)
    errors = [constructed("sigmoid", width, data.load(f"curve:{name}"))[1] for width in widths]
    for width, error in zip(widths, errors, strict=True):
        assert error <= CURVES[name].piecewise_constant_bound(width // 2) + ROUNDING
    assert slope(widths, errors) == pytest.approx(-1, abs=0.15)


@pytest.mark.parametrize("activation", HATS)
def test_every_activation_like_relu_serves(activation):
    _, error = constructed(activation, 128, data.load("curve:nielsen"))
    # The smoothed units add little: their share of the bound is at most an eighth here.
    assert error <= 1.15 * CURVES["nielsen"].piecewise_linear_bound(128)


@pytest.mark.parametrize("activation", BUMPS)
def test_every_activation_like_the_sigmoid_serves(activation):
    _, error = constructed(activation, 128, data.load("curve:nielsen"))
    assert error <= CURVES["nielsen"].piecewise_constant_bound(64) + ROUNDING


def test_a_corner_on_a_knot_is_exact():
    """|x| is piecewise linear: two ReLU units are the function itself."""
    assert constructed("relu", 2, data.load("curve:abs"))[1] < 1e-6


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_the_largest_error_on_a_step_does_not_fall(activation):
    """The limit of continuous functions in the largest error is continuous; the step is not."""
    step = data.load("curve:step")
    errors = [constructed(activation, width, step)[1] for width in (16, 64, 256)]
    # Beside the jump every continuous function is off by ½ of it or more.
    assert min(errors) > 0.45
    # A network of steps is not continuous: its largest error is 0.
    assert constructed("step", 16, step)[1] == 0


def test_a_run_by_construction_is_an_ordinary_run(tmp_path):
    found = zoo.train("universal_approximator", run_dir=tmp_path / "run")
    bound = CURVES["nielsen"].piecewise_linear_bound(256)
    assert found["solver"]["name"] == "construction"
    assert found["test"]["largest_error"] <= bound + ROUNDING
    (line,) = (tmp_path / "run" / "history.csv").read_text().splitlines()[1:]
    assert line.startswith("1,")
    assert found["history"]["val_largest_error"] <= bound + ROUNDING
    assert zoo.evaluate(tmp_path / "run")["test"] == pytest.approx(found["test"], rel=1e-4)
    again = zoo.train("universal_approximator", run_dir=tmp_path / "again")
    assert again["test"] == found["test"]


def test_several_values_in_any_order_and_in_units_of_their_own(tmp_path):
    """A user's table: unsorted, of two values, far from 0 … 1, so that it is standardized."""
    random = np.random.default_rng(0)
    x = random.permutation(np.linspace(1000, 1010, 3000, dtype=np.float32))[:, None]
    y = np.hstack([5e4 + 1e4 * np.sin(x - 1000), 3e-3 * (x - 1004) ** 2]).astype(np.float32)
    given = data.from_arrays(x, y, values=("a", "b"))
    found = zoo.train("universal_approximator", dataset=given, run_dir=tmp_path / "run")
    model = zoo.load_model(tmp_path / "run")
    errors = np.abs(model.predict(given.test.x, verbose=0) - given.test.y).max(axis=0)
    # h = 10 / 256, |f″| ≤ 1e4 and 6e-3; a float32 at 1000 has steps of 6e-5.
    bounds = np.array([1e4, 6e-3]) * (10 / 256) ** 2 / 8
    assert (errors <= bounds + np.array([1.5, 3e-6])).all()
    assert found["test"]["largest_error"] == pytest.approx(errors.max(), rel=1e-3)


def test_few_examples_are_no_reason_to_speak_of_batches(tmp_path):
    x = np.arange(20, dtype=np.float32)[:, None]
    given = data.from_arrays(x, np.abs(x[:, 0] - 9), values=("a",))
    zoo.train("universal_approximator", dataset=given, run_dir=tmp_path / "run")
    config = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    recipe = zoo.describe("universal_approximator").recipe
    assert config["recipe"]["batch_size"] == recipe.batch_size > len(given.train)


def test_any_model_of_one_input_and_one_hidden_layer_is_constructed(tmp_path):
    found = zoo.train(
        "deep_regression",
        solver="construction",
        dataset="curve:runge",
        options={"depth": 1, "width": 64},
        run_dir=tmp_path / "run",
    )
    assert found["test"]["largest_error"] <= CURVES["runge"].piecewise_linear_bound(64) + ROUNDING


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("universal_approximator", {"options": {"activation": "linear"}}, "is a straight line"),
        ("universal_approximator", {"dataset": "curve:franke"}, "has 2 inputs here"),
        (
            "universal_approximator",
            {"options": {"width": 7, "activation": "tanh"}},
            "has 7 hidden units, but bumps are pairs",
        ),
        ("deep_regression", {"solver": "construction"}, "such as universal_approximator; use"),
        ("xor_mlp", {"solver": "construction"}, "--solver gradient for xor_mlp"),
        ("mark_one", {"solver": "construction"}, "--solver gradient for mark_one"),
        ("universal_approximator", {"epochs": 3}, "--epochs is only for --solver gradient"),
    ],
)
def test_what_cannot_be_constructed_is_one_sentence(name, settings, message, tmp_path):
    with pytest.raises(ZooError, match=message) as caught:
        zoo.train(name, run_dir=tmp_path / "run", **settings)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_single_point_is_refused():
    with pytest.raises(ZooError, match="at least two"):
        place("relu", 4, np.ones(5), np.ones((5, 1)))
