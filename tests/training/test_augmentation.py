"""What augmentation does to photos, and that nothing but (seed, epoch, index) decides it."""

import numpy as np
import pytest
import tensorflow as tf

from zoo.registry.recipes import Augmentation
from zoo.training.augmentation import Augmenter

EXAMPLES = 40


@pytest.fixture(scope="module")
def photos():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (EXAMPLES, 8, 12, 3)).astype("uint8")


def moved(photos, epoch=0, rows=None, **amounts):
    augmenter = Augmenter(Augmentation(**amounts))
    rows = np.arange(len(photos)) if rows is None else rows
    sampled = [tf.constant(part[rows]) for part in augmenter.sample(7, epoch, len(photos))]
    return augmenter.apply(tf.constant(photos[rows]), sampled).numpy()


def test_no_amount_leaves_a_photo_as_it_is(photos):
    np.testing.assert_allclose(moved(photos), photos, atol=1e-3)


def test_a_flip_mirrors_about_half_of_the_photos(photos):
    flipped = moved(photos, flip=True)
    as_is = np.abs(flipped - photos).max(axis=(1, 2, 3)) < 1e-2
    mirrored = np.abs(flipped - photos[:, :, ::-1]).max(axis=(1, 2, 3)) < 1e-2
    assert (as_is ^ mirrored).all()
    assert 10 <= mirrored.sum() <= 30


def test_a_shift_moves_by_so_many_pixels_and_mirrors_at_the_edge(photos):
    augmenter = Augmenter(Augmentation(shift=5))
    sampled = [np.zeros(1, np.float32) for _ in range(augmenter.columns)]
    sampled[0][:], sampled[4][:] = 1, 1
    sampled[2][:], sampled[5][:] = 2, -1
    result = augmenter.apply(tf.constant(photos[:1]), [tf.constant(part) for part in sampled])
    columns = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 10, 9]
    rows = [1, 0, 1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(result[0], photos[0][rows][:, columns], atol=1e-3)
    shifts = augmenter.sample(7, 0, 1000)
    assert 4.5 < np.abs(shifts[2]).max() <= 5


def test_a_quarter_turn_of_a_square_photo():
    photo = np.random.default_rng(1).integers(0, 256, (1, 9, 9, 3)).astype("uint8")
    augmenter = Augmenter(Augmentation(rotation=90))
    # cos 90° = 0 and sin 90° = 1: a = 0, b = −1, d = 1, e = 0.
    sampled = [np.float32([value]) for value in (0, -1, 0, 1, 0, 0, 0, 0)]
    turned = augmenter.apply(tf.constant(photo), [tf.constant(part) for part in sampled])
    np.testing.assert_allclose(turned[0], np.rot90(photo[0], axes=(0, 1)), atol=1e-3)


def test_cutout_puts_one_gray_square_and_changes_nothing_else(photos):
    cut = moved(photos, cutout=4)
    gray = (cut == 127.5).all(axis=-1)
    assert (gray.sum(axis=(1, 2)) <= 16).all()
    assert (gray.sum(axis=(1, 2)) >= 4).all()
    np.testing.assert_allclose(cut[~gray], photos[~gray], atol=1e-3)


def test_brightness_and_contrast_are_an_affine_change_of_light_cut_off_at_black_and_white(photos):
    changed = moved(photos, brightness=0.3, contrast=0.5)
    augmenter = Augmenter(Augmentation(brightness=0.3, contrast=0.5))
    factor, added = augmenter.sample(7, 0, len(photos))[8:]
    assert len(augmenter.sample(7, 0, len(photos))) == augmenter.columns == 10
    expected = (photos - 127.5) * factor[:, None, None, None] + 127.5 + added[:, None, None, None]
    np.testing.assert_allclose(changed, np.clip(expected, 0, 255), atol=0.01)
    assert changed.min() == 0
    assert changed.max() == 255
    factor, added = augmenter.sample(7, 0, 1000)[8:]
    assert 0.5 <= factor.min() < 0.52
    assert 1.48 < factor.max() <= 1.5
    assert 73 < added.max() <= 76.5
    assert -76.5 <= added.min() < -73


@pytest.mark.parametrize("amount", [{"brightness": 0.4}, {"contrast": 0.4}])
def test_light_changes_nothing_else_that_is_sampled_and_each_amount_itself_alone(amount):
    plain = Augmenter(Augmentation(shift=2, mixup=0.3)).sample(7, 3, 20)
    lit = Augmenter(Augmentation(shift=2, mixup=0.3, **amount)).sample(7, 3, 20)
    both = Augmenter(Augmentation(brightness=0.4, contrast=0.4)).sample(7, 3, 20)
    for one, other in zip(plain, lit[:8] + lit[10:], strict=True):
        np.testing.assert_array_equal(one, other)
    at = 9 if "brightness" in amount else 8
    np.testing.assert_array_equal(lit[at], both[at])
    assert set(lit[17 - at]) == {0.0 if at == 8 else 1.0}


def test_a_cut_out_square_is_gray_in_any_light(photos):
    cut = moved(photos, cutout=4, brightness=0.3, contrast=0.5)
    assert ((cut == 127.5).all(axis=-1).sum(axis=(1, 2)) >= 4).all()


def test_a_photo_s_fate_hangs_on_seed_epoch_and_index_alone(photos):
    amounts = {"flip": True, "shift": 2, "zoom": 0.2, "rotation": 20, "shear": 0.1, "cutout": 3}
    amounts |= {"brightness": 0.2, "contrast": 0.3}
    whole = moved(photos, **amounts)
    some = np.array([31, 4, 17])
    np.testing.assert_allclose(moved(photos, rows=some, **amounts), whole[some], atol=1e-3)
    assert np.abs(moved(photos, epoch=1, **amounts) - whole).max() > 50
    # Another amount of one thing does not draw another amount of the next.
    sampled = [Augmenter(Augmentation(shift=2, zoom=z)).sample(7, 0, 5)[2] for z in (0.0, 0.3)]
    np.testing.assert_array_equal(*sampled)


def test_values_stay_between_those_of_the_photo(photos):
    result = moved(photos, flip=True, shift=9, zoom=0.5, rotation=45, shear=0.5)
    assert result.min() >= photos.min() - 1e-3
    assert result.max() <= photos.max() + 1e-3


def test_it_compiles_with_static_shapes(photos):
    augmenter = Augmenter(Augmentation(flip=True, shift=2, rotation=10, cutout=3, contrast=0.2))
    sampled = [tf.constant(part) for part in augmenter.sample(7, 0, len(photos))]
    compiled = tf.function(augmenter.apply, jit_compile=True)
    plain = augmenter.apply(tf.constant(photos), sampled)
    np.testing.assert_allclose(compiled(tf.constant(photos), sampled), plain, atol=0.05)
