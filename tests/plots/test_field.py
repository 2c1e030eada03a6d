import dataclasses

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import ZooError, data
from zoo.data.dataset import Split
from zoo.data.poisson import on_square
from zoo.plots.field import field_of, field_picture, save_field_animation
from zoo.plots.style import save

ONE, TWO = "oscillator", "poisson_square"


def fields(name, **errors):
    """Return a field with a network per error, which is wrong by that much everywhere."""
    dataset = data.load(name)
    truth = dataset.test.y.reshape(-1, 1)
    return field_of(dataset, {of: truth + wrong for of, wrong in errors.items()})


def test_values_lie_where_their_points_are_whatever_their_order():
    dataset = data.load(TWO)
    order = np.random.default_rng(0).permutation(len(dataset.test))
    shuffled = dataclasses.replace(
        dataset, test=Split(dataset.test.x[order], dataset.test.y[order])
    )
    field = field_of(shuffled, {"network": shuffled.test.y[:, None] + 1})
    assert field.inputs == ("x", "y")
    assert field.value == "u"
    points = np.stack(np.meshgrid(*field.axes, indexing="ij"), -1).reshape(-1, 2)
    truth = on_square(points.astype("float64")).reshape(101, 101)
    np.testing.assert_allclose(field.reference, truth, atol=1e-6)
    np.testing.assert_allclose(field.solutions["network"], truth + 1, atol=1e-6)
    assert field.error("network") == pytest.approx(1 / np.sqrt(np.mean(truth**2)), rel=1e-5)


def test_points_that_are_no_grid_are_refused():
    dataset = data.load("gaussian")
    with pytest.raises(ZooError, match="points of gaussian are not a grid"):
        field_of(dataset, {"network": dataset.test.y[:, None]})


def test_several_networks_of_two_inputs_are_refused():
    with pytest.raises(ZooError, match="only if they have one input"):
        fields(TWO, one=0.1, other=0.2)


def test_curves_and_their_errors(tmp_path):
    field = dataclasses.replace(
        fields(ONE, one=0.1, other=0.01), observed=(np.array([0.1]), np.array([0.5]))
    )
    figure = field_picture(field, "a title")
    save(figure, tmp_path / "field.png")
    above, below = figure.axes
    one, other, reference, given = above.lines
    np.testing.assert_allclose(one.get_ydata(), field.reference + 0.1, atol=1e-6)
    np.testing.assert_allclose(other.get_ydata(), field.reference + 0.01, atol=1e-6)
    np.testing.assert_array_equal(reference.get_ydata(), field.reference)
    assert (given.get_xdata(), given.get_ydata()) == ([0.1], [0.5])
    for line, wrong in zip(below.lines, (0.1, 0.01), strict=True):
        np.testing.assert_allclose(line.get_ydata(), wrong, rtol=1e-4)
    named = [text.get_text() for text in above.get_legend().get_texts()]
    assert named[0].startswith("one: relative L2 error")
    assert named[-2:] == ["reference", "given values"]


def test_an_exact_network_has_a_picture_too(tmp_path):
    for name in (ONE, TWO):
        save(field_picture(fields(name, network=0.0), "a title"), tmp_path / "field.png")


def test_planes_and_slices(tmp_path):
    field = fields(TWO, network=0.1)
    figure = field_picture(field, "a title")
    save(figure, tmp_path / "field.png")
    save(figure, tmp_path / "field.svg")
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:6] == ["network", "reference", "error", "y = 0.25", "y = 0.5", "y = 0.75"]
    (mesh,) = figure.axes[1].collections
    np.testing.assert_array_equal(mesh.get_array(), field.reference.T)
    (error,) = figure.axes[2].collections
    np.testing.assert_allclose(error.get_array(), 0.1, atol=1e-6)
    network, reference = figure.axes[4].lines
    np.testing.assert_array_equal(reference.get_ydata(), field.reference[:, 50])
    np.testing.assert_allclose(network.get_ydata(), field.reference[:, 50] + 0.1, atol=1e-6)


@pytest.mark.parametrize("name", [ONE, TWO])
def test_the_animation_moves(name, tmp_path):
    path = save_field_animation(fields(name, network=0.1), "a title", tmp_path / "field.gif")
    with Image.open(path) as frames:
        shown = set()
        for frame in range(frames.n_frames):
            frames.seek(frame)
            shown.add(frames.convert("RGB").tobytes())
    assert len(shown) == 40


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of two recipes of the oscillator and one on the square, shortly trained."""
    folder = tmp_path_factory.mktemp("runs")
    short = {"solver": "gradient", "epochs": 2}
    zoo.train("pinn_oscillator", run_dir=folder / "oscillator", **short)
    zoo.train("pinn_oscillator", recipe="plain", run_dir=folder / "plain", **short)
    zoo.train("pinn_poisson", run_dir=folder / "square", **short)
    return folder


@pytest.mark.parametrize("words", [["oscillator"], ["./oscillator", "./plain"], ["./square"]])
@pytest.mark.parametrize("ending", ["png", "svg", "gif"])
def test_zoo_plot_field(words, ending, runs, run_zoo, tmp_path):
    words = [runs / word for word in words]
    to = tmp_path / f"field.{ending}"
    done = run_zoo("plot", "field", *words, "--to", to)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(to)
    assert to.stat().st_size > 10_000
    if ending == "svg":
        text = to.read_text(encoding="utf-8")
        given = "given values" in text
        assert given == ("square" not in str(words[0]))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mark_one"], "one or two inputs and one value"),
        (["xor_mlp"], "does not apply to xor_mlp, which predicts labels"),
        (["linear_regression"], "does not apply to linear_regression, which predicts values"),
        (["oscillator", "square"], "give models of one data set"),
        (["oscillator", "oscillator"], "is given twice"),
        (["nowhere"], "There is no folder"),
        (["oscillator", "--to", "field.jpg"], ".gif or .png or .svg"),
    ],
)
def test_what_cannot_be_plotted_is_one_sentence(words, message, runs, run_zoo, tmp_path):
    known = ("oscillator", "square", "nowhere")
    words = [str(runs / word) if word in known else word for word in words]
    done = run_zoo("plot", "field", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
