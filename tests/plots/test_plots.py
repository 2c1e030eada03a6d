"""Pictures are read back: not blank, of the size asked for, and of what they say."""

import keras
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

import zoo
from zoo import ZooError, data
from zoo.data.dataset import Split
from zoo.nn.activations import NAMES
from zoo.plots.activations import STAND_IN, activation_pictures, values
from zoo.plots.boundary import boundary_picture, line, plane
from zoo.plots.certainty import certainty_picture
from zoo.plots.confusion import confusion_matrix, confusion_picture, most_confused
from zoo.plots.curves import grouped_curves, learning_curves
from zoo.plots.learning import save_animation, snapshots, snapshots_figure
from zoo.plots.pipeline import pipeline_picture, steps
from zoo.plots.style import choose_fonts, save
from zoo.plots.weights import templates, weight_pictures
from zoo.registry.tasks import Sign, Threshold

LABELS = tuple("abcdefghij")
ROWS = [
    {"epoch": e, "loss": 2 / e, "accuracy": 1 - 1 / e, "val_loss": 2.5 / e, "val_accuracy": 0.5}
    for e in range(1, 6)
]
PATH = [{"penalty": 10.0**p, "loss": p, "val_loss": p + 1, "val_accuracy": 0.4} for p in range(4)]


def pixels(figure, path):
    save(figure, path)
    picture = np.asarray(Image.open(path).convert("RGB"))
    # Something is drawn, and not over everything.
    assert 0.005 < (picture != 255).any(axis=-1).mean() < 0.95
    return picture


@pytest.mark.parametrize("histories", [{"one": ROWS}, {"one": ROWS, "two": ROWS[:2]}, {"λ": PATH}])
def test_learning_curves(histories, tmp_path):
    figure = learning_curves(histories, "a title")
    pixels(figure, tmp_path / "curves.png")
    loss, accuracy = figure.axes
    assert len(loss.lines) == 2 * len(histories)
    rows = next(iter(histories.values()))
    np.testing.assert_allclose(loss.lines[0].get_ydata(), [row["loss"] for row in rows])
    np.testing.assert_allclose(
        accuracy.lines[-1].get_ydata(),
        [row["val_accuracy"] for row in list(histories.values())[-1]],
    )


@pytest.mark.parametrize("name", ["linear_cat_dog", "cifar_softmax"])
@pytest.mark.parametrize("pretrained", [True, False])
def test_w_of_a_linear_model_is_a_picture(name, pretrained, tmp_path):
    keras.utils.set_random_seed(0)
    model = zoo.build(name, pretrained=pretrained)
    labels = ("cat", "dog") if name == "linear_cat_dog" else LABELS
    figure = weight_pictures(model, labels, "a title")
    pixels(figure, tmp_path / "weights.png")
    shown = templates(model)
    (kernel,) = (weight for weight in model.get_layer("head").weights if weight.name == "kernel")
    for output, picture in enumerate(shown):
        np.testing.assert_array_equal(picture.ravel(), kernel.numpy()[:, output])
    assert shown.shape[1:3] == (64, 64)


def test_w_in_colour(tmp_path):
    model = zoo.build("cifar_softmax", size=8, grayscale=False, activation="relu")
    assert templates(model).shape == (10, 8, 8, 3)
    picture = pixels(weight_pictures(model, LABELS, "a title"), tmp_path / "weights.png")
    assert (picture.max(axis=-1) - picture.min(axis=-1)).max() > 50


@pytest.mark.parametrize("name", ["deep_relu", "perceptron", "mark_one"])
def test_other_models_have_no_weights_to_show(name):
    with pytest.raises(ZooError, match="no weights W that can be shown"):
        weight_pictures(zoo.build(name), LABELS, "a title")


def test_the_confusion_matrix_counts(tmp_path):
    truth, decided = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 0])
    counts = confusion_matrix(truth, decided, "abc")
    np.testing.assert_array_equal(counts, [[1, 1, 0], [0, 1, 0], [1, 0, 2]])
    figure = confusion_picture(counts, "abc", "a title")
    pixels(figure, tmp_path / "confusion.png")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["50", "50", "0", "0", "100", "0", "33", "0", "67"]


def test_the_most_confused_pairs_come_first():
    counts = np.array([[5, 3, 0], [4, 1, 0], [3, 0, 9]])
    assert most_confused(counts, 2) == [(1, 0, 4), (0, 1, 3)]
    assert most_confused(np.eye(3, dtype=int), 2) == []


