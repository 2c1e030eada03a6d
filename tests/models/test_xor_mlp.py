import keras
import tensorflow as tf

import zoo


def test_the_recipe_solves_xor_from_a_hundred_of_a_hundred_seeds():
    """Each seed's own initial weights, the recipe's optimizer, epochs and batch: all four rows."""
    recipe = zoo.describe("xor_mlp").recipe
    table = zoo.data.load("xor").train
    assert recipe.batch_size == len(table)
    model = zoo.build("xor_mlp")
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    fresh = [variable.numpy() for variable in optimizer.variables]

    @tf.function
    def train():
        for _ in tf.range(recipe.epochs):
            with tf.GradientTape() as tape:
                loss = model.compute_loss(table.x, table.y, model(table.x, training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)

    unsolved = []
    for seed in range(100):
        keras.utils.set_random_seed(seed)
        model.set_weights(zoo.build("xor_mlp").get_weights())
        for variable, value in zip(optimizer.variables, fresh, strict=True):
            variable.assign(value)
        train()
        decided = model(table.x).numpy()[:, 0] >= 0.5
        if (decided != table.y).any():
            unsolved.append(seed)
    assert unsolved == []
