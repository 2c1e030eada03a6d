"""The playground's points: their geometry, noise, test points and seeds."""

import numpy as np
import pytest

from zoo import data
from zoo.data.plane_points import DRAWN, LABELLED, SETS, VALUES, given_points, plane_points
from zoo.errors import ZooError


def everything(points):
    return np.concatenate([points.x, points.x_test]), np.concatenate([points.y, points.y_test])


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_points_are_float32_finite_and_a_function_of_the_seed(name, noise):
    found, again, other = (plane_points(name, noise, 0.3, seed) for seed in (1, 1, 2))
    x, y = everything(found)
    assert (x.dtype, y.dtype, len(x)) == (np.float32, np.float32, 500 if name in DRAWN else 4)
    assert (x.shape[1], y.shape[1]) == (2, 1)
    assert np.isfinite(x).all()
    assert found.are_values == (name in VALUES)
    assert found.are_values or set(np.unique(y)) == {0, 1}
    assert x.tobytes() == everything(again)[0].tobytes() != everything(other)[0].tobytes()
    if not noise:
        assert np.abs(x).max() <= max(abs(found.low), abs(found.high))


@pytest.mark.parametrize(("share", "training"), [(0.0, 500), (0.5, 250), (0.9, 50)])
def test_the_share_of_test_points(share, training):
    found = plane_points("circle", test_share=share)
    assert (len(found.x), len(found.x_test)) == (training, 500 - training)
    whole = plane_points("circle", test_share=0.0)
    # The same points, whatever the share.
    np.testing.assert_array_equal(everything(found)[0], whole.x)


def test_truth_tables_have_no_test_points_and_exact_labels():
    found = plane_points("nand", noise=0.2, test_share=0.9)
    assert len(found.x) == 4
    assert len(found.x_test) == 0
    corner = np.rint(found.x)
    np.testing.assert_array_equal(found.y[:, 0], 1 - corner[:, 0] * corner[:, 1])


def test_without_noise_the_sets_are_what_they_are_called():
    x, y = everything(plane_points("circle"))
    radius = np.linalg.norm(x, axis=1)
    assert radius[y[:, 0] == 1].max() <= 2.5
    assert radius[y[:, 0] == 0].min() >= 3.5

    x, y = everything(plane_points("xor_clouds"))
    np.testing.assert_array_equal(y[:, 0], x[:, 0] * x[:, 1] > 0)
    assert np.abs(x).min() >= 0.3

    x, y = everything(plane_points("clouds"))
    for label, centre in ((1, 2), (0, -2)):
        cloud = x[y[:, 0] == label]
        np.testing.assert_allclose(cloud.mean(axis=0), centre, atol=0.2)
        np.testing.assert_allclose(cloud.var(axis=0), 0.5, atol=0.15)

    x, y = everything(plane_points("spiral"))
    turned = {tuple(-row) for row in x[y[:, 0] == 0].round(4).tolist() for row in [np.array(row)]}
    assert len(turned & {tuple(row) for row in x[y[:, 0] == 1].round(4).tolist()}) >= 240

    x, y = everything(plane_points("plane"))
    np.testing.assert_allclose(y[:, 0], x.sum(axis=1) / 10, atol=1e-6)


@pytest.mark.parametrize("name", ["circle", "xor_clouds"])
def test_noise_gives_points_near_the_boundary_another_label(name):
    clean, noisy = plane_points(name, 0.0), plane_points(name, 0.4)
    wrong = everything(clean)[1] != everything(noisy)[1]
    np.testing.assert_array_equal(everything(clean)[0], everything(noisy)[0])
    assert 0.02 < wrong.mean() < 0.4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("circel",), "did you mean circle"),
        (("circle", 0.6), "give noise from 0 to 0.5"),
        (("circle", 0.0, 0.95), "a share from 0 to 0.9"),
    ],
)
def test_a_wrong_argument_is_one_sentence(arguments, sentence):
    with pytest.raises(ZooError, match=sentence):
        plane_points(*arguments)


def test_own_points_are_kept_as_they_are():
    rows = np.array([[1.5, -2.0, 0], [3.0, 4.0, 1], [-5.0, 0.25, 1]])
    found = given_points(rows, are_values=False, test_share=0.4, seed=3)
    assert (len(found.x), len(found.x_test)) == (2, 1)
    x, y = everything(found)
    assert sorted(map(tuple, np.hstack([x, y]).tolist())) == sorted(map(tuple, rows.tolist()))
    assert (found.low, found.high) == (-6, 6)
    far = given_points(np.array([[100.0, 0, 7.5]]), are_values=True, test_share=0.9)
    assert (len(far.x), far.y[0, 0], far.high) == (1, 7.5, pytest.approx(110))


def test_an_own_label_is_0_or_1():
    with pytest.raises(ZooError, match=r"has the label 2; give 0 or 1, or choose regression\.$"):
        given_points(np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]]), are_values=False)


@pytest.mark.parametrize("name", LABELLED)
def test_zoo_train_takes_them_by_name(name):
    found = data.load(name)
    assert (len(found.train), len(found.validation), len(found.test)) == (500, 200, 500)
    assert found.labels == ("blue", "orange")
    assert found.fingerprint == data.load(name).fingerprint
    assert abs(found.train.y.mean() - 0.5) < 0.05