@pytest.mark.parametrize("classes", [2, 21, 100, 1000])
def test_a_confusion_matrix_is_bounded_however_many_labels(classes, tmp_path):
    random = np.random.default_rng(0)
    labels = [f"label number {index}" for index in range(classes)]
    figure = confusion_picture(random.integers(0, 9, (classes, classes)), labels, "a title")
    picture = pixels(figure, tmp_path / "confusion.png")
    assert max(picture.shape) <= 1500
    assert len(figure.findobj(Text)) < 500
    assert no_text_is_cut(figure)


LONG = (
    "a title so long that no figure of this package could show it on one line, however wide it is"
)


def no_text_is_cut(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    # In inches, of everything that is drawn.
    drawn = figure.get_tightbbox(canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.02, drawn
    assert drawn.x1 <= width + 0.02, drawn
    assert drawn.y1 <= height + 0.02, drawn
    return True


# Labels as people have them: a formula to be for matplotlib, long, and in another script.
HARD_LABELS = ("$5 and $6_{", "a label of more than thirty characters")


def every_kind_of_picture(labels):
    """Yield a picture of each kind, with hard labels where there are labels."""
    two, table = zoo.build("xor_mlp", pretrained=True), data.load("xor").train
    linear = zoo.build("linear_cat_dog", pretrained=True)
    photos = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
    answers, truth = np.linspace(-1, 1, 6, dtype=np.float32)[:, None], np.arange(6) % 2
    yield activation_pictures()
    yield boundary_picture(two, table, 0.5, labels, LONG)
    yield certainty_picture(Split(photos, truth), answers, Sign(), labels, LONG)
    yield confusion_picture(np.array([[3, 1], [0, 2]]), labels, LONG)
    yield learning_curves({"$run": ROWS}, LONG)
    yield grouped_curves({labels[0]: {labels[0]: ROWS}, labels[1]: {labels[1]: PATH}}, LONG)
    yield pipeline_picture(linear, photos[0], labels, LONG, Sign())
    yield snapshots_figure(
        snapshots(zoo.build("xor_mlp"), table, 0.5, 1, 1, 3), table, 0.5, labels, LONG
    )
    yield weight_pictures(linear, labels, LONG)


def test_no_picture_cuts_its_text_or_takes_it_for_a_formula(tmp_path):
    for figure in every_kind_of_picture(HARD_LABELS):
        assert no_text_is_cut(figure)
        save(figure, tmp_path / "picture.png")
        save(figure, tmp_path / "picture.svg")
    # The last one is W, whose legend names both.
    assert "$5 and $6_{" in (tmp_path / "picture.svg").read_text()


def test_characters_that_no_font_has_are_told_once(tmp_path, caplog):
    figure = confusion_picture(np.eye(2, dtype=int), ("\U000f0001 cat", "dog"), "a title")
    assert choose_fonts(figure) == ["\U000f0001"]
    save(figure, tmp_path / "confusion.png")
    (record,) = caplog.records
    assert "\U000f0001" in record.getMessage()
    caplog.clear()
    save(confusion_picture(np.eye(2, dtype=int), ("Kätzchen", "λ"), "a title"), tmp_path / "a.png")
    assert caplog.records == []


def test_runs_of_different_data_sets_share_no_axes():
    groups = {"data set a": {"one": ROWS, "two": ROWS}, "data set b": {"three": ROWS}}
    axes = grouped_curves(groups, "a title").axes
    assert [len(part.lines) for part in axes] == [4, 4, 2, 2]
    assert [part.get_title() for part in axes] == ["data set a"] * 2 + ["data set b"] * 2
    # Nor do epochs and λ.
    assert len(learning_curves({"one": ROWS, "path": PATH}, "a title").axes) == 4


def test_labels_are_named_and_coloured_the_same_everywhere():
    model, table = zoo.build("xor_mlp", pretrained=True), data.load("xor").train
    figure = boundary_picture(model, table, 0.5, ("blue", "red"), "a title")
    settings = {text.get_text() for legend in figure.legends for text in legend.get_texts()}
    assert settings == {"blue", "red"}
    blue, red = (
        points.get_facecolor()[0]
        for points in figure.axes[0].collections
        if points.get_label()[0] in "br"
    )
    assert blue[2] > blue[0]
    assert red[0] > red[2]
    linear = zoo.build("linear_cat_dog", pretrained=True)
    figure = weight_pictures(linear, ("cat", "dog"), "a title")
    assert figure.get_supxlabel() == "red: towards dog, blue: towards cat"
    (image,) = figure.axes[0].images
    largest = image.to_rgba(image.get_array()).reshape(-1, 4)[image.get_array().argmax()]
    assert largest[0] > largest[2]


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_same_picture_has_the_same_bytes(ending, tmp_path):
    for name in ("one", "two"):
        save(learning_curves({"run": ROWS}, "a title"), tmp_path / f"{name}.{ending}")
    one, two = (tmp_path / f"{name}.{ending}" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_another_format_is_refused(tmp_path):
    with pytest.raises(ZooError, match=r"\.png or \.svg"):
        save(learning_curves({"run": ROWS}, "a title"), tmp_path / "curves.gif")
    assert not list(tmp_path.iterdir())


def test_the_ten_activations(tmp_path):
    figure = activation_pictures()
    pixels(figure, tmp_path / "activations.png")
    assert [axes.get_title() for axes in figure.axes] == list(NAMES)
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == [STAND_IN]
    assert "true derivative is 0" in STAND_IN
    for name in NAMES:
        z, y, derivative = values(name)
        if name == "step":
            # As Rosenblatt's rule takes it.
            np.testing.assert_array_equal(derivative, 1)
            continue
        smooth = np.abs(z[1:-1]) > 0.02
        numerical = (y[2:] - y[:-2]) / (z[2:] - z[:-2])
        np.testing.assert_allclose(derivative[1:-1][smooth], numerical[smooth], atol=2e-3)


@pytest.mark.parametrize(("w", "b"), [((2.0, -1.0), 0.5), ((0.1, 3.0), -1.0), ((1.0, 0.0), -0.5)])
def test_the_drawn_boundary_passes_where_w_x_plus_b_is_0(w, b, tmp_path):
    model = zoo.build("perceptron")
    model.set_weights([np.float32(w)[:, None], np.float32([b])])
    table = data.load("and").train
    figure = boundary_picture(model, table, 0.5, "01", "a title")
    pixels(figure, tmp_path / "boundary.png")
    (drawn,) = figure.axes[0].lines
    points = np.stack([drawn.get_xdata(), drawn.get_ydata()], axis=1)
    np.testing.assert_allclose(points @ np.array(w) + b, 0, atol=1e-6)
    found_w, found_b = line(model)
    np.testing.assert_allclose(found_w, w)
    assert found_b == b


def test_the_boundary_of_the_trained_xor(tmp_path):
    model, table = zoo.build("xor_mlp", pretrained=True), data.load("xor").train
    figure = boundary_picture(model, table, 0.5, "01", "a title")
    pixels(figure, tmp_path / "boundary.png")
    assert line(model) is None
    across, up, outputs = plane(model, table.x)
    for (one, other), label in zip(table.x, table.y, strict=True):
        at = outputs[np.abs(up - other).argmin(), np.abs(across - one).argmin()]
        assert (at >= 0.5) == label
    with pytest.raises(ZooError, match="two inputs"):
        plane(zoo.build("perceptron", inputs=3), np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("name", "dataset", "errors"),
    [
        ("perceptron", "and", 0),
        ("perceptron", "or", 0),
        ("perceptron", "xor", None),
        ("xor_mlp", "xor", 0),
    ],
)
def test_the_boundary_moves_while_a_model_learns(name, dataset, errors, tmp_path):
    keras.utils.set_random_seed(0)
    split = data.load(dataset).train
    recipe = zoo.describe(name).recipe
    model = zoo.build(name)
    found = snapshots(model, split, 0.5, recipe.epochs, recipe.batch_size, 8)
    assert found[0].updates == 0
    assert found[-1].updates == recipe.epochs * -(-len(split.x) // recipe.batch_size)
    # One line never gets XOR right (slide 5).
    assert found[-1].errors == errors if errors is not None else min(s.errors for s in found) > 0
    np.testing.assert_array_equal(found[-1].outputs, plane(model, split.x)[2])
    pixels(snapshots_figure(found, split, 0.5, "01", "a title"), tmp_path / "snapshots.png")
    moving = save_animation(found, split, 0.5, "01", "a title", tmp_path / "snapshots.gif")
    with Image.open(moving) as frames:
        shown = set()
        for frame in range(frames.n_frames):
            frames.seek(frame)
            shown.add(frames.convert("RGB").tobytes())
    # Every stage's title says how many updates, so that no two are the same picture.
    assert len(shown) == len(found)


@pytest.mark.parametrize("outputs", [10, 1])
def test_most_and_least_certain_images(outputs, tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (40, 8, 8, 3), np.uint8)
    answers = random.random((40, outputs)).astype(np.float32)
    answers /= answers.sum(axis=1, keepdims=True) if outputs > 1 else 1
    truth = random.integers(0, max(outputs, 2), 40)
    task = Threshold(0.5).for_outputs(outputs)
    figure = certainty_picture(Split(images, truth), answers, task, LABELS, "a title")
    pixels(figure, tmp_path / "examples.png")
    most, least = figure.subfigs
    sure = answers.max(axis=1) if outputs > 1 else np.abs(answers[:, 0] - 0.5)
    np.testing.assert_array_equal(most.axes[0].images[0].get_array(), images[sure.argmax()])
    np.testing.assert_array_equal(least.axes[-1].images[0].get_array(), images[sure.argmin()])
    decided = answers.argmax(axis=1) if outputs > 1 else answers[:, 0] >= 0.5
    message = most.axes[0].get_title()
    assert message.startswith(LABELS[int(decided[sure.argmax()])])
    assert ("true:" in message) == (decided[sure.argmax()] != truth[sure.argmax()])


def test_an_image_that_is_there_twice_is_not_among_the_most_certain():
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), np.uint8)
    images[5] = images[2]
    answers = np.zeros((8, 1), np.float32)
    answers[:, 0] = [0.1, 0.2, 0.9, 0.3, 0.4, 0.9, 0.5, 0.6]
    figure = certainty_picture(Split(images, np.ones(8, int)), answers, Sign(), "ab", "a title")
    assert "left out: 2 duplicate images" in figure.get_suptitle().replace("\n", " ")
    shown = [axes.images[0].get_array() for part in figure.subfigs for axes in part.axes]
    assert not any((image == images[2]).all() for image in shown)
    np.testing.assert_array_equal(shown[0], images[7])


@pytest.mark.parametrize("name", ["linear_cat_dog", "cifar_softmax"])
def test_slide_16_adds_up(name, tmp_path):
    model = zoo.build(name, pretrained=True)
    photo = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype("uint8")
    found = steps(model, photo)
    (dense,) = (layer for layer in model.get_layer("head").layers if layer.weights)
    scores = dense(model.get_layer("preprocessing")(photo[None])).numpy()[0]
    np.testing.assert_allclose(found["scores"], scores, atol=1e-4)
    np.testing.assert_allclose(
        found["products"].sum(axis=(1, 2)) + found["bias"], found["scores"], atol=1e-4
    )
    labels = ("cat", "dog") if name == "linear_cat_dog" else LABELS
    task = zoo.describe(name).task
    figure = pipeline_picture(model, photo, labels, "a title", task)
    pixels(figure, tmp_path / "pipeline.png")
    last = figure.axes[-1]
    if name == "linear_cat_dog":
        assert last.get_title().endswith("dog" if scores[0] >= 0 else "cat")
    else:
        assert last.get_title().endswith(LABELS[int(scores.argmax())])


def test_slide_16_shows_standardized_photos_from_black_to_white():
    model = zoo.build("linear_cat_dog", standardize_photos=True)
    photo = np.random.default_rng(0).integers(90, 110, (90, 120, 3)).astype("uint8")
    figure = pipeline_picture(model, photo, ("cat", "dog"), "a title", Sign())
    x = steps(model, photo)["x"]
    shown = figure.axes[2].images[0].get_array()
    inside = (shown > 0) & (shown < 1)
    assert inside.mean() > 0.98
    assert np.corrcoef(shown[inside], x[inside])[0, 1] == pytest.approx(1)


@pytest.fixture
def zoo_plot(run_zoo, monkeypatch, tmp_path):
    """A function that runs `zoo plot` in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        done = run_zoo("plot", *words)
        return done.returncode, done.stdout.strip(), done.stderr

    return run


OF_TWO_NUMBERS = ("perceptron", "xor_mlp")
LINEAR = ("linear_cat_dog", "cifar_softmax")
OF_VALUES = zoo.list_models(task="values")
APPLIES = {
    "curves": zoo.list_models(),
    "confusion": [name for name in zoo.list_models() if name not in OF_VALUES],
    "predictions": OF_VALUES,
    "overlay": [name for name in OF_VALUES if "overlay" in zoo.describe(name).task.plots],
    "field": [name for name in OF_VALUES if 13 in zoo.describe(name).slides],
    "boundary": OF_TWO_NUMBERS,
    "weights": LINEAR,
    "pipeline": LINEAR,
    "examples": (*LINEAR, "deep_relu", "joint_classifier"),
    "joints": ("joint_classifier",),
}
SMALL = {
    "cifar_softmax": {"options": {"size": 8}},
    "deep_relu": {"options": {"depth": 1, "width": 8, "size": 8}},
    "mark_one": {"options": {"association_units": 16}},
}


@pytest.mark.slow
@pytest.mark.parametrize("made", ["shipped", "fresh"])
@pytest.mark.parametrize("name", zoo.list_models())
def test_every_plot_of_every_model_it_applies_to(
    name, made, zoo_plot, tmp_path, tfds_dir, photos_dir, monkeypatch
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tfds_dir))
    source = name
    if made == "fresh":
        source = tmp_path / "run"
        settings = SMALL.get(name, {})
        if name == "linear_cat_dog":
            settings = {"dataset": "photos", "data_dir": str(photos_dir), "batch_size": 16}
        if zoo.describe(name).recipe.solver == "gradient":
            settings = {"epochs": 2, **settings}
        zoo.train(name, run_dir=source, **settings)
    photo = next(path for path in sorted(photos_dir.rglob("*")) if path.suffix == ".jpg")
    for plot, names in APPLIES.items():
        if name not in names or (plot == "curves" and made == "shipped"):
            continue
        code, written, errors = zoo_plot(plot, source, *[photo] * (plot in ("pipeline", "joints")))
        assert code == 0, errors
        with Image.open(tmp_path / written) as picture:
            drawn = (np.asarray(picture.convert("RGB")) != 255).any(axis=-1).mean()
        assert 0.005 < drawn < 0.98, plot


@pytest.mark.parametrize("name", ["cifar_softmax", "deep_relu"])
def test_certain_images_of_cifar10(name, zoo_plot, tmp_path, tfds_dir):
    code, written, errors = zoo_plot("examples", name, "--data-dir", tfds_dir)
    assert code == 0, errors
    assert (tmp_path / written).stat().st_size > 50_000


def test_every_plot_from_a_fresh_run_and_from_a_shipped_bundle(zoo_plot, tmp_path, photos_dir):
    zoo.train("perceptron", epochs=3, run_dir=tmp_path / "run")
    photo = next(path for path in sorted(photos_dir.rglob("*")) if path.suffix == ".jpg")
    commands = [
        ("curves", "run", "--to", "curves.svg"),
        ("confusion", "./run"),
        ("confusion", "mark_one", "--to", "shapes.png"),
        ("boundary", "./run"),
        ("boundary", "xor_mlp", "--to", "xor.svg"),
        ("weights", "linear_cat_dog"),
        ("pipeline", "linear_cat_dog", photo),
        ("activations",),
        ("learning", "xor_mlp", "--epochs", "20"),
        ("learning", "perceptron", "--dataset", "and", "--to", "and.svg"),
    ]
    for words in commands:
        code, written, errors = zoo_plot(*words)
        assert code == 0, errors
        assert (tmp_path / written).stat().st_size > 5000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("weights", "deep_relu"), "no weights W that can be shown"),
        (("boundary", "mark_one"), "two inputs and one output"),
        (("boundary", "deep_relu", "--data-dir", "nowhere"), "two inputs and one output"),
        (("curves", "nowhere"), "no history.csv"),
        (("confusion", "nothing"), "no shipped bundle"),
        (("pipeline", "linear_cat_dog", "nowhere.jpg"), "nowhere.jpg"),
        (("activations", "--to", "ten.gif"), ".png or .svg"),
        (("learning", "mark_one"), "two inputs"),
        (("learning", "xor_mlp", "--to", "xor.jpg"), ".gif or .png or .svg"),
        (("learning", "xor_mlp", "--to", "/proc/xor.gif"), "cannot be written"),
        (("learning", "perceptron", "--dataset", "shapes"), "takes rows of numbers"),
        (("learning", "perceptron", "--seed", "4294967296"), "from 0 to 4294967295"),
        (("learning", "perceptron", "--seed", "-1"), "from 0 to 4294967295"),
        (("examples", "xor_mlp"), "Only images"),
        (("examples", "mark_one"), "equally certain"),
    ],
)
def test_a_plot_that_cannot_be_is_one_sentence(words, message, zoo_plot, tmp_path):
    code, _, errors = zoo_plot(*words)
    assert code == 2
    assert message in errors
    assert len(errors.splitlines()) == 1
    assert not list(tmp_path.iterdir())
