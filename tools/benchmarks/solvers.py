"""Convex problems: this package's solvers and scikit-learn's, with the same examples and λ."""

from __future__ import annotations

import time
from statistics import median

# scikit-learn's C = 1e-3 on pixels between 0 and 1 is this λ on pixels between −1 and 1.
SOFTMAX_PENALTY = 4000.0
RIDGE_PENALTY = 4e4
RIDGE_VALUES = 20


def measure(rounds: int, say) -> list[dict]:
    """Return a row per problem and solver: medians over alternating rounds in this process."""
    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    return [*_softmax(rounds, say), *_ridge(rounds, say)]


def _softmax(rounds, say):
    import numpy as np
    import tensorflow as tf
    from sklearn.linear_model import LogisticRegression

    import zoo
    from zoo import data
    from zoo.training import examples
    from zoo.training.solvers import softmax_regression

    train = data.load("cifar10").train
    model = zoo.build("cifar_softmax", size=32, grayscale=False)
    strategy = tf.distribute.get_strategy()
    resident = examples.choose("memory", model, strategy, train)
    x = np.asarray(train.x).reshape(len(train), -1).astype("float32") / 127.5 - 1

    def ours():
        (found,) = softmax_regression.solve(model, strategy, resident, [SOFTMAX_PENALTY])
        return found.weights, found.bias

    def sklearns():
        found = LogisticRegression(C=1 / SOFTMAX_PENALTY, max_iter=1000).fit(x, train.y)
        return found.coef_.T, found.intercept_

    def objective(weights, bias):
        logits = x.astype("float64") @ weights + bias
        top = logits.max(axis=1, keepdims=True)
        losses = np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0]
        losses -= logits[np.arange(len(x)), train.y]
        return losses.mean() + SOFTMAX_PENALTY / 2 / len(x) * (weights**2).sum()

    return _rows(
        f"softmax regression, 45,053 × 3072, λ = {SOFTMAX_PENALTY:g}",
        {"zoo --solver lbfgs": ours, "scikit-learn LogisticRegression (lbfgs)": sklearns},
        rounds,
        say,
        objective,
    )


def _ridge(rounds, say):
    import numpy as np
    import tensorflow as tf
    from sklearn.linear_model import Ridge, RidgeCV

    import zoo
    from zoo import data
    from zoo.registry.tasks import Sign
    from zoo.training import examples
    from zoo.training.solvers import ridge

    train = data.load("cats_vs_dogs").train.map_targets(Sign().targets)
    model = zoo.build("linear_cat_dog")
    strategy = tf.distribute.get_strategy()
    resident = examples.choose("memory", model, strategy, train)
    x = resident.features((tf.range(len(train)),))[0].numpy()
    penalties = np.geomspace(RIDGE_PENALTY / 1e3, RIDGE_PENALTY * 1e2, RIDGE_VALUES)
    penalties[0] = RIDGE_PENALTY

    def ours():
        solutions = ridge.solve(ridge.sum_examples(strategy, resident), penalties)
        return solutions[0].weights, solutions[0].bias

    def one():
        found = Ridge(alpha=RIDGE_PENALTY).fit(x, train.y)
        return found.coef_, found.intercept_

    def chosen():
        # Its weights are of the λ that leave-one-out errors chose, not of RIDGE_PENALTY.
        RidgeCV(alphas=penalties).fit(x, train.y)

    def objective(weights, bias):
        errors = x.astype("float64") @ np.ravel(weights) + bias - train.y
        return (errors**2).mean() + RIDGE_PENALTY / len(x) * (np.ravel(weights) ** 2).sum()

    return _rows(
        f"ridge regression, {len(train):,} × 4096",
        {
            f"zoo --solver exact, {RIDGE_VALUES} values of λ": ours,
            "scikit-learn Ridge, 1 value of λ": one,
            f"scikit-learn RidgeCV, the same {RIDGE_VALUES} values of λ": chosen,
        },
        rounds,
        say,
        objective,
    )


def _rows(work, ways, rounds, say, objective):
    """Return a row per way; a way that returns no weights gets no value of the objective."""
    seconds = {way: [] for way in ways}
    reached = {}
    for _ in range(rounds):
        for way, run in ways.items():
            started = time.perf_counter()
            found = run()
            seconds[way].append(time.perf_counter() - started)
            if found is not None:
                reached[way] = float(objective(*found))
    best = min(reached.values())
    first = next(iter(ways))
    rows = [
        {
            "work": work,
            "way": way,
            "seconds": median(seconds[way]),
            "to_zoo": median(a / b for a, b in zip(seconds[way], seconds[first], strict=True)),
            "above_best": reached[way] - best if way in reached else None,
        }
        for way in ways
    ]
    for row in rows:
        say(row)
    return rows
