"""Checks of what a registered model promises, for this package's models and for those of plugins.

    import zoo.testing

    def test_my_model():
        zoo.testing.check_model("my_model")

Each check builds or runs the real thing on a few examples of the model's data set; all of them
take about a minute. They need TensorFlow; the ONNX file is checked where tf2onnx is installed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import importlib.util
import inspect
import json
import math
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo import data
from zoo.data import Split
from zoo.models import describe
from zoo.registry import ModelSpec
from zoo.registry.plugins import VARIABLE
from zoo.registry.solvers import solver_entry
from zoo.registry.tasks import Limits
from zoo.utils.processes import run_python

if TYPE_CHECKING:
    import keras

_BATCH = 4
# float32 sums in another order.
_TOLERANCE = 1e-4
_RESULT = "check_model: "


class CheckError(AssertionError):
    """A model fails checks; the message has a line for each, with the check's name."""


def check_model(name: str, dataset: str | None = None) -> None:
    """Check a registered model: that it builds, trains, resumes, is saved, exported and predicts.

    Args:
        name: one of `zoo.list_models()`.
        dataset: the data set to take examples of; the model's own by default.

    Raises:
        CheckError: with one sentence for each failed check.
        UnknownNameError: for an unknown model or data set.
    """
    failed = []
    with contextlib.closing(model_checks(name, dataset)) as checks:
        for check, run in checks:
            try:
                run()
            except Exception as error:
                failed.append(f"{check}: {_sentence(error)}")
                # Without a model or a run, there is nothing that the other checks could look at.
                if check in ("check_build", "check_training"):
                    break
    if failed:
        raise CheckError("\n".join(failed))


def model_checks(
    name: str, dataset: str | None = None
) -> Generator[tuple[str, Callable[[], None]], None, None]:
    """Yield the name of each check of a model and a function without arguments that runs it.

    Args:
        name: one of `zoo.list_models()`.
        dataset: as for `check_model`.

    Raises:
        UnknownNameError: for an unknown model or data set.
    """
    spec = describe(name)
    whole = dataset or spec.dataset
    with (
        tempfile.TemporaryDirectory(prefix="zoo-check-") as folder,
        few_examples(whole) as few,
    ):
        subject = _Subject(spec, few, whole, Path(folder))
        for check in CHECKS:
            yield check.__name__, functools.partial(check, subject)


@contextlib.contextmanager
def few_examples(dataset: str) -> Iterator[str]:
    """Register a few examples of a data set as one, give its name, and remove it at the end.

    Args:
        dataset: one of `zoo.data.list_datasets()`.

    Raises:
        UnknownNameError: for an unknown name.
    """
    whole = data.load(dataset)
    # A registered name has no colon, as that of a curve has.
    name = re.sub(r"\W", "_", dataset)
    few = dataclasses.replace(
        whole,
        name=f"{name}_few_examples",
        train=_few(whole.train, 2 * _BATCH),
        validation=_few(whole.validation, _BATCH),
        test=_few(whole.test, 2 * _BATCH),
    )
    data.register_dataset(
        few.name,
        kind=few.kind,
        labels=few.labels,
        values=few.values,
        summary=f"A few examples of {dataset}.",
    )(lambda: few)
    try:
        yield few.name
    finally:
        data.unregister_dataset(few.name)


def check_specification(subject: _Subject) -> None:
    """The docstring documents every option, and the recipe and the data set can be found."""
    spec = subject.spec
    text = inspect.getdoc(spec.builder) or ""
    for option in spec.options:
        _require(
            f"{option}:" in text,
            f"the docstring of {spec.name} does not document the option {option!r}; add it to Args",
        )


def check_build(subject: _Subject) -> None:
    """It builds with its defaults and with each recipe's options, compiled, in the one shape."""
    import keras

    spec = subject.spec
    for options in ({}, *(recipe.options for recipe in spec.recipes.values())):
        model = _built(spec, options)
        _require(isinstance(model, keras.Model), f"{spec.name} builds a {type(model).__name__}")
        _check_shape(spec, model)
        _require(
            model.compiled and model.loss is not None,
            f"{spec.name} is not compiled with a loss; call model.compile in the builder",
        )
        _require(
            not (model.get_compile_config() or {}).get("metrics"),
            f"{spec.name} is compiled with metrics; give them as weighted_metrics, which leave "
            "out the examples that fill up a last batch",
        )
    again = [_built(spec, {}).get_weights() for _ in range(2)]
    _require(
        _digest(again[0]) == _digest(again[1]),
        f"{spec.name} begins with other weights after the same seed; draw them by Keras",
    )


def check_training(subject: _Subject) -> None:
    """Two epochs of two steps leave finite losses and weights, on each available strategy."""
    import tensorflow as tf

    _check_finite("cpu", subject.train("run"))
    if tf.config.list_physical_devices("GPU"):
        _check_finite("gpu", subject.train("gpu", strategy="gpu"))
    _check_finite("mirrored, 2 replicas", subject.elsewhere["mirrored"])


