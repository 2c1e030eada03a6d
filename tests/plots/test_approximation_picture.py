"""The plot of a function's approximation shows the function, the error, and errors by width."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import ZooError, data
from zoo.data.curves import CURVES
from zoo.plots.approximation import (
    approximation_picture,
    check_function,
    error_bounds,
    errors_by_width,
)
from zoo.plots.sources import open_source
from zoo.plots.style import save


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("approximation") / "run"
    zoo.train("universal_approximator", options={"width": 32}, run_dir=folder)
    return folder


def test_bounds_are_those_of_the_curve():
    bounds = error_bounds(CURVES["runge"], (8, 16))
    assert list(bounds) == ["max|f″| h² / 8", "max|f′| h / 2"]
    (eight, sixteen), (_, coarse) = bounds.values()
    assert eight == (8, pytest.approx(50 * (2 / 8) ** 2 / 8, rel=1e-6))
    assert sixteen[1] == pytest.approx(eight[1] / 4)
    assert coarse == (16, CURVES["runge"].piecewise_constant_bound(8))
    assert list(error_bounds(CURVES["abs"])) == ["max|f′| h / 2"]
    assert error_bounds(CURVES["step"]) == error_bounds(None) == {}


def test_errors_are_measured_by_every_recipe_and_width(monkeypatch):
    spec = zoo.describe("universal_approximator")
    constructed = {name: spec.recipes[name] for name in ("interpolant", "bumps")}
    monkeypatch.setattr(spec.__class__, "recipes", property(lambda _: constructed), raising=False)
    found = errors_by_width(spec, data.load("curve:nielsen"), (16, 64))
    assert list(found) == ["interpolant", "bumps"]
    for points in found.values():
        (narrow, more), (wide, less) = points
        assert (narrow, wide) == (16, 64)
        assert less < more / 2


def test_the_picture_has_function_network_error_and_widths(run, tmp_path):
    source = open_source(run)
    assert check_function(source).name == "universal_approximator"
    dataset = source.dataset()
    outputs = source.outputs(dataset.test.x)
    errors = {"interpolant": [(8, 0.2), (16, 0.05)], "trained": [(8, 0.3), (16, 0.2)]}
    figure = approximation_picture(
        dataset, outputs, errors, error_bounds(CURVES["nielsen"], (8, 16)), "a title"
    )
    function, error, widths = (
        next(axes for axes in figure.axes if axes.get_ylabel().startswith(label))
        for label in ("y", "network", "largest error")
    )
    truth, network = (line.get_ydata() for line in function.lines)
    np.testing.assert_allclose(truth, dataset.test.y)
    np.testing.assert_allclose(network, outputs[:, 0])
    np.testing.assert_allclose(error.lines[-1].get_ydata(), network - truth)
    labels = [line.get_label() for line in widths.lines]
    assert labels == ["recipe interpolant", "recipe trained", "max|f″| h² / 8", "max|f′| h / 2"]
    assert widths.get_xscale() == widths.get_yscale() == "log"
    np.testing.assert_allclose(widths.lines[0].get_ydata(), [0.2, 0.05])
    picture = np.asarray(Image.open(save(figure, tmp_path / "a.png")).convert("RGB"))
    assert 0.005 < (picture != 255).any(axis=-1).mean() < 0.95


@pytest.mark.parametrize("name", ["xor_mlp", "deep_regression"])
def test_other_models_approximate_no_function_of_one_number(name, run_zoo, tmp_path):
    done = run_zoo("plot", "approximation", name, "--to", tmp_path / "a.png")
    assert (done.returncode, done.stdout) == (2, "")
    assert "The plot 'approximation' does not apply to" in done.stderr
    assert not (tmp_path / "a.png").exists()


def test_a_function_of_two_numbers_is_refused_in_a_sentence(run):
    two = replace(open_source(run), model=zoo.build("universal_approximator", inputs=2))
    with pytest.raises(ZooError, match=r"has input shape \(2,\) .* with inputs=1"):
        check_function(two)


@pytest.mark.slow
def test_the_command_draws_a_run(run, run_zoo, tmp_path):
    done = run_zoo("plot", "approximation", run, "--to", tmp_path / "a.svg")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    for part in ("curve:nielsen", "recipe trained", "recipe bumps", "max|f′| h / 2"):
        assert part in text
