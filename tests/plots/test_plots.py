"""Pictures are read back: not blank, of the size asked for, and of what they say."""

import keras
import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import ZooError
from zoo.plots.confusion import confusion_matrix, confusion_picture
from zoo.plots.curves import learning_curves
from zoo.plots.style import save
from zoo.plots.weights import templates, weight_pictures

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
def test_other_models_have_no_such_picture(name):
    with pytest.raises(ZooError, match="no W that is a picture"):
        weight_pictures(zoo.build(name), LABELS, "a title")


def test_the_confusion_matrix_counts(tmp_path):
    truth, decided = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 0])
    counts = confusion_matrix(truth, decided, "abc")
    np.testing.assert_array_equal(counts, [[1, 1, 0], [0, 1, 0], [1, 0, 2]])
    figure = confusion_picture(counts, "abc", "a title")
    pixels(figure, tmp_path / "confusion.png")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["50", "50", "0", "0", "100", "0", "33", "0", "67"]


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