def check_resume(subject: _Subject) -> None:
    """A resumed training ends with exactly the weights of an uninterrupted one."""
    from zoo.errors import Preempted

    try:
        subject.train("resumed", reporter=_stopper())
    except Preempted:
        subject.train("resumed")
    whole, resumed = (subject.weights(run) for run in ("run", "resumed"))
    _require(
        _digest(whole) == _digest(resumed),
        f"{subject.spec.name} has other weights after a stop and a resume; whatever it keeps "
        "besides weights, or draws at random, must follow from weights and Keras's seed",
    )


def check_saving(subject: _Subject) -> None:
    """Another process that imports zoo loads model.keras, with the same answers, compiled."""
    import zoo

    model = zoo.load_model(subject.folder / "run")
    built = _built(subject.spec, {})
    # Other solvers than gradient descent use no optimizer.
    descent = "optimizer" in solver_entry(subject.spec.recipe.solver).reads
    for what in ("loss", "optimizer") if descent else ("loss",):
        _require(
            type(getattr(model, what)) is type(getattr(built, what)),
            f"the saved {subject.spec.name} is not compiled with its {what}",
        )
    _require_close(
        f"the answers of {subject.spec.name}, loaded in another process",
        np.asarray(subject.elsewhere["answers"]),
        subject.answers,
    )


def check_export(subject: _Subject) -> None:
    """It is exported to every kind of file, and all of them pass `zoo verify`."""
    from zoo.export.bundle import export_run
    from zoo.export.verify import verify

    onnx = importlib.util.find_spec("tf2onnx") is not None
    # Trained for so short a while, all answers lie close together: that files answer within
    # rounding errors is checked, that they decide alike cannot be.
    limits = Limits(max_drop=100, max_increase=1e9, min_agreement=0)
    bundle = subject.folder / "bundle"
    export_run(subject.folder / "run", bundle, onnx=onnx, limits=limits)
    report = verify(bundle, data.load(subject.dataset), limits)
    _require(not report.problems, " ".join(report.problems))


def check_prediction_without_tensorflow(subject: _Subject) -> None:
    """The bundle's own predict.py answers as Keras where TensorFlow cannot be imported."""
    np.save(subject.folder / "examples.npy", np.stack(subject.examples))
    done = run_python("-c", _WITHOUT_TENSORFLOW, subject.folder)
    _require(not done.returncode, f"predict.py failed: {_last_line(done.stderr)}")
    answers = np.asarray(json.loads(_last_line(done.stdout)))
    _require_close(f"the answers of predict.py of {subject.spec.name}", answers, subject.answers)


CHECKS = (
    check_specification,
    check_build,
    check_training,
    check_resume,
    check_saving,
    check_export,
    check_prediction_without_tensorflow,
)

_WITHOUT_TENSORFLOW = """
import json, pathlib, runpy, sys
import numpy as np
sys.modules.update(tensorflow=None, keras=None)
folder = pathlib.Path(sys.argv[1])
predict = runpy.run_path(str(folder / "bundle" / "predict.py"))
model = predict["load"](folder / "bundle")
examples = np.load(folder / "examples.npy")
for example in examples:
    model.predict(example)
print(json.dumps([model.raw(example[None])[0].tolist() for example in examples]))
"""


