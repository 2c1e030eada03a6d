import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo import data
from zoo.data.dataset import Split
from zoo.training.checkpoints import Position
from zoo.training.evaluation import Evaluation
from zoo.training.examples import ResidentExamples, StreamedExamples
from zoo.training.finite import NonFiniteLossError
from zoo.training.loop import TrainingLoop, check_batch_size, epoch_order

EXAMPLES = 64


def examples_for(name):
    """Return a few examples of the kind the model takes, with labels as its loss takes them."""
    spec = zoo.describe(name)
    random = np.random.default_rng(11)
    if data.describe(spec.dataset).source == "computed":
        split = data.load(spec.dataset).train
        x, y = split.x[:EXAMPLES], split.y[:EXAMPLES]
    else:
        x = random.integers(0, 256, (EXAMPLES, 32, 32, 3)).astype("uint8")
        y = random.integers(0, 2, EXAMPLES)
    return x, spec.task.targets(y)


def built(name, seed=3, **options):
    keras.utils.set_random_seed(seed)
    return zoo.build(name, **options)


def examples_of(model, x, y):
    return ResidentExamples(model, tf.distribute.get_strategy(), Split(x, y))


def loop_for(model, x, y, batch_size, **options):
    return TrainingLoop(
        model,
        tf.distribute.get_strategy(),
        examples_of(model, x, y),
        batch_size=batch_size,
        seed=5,
        **options,
    )


def has_batch_normalization(model):
    layers = model.get_layer("head").layers
    return any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers)


def run_epochs(loop, epochs=1, position=None):
    position = position or Position()
    while position.epoch < epochs:
        for _ in loop.epoch(position, lambda step: 2**31):
            pass
        position.epoch, position.step = position.epoch + 1, 0
    return loop.logs()


@pytest.mark.parametrize("name", zoo.list_models())
@pytest.mark.parametrize("jit", [False, True])
def test_on_one_device_the_loop_equals_fit_on_the_same_batches(name, jit):
    x, y = examples_for(name)
    batch_size = min(zoo.describe(name).recipe.batch_size, 16, len(x))
    # The loop leaves out the examples of a last, smaller batch, and `fit` does not.
    whole = len(x) // batch_size * batch_size
    x, y = x[:whole], y[:whole]
    by_loop, by_fit = built(name), built(name)
    logs = run_epochs(loop_for(by_loop, x, y, batch_size, jit=jit))
    order = epoch_order(5, 0, len(x))
    history = by_fit.fit(x[order], y[order], batch_size, shuffle=False, verbose=0).history
    # XLA, which always compiles the update, rounds in another way, and Adam takes a step even for a
    # gradient of all but zero, such as that of biases before a batch normalization.
    tolerance = 5e-5 if jit or has_batch_normalization(by_loop) else 1e-6
    for one, other in zip(by_loop.get_weights(), by_fit.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=tolerance)
    assert logs["loss"] == pytest.approx(history["loss"][0], abs=1e-5)
    metric = zoo.describe(name).task.primary.name
    assert logs[metric] == pytest.approx(history[metric][0], rel=1e-6)


