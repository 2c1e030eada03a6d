"""One epoch of deep_relu's recipe `compact`: with this package, with Keras and with PyTorch.

The others do the same work: the same network, augmentation, batches, precision and optimizer, in
the style of their documentation. Only Keras's random layers make one random change after another,
and neither restricts the first layer to patches, which saves them time.
"""

from __future__ import annotations

import math
import sys
from statistics import median

RECIPE = "compact"
NAMES = {
    "zoo": "this package",
    "keras": "Keras `fit`, augmentation by Keras's layers in tf.data",
    "torch": "PyTorch, data resident in memory, augmentation by `grid_sample`",
}


def measure(rounds: int, say) -> list[dict]:
    """Return a row per program: seconds and ratio to this package, as medians."""
    from benchmarks.epochs import alternating

    seconds = alternating({way: [__file__, way] for way in NAMES}, rounds)
    rows = []
    for way, name in NAMES.items():
        ratios = [a / b for a, b in zip(seconds[way], seconds["zoo"], strict=True)]
        rows.append({"way": name, "seconds": median(seconds[way]), "to_zoo": median(ratios)})
        say(rows[-1])
    return rows


def _recipe():
    from zoo.models import describe

    return describe("deep_relu").recipes[RECIPE]


def _examples():
    import numpy as np

    from zoo import data

    train = data.load("cifar10").train
    return np.asarray(train.x), np.asarray(train.y)


def _zoo():
    """Return a function that trains an epoch with this package."""
    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    import zoo
    from zoo.data.dataset import Split
    from zoo.training import examples, precision
    from zoo.training.augmentation import Augmenter
    from zoo.training.checkpoints import Position
    from zoo.training.loop import TrainingLoop

    recipe, strategy = _recipe(), tf.distribute.get_strategy()
    augmenter = Augmenter(recipe.augmentation, recipe.epochs)
    with precision.policy(recipe.precision):
        model = zoo.build("deep_relu", **recipe.options)
        model.compile(recipe.build_optimizer(10**6), model.loss, weighted_metrics=["accuracy"])
    split = examples.choose("memory", model, strategy, Split(*_examples()), augmenter)
    loop = TrainingLoop(
        model,
        strategy,
        split,
        batch_size=recipe.batch_size,
        seed=0,
        label_smoothing=recipe.label_smoothing,
        augmenter=augmenter,
    )

    def epoch(number):
        for _ in loop.epoch(Position(number), lambda step: step + 50):
            pass

    return epoch


def _keras():
    """Return a function that trains an epoch with Keras's `fit`."""
    import keras
    import tensorflow as tf

    recipe = _recipe()
    amount, options = recipe.augmentation, recipe.options
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    size = 32
    layers = keras.layers
    augment = [
        *([layers.RandomFlip("horizontal")] if amount.flip else []),
        layers.RandomTranslation(amount.shift / size, amount.shift / size, fill_mode="reflect"),
        layers.RandomZoom(amount.zoom, amount.zoom, fill_mode="reflect"),
        layers.RandomRotation(amount.rotation / 360, fill_mode="reflect"),
        layers.RandomShear(amount.shear, 0.0, fill_mode="reflect"),
    ]

    def prepared(images, labels):
        images = tf.cast(images, tf.float32)
        for layer in augment:
            images = layer(images, training=True)
        labels = tf.one_hot(labels, 10)
        return tf.image.per_image_standardization(images), labels

    hidden = []
    for _ in range(options["depth"]):
        hidden += [
            layers.Dense(options["width"], kernel_initializer="he_normal"),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dropout(options["dropout"]),
        ]
    model = keras.Sequential(
        [
            keras.Input((size, size, 3)),
            layers.Flatten(),
            *hidden,
            layers.Dense(10),
            layers.Activation("softmax", dtype="float32"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=["accuracy"],
    )
    x, y = _examples()
    dataset = (
        tf.data.Dataset.from_tensor_slices((x, y))
        .shuffle(len(x))
        .batch(recipe.batch_size, drop_remainder=True)
        .map(prepared, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )
    return lambda number: model.fit(dataset, epochs=1, verbose=0)


def _torch():
    """Return a function that trains an epoch with PyTorch."""
    import torch
    from torch import nn
    from torch.nn import functional

    recipe = _recipe()
    amount, options = recipe.augmentation, recipe.options
    x, y = _examples()
    x, y = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(y)
    layers, inputs = [], 3072
    for _ in range(options["depth"]):
        layers += [
            nn.Linear(inputs, options["width"]),
            nn.BatchNorm1d(options["width"]),
            nn.ReLU(),
            nn.Dropout(options["dropout"]),
        ]
        inputs = options["width"]
    model = nn.Sequential(*layers, nn.Linear(inputs, 10))
    rule = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )

    def augmented(images):
        count = len(images)

        def between(limit):
            return (torch.rand(count) * 2 - 1) * limit

        angle = between(math.radians(amount.rotation))
        mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0) if amount.flip else 1.0
        across, down = 1 + between(amount.zoom), 1 + between(amount.zoom)
        cos, sin = torch.cos(angle), torch.sin(angle)
        rows = [
            torch.stack(
                [
                    mirror * across * cos,
                    mirror * across * (between(amount.shear) - sin),
                    between(amount.shift / 16),
                ],
                dim=1,
            ),
            torch.stack([down * sin, down * cos, between(amount.shift / 16)], dim=1),
        ]
        grid = functional.affine_grid(
            torch.stack(rows, dim=1), list(images.shape), align_corners=False
        )
        return functional.grid_sample(
            images.float(), grid, padding_mode="reflection", align_corners=False
        )

    def epoch(number):
        order = torch.randperm(len(x))
        for at in range(0, len(x) - recipe.batch_size + 1, recipe.batch_size):
            rows = order[at : at + recipe.batch_size]
            images = augmented(x[rows]).flatten(1)
            images = (images - images.mean(1, keepdim=True)) / images.std(1, keepdim=True)
            rule.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(images)
            functional.cross_entropy(
                logits.float(), y[rows], label_smoothing=recipe.label_smoothing
            ).backward()
            rule.step()

    return epoch


if __name__ == "__main__":
    from epochs import serve

    serve(globals()[f"_{sys.argv[1]}"]())
