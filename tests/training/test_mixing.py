"""Pairs of photos: what is blended, what the labels count for, and what decides it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.data.dataset import Split
from zoo.registry.recipes import Augmentation
from zoo.training.augmentation import (
    Augmenter,
    blend,
    blend_weights,
    sample_blends,
    with_partners,
)
from zoo.training.checkpoints import Position
from zoo.training.examples import ResidentExamples
from zoo.training.loop import TrainingLoop

EXAMPLES, BATCH = 64, 16


@pytest.fixture(scope="module")
def split():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (EXAMPLES, 8, 8, 3)).astype("uint8")
    return Split(images, random.integers(0, 10, EXAMPLES))


def mixed(split, epoch=0, epochs=0, **amounts):
    """Return the pairs of the whole split, blended, the share of the first and its rows."""
    augmentation = Augmentation(**amounts)
    rows = with_partners(np.arange(EXAMPLES, dtype=np.int32)[None], 7, epoch, EXAMPLES)[0]
    augmenter = Augmenter(augmentation, epochs)
    sampled = [part[rows] for part in augmenter.sample(7, epoch, EXAMPLES)]
    images = augmenter.apply(tf.constant(split.x[rows]), [tf.constant(part) for part in sampled])
    return images.numpy(), sample_blends(augmentation, 7, epoch, EXAMPLES)[0], rows


def test_mixup_adds_a_photo_and_its_partner_by_their_shares(split):
    images, share, rows = mixed(split, mixup=0.4)
    own, partner = split.x[rows[0::2]], split.x[rows[1::2]]
    at = share[:, None, None, None]
    np.testing.assert_allclose(images, at * own + (1 - at) * partner, atol=1e-2)
    assert (rows[0::2] == np.arange(EXAMPLES)).all()
    assert sorted(rows[1::2]) == list(range(EXAMPLES))


def test_cutmix_puts_a_part_of_the_partner_and_its_area_is_its_label_s_share(split):
    white, black = np.full((1, 8, 8, 3), 255.0, "float32"), np.zeros((1, 8, 8, 3), "float32")
    pairs = tf.constant(np.concatenate([black, white] * EXAMPLES))
    sampled = sample_blends(Augmentation(cutmix=1.0), 7, 0, EXAMPLES)
    both = [tf.constant(np.repeat(part, 2)) for part in sampled]
    blended = blend(pairs, both).numpy() / 255
    np.testing.assert_allclose(blended.mean(axis=(1, 2, 3)), 1 - sampled[0], atol=1e-5)
    # A rectangle: every row that has any of it has it in the same columns.
    for image in blended[..., 0]:
        np.testing.assert_allclose(
            image * image.max(), image.max(axis=1)[:, None] * image.max(axis=0), atol=1e-4
        )
    np.testing.assert_allclose(
        blend_weights(both), np.stack([2 * sampled[0], 2 - 2 * sampled[0]], axis=1).ravel()
    )


def test_with_both_about_half_of_the_photos_have_the_one(split):
    sampled = sample_blends(Augmentation(mixup=0.2, cutmix=1.0), 7, 0, 1000)
    assert 400 < sampled[3].sum() < 600
    assert set(sampled[3]) == {0, 1}


def test_partners_and_shares_hang_on_seed_epoch_and_index_alone(split):
    order = np.arange(EXAMPLES, dtype=np.int32).reshape(4, BATCH)
    rows = with_partners(order, 7, 0, EXAMPLES).reshape(-1, 2)
    again = with_partners(order[::-1], 7, 0, EXAMPLES).reshape(-1, 2)
    assert dict(rows.tolist()) == dict(again.tolist())
    assert dict(rows.tolist()) != dict(with_partners(order, 7, 1, EXAMPLES).reshape(-1, 2).tolist())
    one, other = (mixed(split, epoch, mixup=0.4)[1] for epoch in (0, 1))
    assert (one != other).all()


@pytest.mark.parametrize("amounts", [{"mixup": 0.4}, {"mixup": 0.4, "cutmix": 1.0}])
def test_in_the_last_epochs_every_photo_is_itself_with_its_own_label(split, amounts):
    amounts = {**amounts, "unmixed": 0.3}
    for epoch in range(10):
        images, _, rows = mixed(split, epoch, epochs=10, **amounts)
        alone = np.abs(images - split.x[rows[0::2]]).max(axis=(1, 2, 3)) < 1e-3
        assert alone.all() == (epoch >= 7), epoch
        augmenter = Augmenter(Augmentation(**amounts), 10)
        sampled = [tf.constant(part[rows]) for part in augmenter.sample(7, epoch, EXAMPLES)]
        weights = augmenter.label_weights(sampled).numpy()
        assert (set(weights) == {0.0, 2.0}) == (epoch >= 7), epoch


def test_before_the_last_epochs_mixing_is_as_without_an_end(split):
    with_end = Augmenter(Augmentation(mixup=0.4, cutmix=1.0, unmixed=0.25), 4)
    without = Augmenter(Augmentation(mixup=0.4, cutmix=1.0))
    for epoch in range(3):
        for one, other in zip(
            with_end.sample(7, epoch, 9), without.sample(7, epoch, 9), strict=True
        ):
            np.testing.assert_array_equal(one, other)


def test_an_epoch_without_mixing_trains_as_a_recipe_without_mixing(split):
    """Its loss and weights are those of the same photos alone, to rounding."""
    found = []
    for amounts in ({"mixup": 0.4, "cutmix": 1.0, "unmixed": 0.5}, {}):
        keras.utils.set_random_seed(0)
        model = zoo.build("deep_relu", depth=1, width=8, size=8)
        strategy = tf.distribute.get_strategy()
        augmenter = Augmenter(Augmentation(shift=1, **amounts), 2)
        examples = ResidentExamples(model, strategy, split, augmenter)
        loop = TrainingLoop(
            model,
            strategy,
            examples,
            batch_size=BATCH,
            seed=7,
            augmenter=augmenter,
            label_smoothing=0.1,
        )
        for _ in loop.epoch(Position(1), lambda step: step + 1):
            pass
        found.append((model.get_weights(), loop.logs()))
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-5)
    for one, other in zip(found[0][0], found[1][0], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_first_step_s_figures_are_those_of_keras_on_mixed_labels(split):
    keras.utils.set_random_seed(0)
    model = zoo.build("deep_relu", depth=1, width=8, size=8)
    strategy = tf.distribute.get_strategy()
    augmenter = Augmenter(Augmentation(mixup=0.4))
    examples = ResidentExamples(model, strategy, split, augmenter)
    loop = TrainingLoop(model, strategy, examples, batch_size=EXAMPLES, seed=7, augmenter=augmenter)
    images, share, rows = mixed(split, mixup=0.4)
    one_hot = np.eye(10)[split.y]
    labels = share[:, None] * one_hot + (1 - share)[:, None] * one_hot[rows[1::2]]
    probabilities = model.get_layer("head")(model.get_layer("preprocessing")(images)).numpy()
    expected = -(labels * np.log(probabilities)).sum(axis=1).mean()
    for _ in loop.epoch(Position(), lambda step: step + 1):
        pass
    assert loop.logs()["loss"] == pytest.approx(expected, rel=1e-4)
    right = probabilities.argmax(axis=1) == labels.argmax(axis=1)
    assert loop.logs()["accuracy"] == pytest.approx(right.mean(), abs=1e-6)