@dataclasses.dataclass
class _Subject:
    """A model under test, and the folder that its runs and its bundle are kept in.

    Args:
        spec: of the model.
        dataset: name of the small data set.
        whole: name of the data set that its examples were taken from.
        folder: an empty one.
    """

    spec: ModelSpec
    dataset: str
    whole: str
    folder: Path

    def train(self, run: str, **settings: Any) -> dict[str, Any]:
        """Train into this folder of the subject's and return the results."""
        from zoo import training

        short = {"epochs": 2, "batch_size": self.batch_size, "iterations": 4}
        read = solver_entry(self.spec.recipe.solver).reads
        settings = {**{name: short[name] for name in short if name in read}, **settings}
        # The first recipe on any data: the builder compiles the model with its optimizer.
        recipe = next(iter(self.spec.recipes))
        settings = {"strategy": "cpu", "seed": 1, "recipe": recipe, **settings}
        return training.train(
            self.spec.name, dataset=self.dataset, run_dir=self.folder / run, **settings
        )

    @property
    def batch_size(self) -> int:
        """So many that an epoch has two steps."""
        return len(data.load(self.dataset).train) // 2

    def weights(self, run: str) -> list[np.ndarray]:
        """Return the weights of a run's model."""
        import zoo

        return zoo.load_model(self.folder / run).get_weights()

    @functools.cached_property
    def examples(self) -> list[np.ndarray]:
        """A few test examples, photos all of the first one's size."""
        test = data.load(self.dataset).test.x
        first = np.asarray(test[0])
        examples = [np.asarray(test[index]) for index in range(len(test))]
        return [example for example in examples if example.shape == first.shape]

    @functools.cached_property
    def answers(self) -> np.ndarray:
        """The trained model's outputs for the examples."""
        import zoo

        return _answers(zoo.load_model(self.folder / "run"), self.examples)

    @functools.cached_property
    def elsewhere(self) -> dict[str, Any]:
        """The results of `_elsewhere`, run in another process.

        There, two logical devices can be asked for, and nothing but `import zoo` has made the
        model's layers known to Keras.
        """
        words = (self.spec.name, self.whole, self.folder)
        modules = [self.spec.builder.__module__, data.describe(self.whole).loader.__module__]
        own = [module for module in modules if module.partition(".")[0] not in ("zoo", "__main__")]
        named = [*filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)), *own]
        environment = {
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            VARIABLE: os.pathsep.join(dict.fromkeys(named)),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        done = run_python("-m", "zoo.testing", *words, environment=environment)
        lines = [line for line in done.stdout.splitlines() if line.startswith(_RESULT)]
        if done.returncode or not lines:
            raise CheckError(f"another process failed: {_last_line(done.stderr)}")
        return json.loads(lines[-1].removeprefix(_RESULT))


def _elsewhere(name: str, dataset: str, folder: str) -> dict[str, Any]:
    """Load the model that was trained, then train on two replicas; both in this new process."""
    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    import keras

    with few_examples(dataset) as few:
        subject = _Subject(describe(name), few, dataset, Path(folder))
        # First: TensorFlow makes its devices when it first computes.
        mirrored = subject.train("mirrored", strategy="mirrored", devices=2)
        model = keras.models.load_model(subject.folder / "run" / "model.keras")
        return {
            "mirrored": {key: mirrored[key] for key in ("test", "history")},
            "answers": _answers(model, subject.examples).tolist(),
        }


def _answers(model: keras.Model, examples: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.asarray(model(example[None])) for example in examples])


def _few(split: Split, count: int) -> Split:
    """Return examples that lie evenly between the first and the last."""
    count = min(count, len(split))
    chosen = np.linspace(0, len(split) - 1, count).round().astype(int)
    return Split(split.x[chosen], split.y[chosen])


def _built(spec: ModelSpec, options: Any) -> keras.Model:
    import keras

    keras.utils.set_random_seed(0)
    return spec.builder(**{**spec.options, **options})


def _check_shape(spec: ModelSpec, model: keras.Model) -> None:
    names = [layer.name for layer in model.layers]
    _require(
        len(model.inputs) == 1 and model.inputs[0].name in ("image", "x"),
        f"{spec.name} has the inputs {', '.join(given.name for given in model.inputs)}; give it "
        "one, named image for photos or x for numbers",
    )
    _require(
        len(model.outputs) == 1 and len(model.output_shape) == 2,
        f"{spec.name} answers in the shape {model.output_shape}; give it one output, (batch, "
        "numbers)",
    )
    needed = ["head"] if model.inputs[0].name == "x" else ["preprocessing", "head"]
    for layer in needed:
        _require(layer in names, f"{spec.name} has no layer named {layer}")


def _stopper() -> Any:
    from zoo.training.reporter import Silent

    class Stopper(Silent):
        """Asks to stop at the end of the first epoch, as a cluster does."""

        asked = False

        def epoch_end(self, row: dict[str, float]) -> None:
            if not self.asked:
                self.asked = True
                signal.raise_signal(signal.SIGTERM)

    return Stopper()


def _check_finite(strategy: str, results: dict[str, Any]) -> None:
    for name, figure in {**results["history"], **results["test"]}.items():
        _require(
            not isinstance(figure, float) or math.isfinite(figure),
            f"{name} is {figure} after a training on {strategy}",
        )


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise CheckError(f"{sentence}.")


def _require_close(what: str, found: np.ndarray, expected: np.ndarray) -> None:
    scale = max(1.0, float(np.max(np.abs(expected))))
    difference = float(np.max(np.abs(found - expected))) if found.size else 0.0
    _require(
        found.shape == expected.shape and difference <= _TOLERANCE * scale,
        f"{what} differ by {difference:.2g} from the trained model's, more than "
        f"{_TOLERANCE * scale:.2g}",
    )


def _digest(weights: list[np.ndarray]) -> str:
    return hashlib.sha256(b"".join(weight.tobytes() for weight in weights)).hexdigest()


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["without a message"])[-1]


if __name__ == "__main__":
    found = _elsewhere(*sys.argv[1:])
    print(f"{_RESULT}{json.dumps(found)}", flush=True)