@pytest.mark.parametrize("name", zoo.list_models())
def test_the_whole_step_compiles_with_static_shapes_preprocessing_included(name):
    x, y = examples_for(name)
    batch_size = min(zoo.describe(name).recipe.batch_size, 16, len(x))
    compiled, plain = built(name), built(name)
    losses = []
    for model, jit in ((compiled, True), (plain, False)):
        # Streamed, so that the layer before the head is part of the step.
        strategy = tf.distribute.get_strategy()
        examples = StreamedExamples(model, strategy, Split(x, y))
        loop = TrainingLoop(model, strategy, examples, batch_size=batch_size, seed=5, jit=jit)
        losses.append(run_epochs(loop)["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    for one, other in zip(compiled.get_weights(), plain.get_weights(), strict=True):
        # XLA sums in another order, and Adam takes a step even for a gradient of all but zero.
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_every_epoch_has_an_order_of_its_own_that_a_seed_repeats():
    first = epoch_order(1, 0, 100)
    assert sorted(first) == list(range(100))
    np.testing.assert_array_equal(first, epoch_order(1, 0, 100))
    assert (first != epoch_order(1, 1, 100)).any()
    assert (first != epoch_order(2, 0, 100)).any()


def augmented(seed):
    """Return a compiled model with everything random that Keras has to offer a photo."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    head = keras.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
            layers.GaussianNoise(0.1),
            layers.Flatten(),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ],
        name="head",
    )
    image = layers.Input((32, 32, 3), dtype="uint8", name="image")
    model = keras.Model(image, head(layers.Rescaling(1 / 255, name="preprocessing")(image)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, weighted_metrics=["accuracy"])
    return model


def test_stopping_between_calls_changes_nothing_augmentation_and_dropout_included():
    x, y = examples_for("deep_relu")
    whole, parts, fresh = augmented(3), augmented(3), augmented(99)
    run_epochs(loop_for(whole, x, y, 8), epochs=2)
    loop, position = loop_for(parts, x, y, 8), Position()
    for _ in loop.epoch(position, lambda step: step + 1):
        if position.step == 3:
            break
    # What a checkpoint holds, put into a fresh process's model.
    saved = [variable.numpy() for variable in loop.variables().values()]
    again = loop_for(fresh, x, y, 8)
    for variable, value in zip(again.variables().values(), saved, strict=True):
        variable.assign(value)
    run_epochs(again, epochs=2, position=position)
    for one, other in zip(whole.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_loss_that_is_not_finite_stops_and_names_the_step():
    x, y = examples_for("linear_cat_dog")
    y = y.copy()
    order = epoch_order(5, 0, len(x))
    y[order[8 * 3]] = np.nan
    with pytest.raises(NonFiniteLossError, match="step 4 of epoch 1"):
        run_epochs(loop_for(built("linear_cat_dog"), x, y, 8))


@pytest.mark.parametrize(
    ("batch_size", "replicas", "message"),
    [(10, 4, "8 or 12"), (3, 4, "that can are 4"), (0, 1, "from 1 up"), (101, 1, "100 training")],
)
def test_a_batch_that_does_not_fit_is_one_sentence(batch_size, replicas, message):
    with pytest.raises(zoo.ZooError, match=message):
        check_batch_size(batch_size, replicas, 100)


def test_photos_streamed_from_disk_train_as_photos_in_memory_do(photos_dir, tmp_path):
    options = {"data_dir": photos_dir, "dataset": "photos", "epochs": 2, "batch_size": 8}
    streamed, resident = (
        zoo.train("linear_cat_dog", source=source, run_dir=tmp_path / source, **options)
        for source in ("stream", "memory")
    )
    assert streamed["test"] == pytest.approx(resident["test"], rel=1e-5)
    assert streamed["history"] == pytest.approx(resident["history"], rel=1e-5)


def test_a_profile_is_written_where_tensorboard_looks(tmp_path):
    zoo.train("perceptron", epochs=2, run_dir=tmp_path / "run", profile=True)
    assert list((tmp_path / "run" / "logs" / "plugins" / "profile").rglob("*.xplane.pb"))


@pytest.mark.parametrize("count", [1, 37, 1000, 1037])
def test_an_evaluation_counts_every_example_once(count):
    x = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3)).astype("uint8")
    y = np.random.default_rng(1).integers(0, 10, count)
    model = built("deep_relu", depth=1, width=8, size=4)
    figures = Evaluation(model, tf.distribute.get_strategy(), examples_of(model, x, y)).run()
    probabilities = model.predict(x, verbose=0)
    expected = -np.log(probabilities[np.arange(count), y]).mean()
    assert figures["loss"] == pytest.approx(expected, abs=1e-5)
    assert figures["accuracy"] == pytest.approx((probabilities.argmax(1) == y).mean(), abs=1e-6)


def test_photos_of_different_sizes_give_the_features_the_model_computes(photos_dir):
    photos = data.load("photos", photos_dir).validation.x
    model = built("linear_cat_dog")
    split = Split(photos, np.zeros(len(photos), "int64"))
    examples = ResidentExamples(model, tf.distribute.get_strategy(), split)
    features = examples.features((tf.range(len(photos)),))[0].numpy()
    for photo, row in zip(photos, features, strict=True):
        expected = model.get_layer("preprocessing")(photo[None]).numpy()[0]
        np.testing.assert_allclose(row, expected, atol=1e-5)
