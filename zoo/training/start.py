"""Start a training from trained weights: those of a run, of a bundle's folder or a shipped model.

The model is built with the options that the weights were trained with. If the data has other labels
or values, the last layer starts anew. The weights are read once: a training that is resumed has
them in its checkpoint, and what they were in its config.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo import edge
from zoo.bundles.shipped import find_bundle, is_name, require_weights
from zoo.data import Dataset
from zoo.data.dataset import target_names, with_units
from zoo.errors import ZooError
from zoo.nn.loading import load_model
from zoo.registry import ModelSpec
from zoo.training import checkpoints, identity
from zoo.training.checkpoints import Position
from zoo.training.context import Plan
from zoo.training.run_folder import RunFolder
from zoo.utils.files import sha256

# Options of a model that follow the data, not the weights.
FOLLOW_DATA = ("inputs", "classes", "outputs", "values", "standardize")


@dataclass(frozen=True)
class Source:
    """Trained weights to start from, as config.json records them.

    Args:
        model: the model's name.
        options: the options it was built with.
        targets: its labels, or its values with their units.
        sha256: of its model.keras.
    """

    model: str
    options: Mapping[str, Any]
    targets: tuple[str, ...]
    sha256: str

    def record(self) -> dict[str, Any]:
        """Return the source for config.json; `from_record` is the inverse."""
        return {**asdict(self), "targets": list(self.targets)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Source:
        """Return the source that `record` describes."""
        return cls(**{**record, "targets": tuple(record["targets"])})


def read_source(given: str | Path) -> tuple[Source, Path]:
    """Return what was trained and its model.keras.

    Args:
        given: a run folder, a bundle's folder, or a shipped model's name.

    Raises:
        ZooError: if there is no such folder, or it has no intact trained model.
    """
    path = Path(given)
    if not is_name(given) and (path / "config.json").is_file():
        folder = RunFolder(path)
        config = folder.config()
        folder.check_model()
        name, options = config["model"], config["options"]
        targets, model_path = target_names(config["dataset"]), folder.model_path
        return Source(name, options, targets, sha256(model_path)), model_path
    bundle = find_bundle(given)
    require_weights(bundle)
    manifest = edge.read_manifest(bundle)
    output, model_path = manifest["output"], bundle / "model.keras"
    recorded = manifest["artifacts"].get("keras", {}).get("files", {}).get("model.keras")
    if not model_path.is_file() or sha256(model_path) != recorded:
        raise ZooError(
            f"{model_path} is not the model that this bundle was exported with; copy the whole "
            "bundle again."
        )
    targets = tuple(manifest.get("labels", ())) or with_units(output["names"], output["units"])
    return Source(manifest["name"], manifest["options"], targets, recorded), model_path


def with_source(plan: Plan) -> tuple[Plan, Source | None]:
    """Return the plan with the options of the weights to start from, and what they are, if any.

    Raises:
        ZooError: if they cannot be read, or belong to another model.
    """
    given = plan.training.start_from
    if given is None:
        return plan, None
    record = _recorded(plan.folder, str(given)) if plan.folder else None
    if plan.folder and record is None:
        record = read_source(given)[0].record()
    source = Source.from_record(json.loads(plan.agreement.broadcast(json.dumps(record).encode())))
    if source.model != plan.spec.name:
        raise ZooError(
            f"{given} is a trained {source.model}, from which {plan.spec.name} cannot start; give "
            f"a run or a bundle of {plan.spec.name} with --from."
        )
    training = plan.training
    taken_over = {
        name: value
        for name, value in source.options.items()
        if name in plan.spec.options and name not in (*FOLLOW_DATA, *plan.spec.training_options)
    }
    training = replace(training, options={**taken_over, **training.options})
    return replace(plan, training=training, recipe=training.choose_recipe(plan.spec)), source


def _recorded(folder: RunFolder, given: str) -> dict[str, Any] | None:
    """Return what a training that is resumed started from, if that was given in the same words."""
    if not folder.config_path.is_file() or not folder.has_progress():
        return None
    config = folder.config()
    same = config.get("settings", {}).get("start_from") == given
    return config.get("start_from") if same else None


def assign_weights(plan: Plan, source: Source, model: keras.Model, dataset: Dataset) -> None:
    """Put trained weights into a model, unless its training is resumed from a checkpoint.

    All workers must call this at the same point.

    Raises:
        ZooError: if they are of another form than the model's.
    """
    content = b""
    if plan.folder and not any(plan.folder.checkpoints_path.glob("step-*.npz")):
        given = plan.training.start_from
        assert given is not None
        _, path = read_source(given)
        anew = _Match(str(given), source, plan, load_model(path), model, dataset)
        arrays = anew.arrays()
        content = checkpoints.encode(Position(), arrays)
        plan.reporter.say(f"Starting from the weights of {given}.")
        if sentence := anew.sentence():
            plan.reporter.say(sentence)
    content = plan.agreement.broadcast(content)
    if not content:
        return
    _, arrays = checkpoints.decode(content)
    for index, weight in enumerate(weights_of(model)):
        if str(index) in arrays:
            weight.assign(arrays[str(index)])


def weights_of(model: keras.Model) -> list[keras.Variable]:
    """Return a model's weights, without the random states of layers such as dropout."""
    return [weight for layer in _layers(model) for weight in _own(layer)]


class _Match:
    """Which weights of a trained model fit a new one.

    Args:
        given: how the user named the trained model.
        source: what was trained.
        plan: the training's plan.
        trained: the trained model.
        model: the new model.
        dataset: the data set to train on.

    Raises:
        ZooError: if a layer before the last one differs.
    """

    def __init__(
        self,
        given: str,
        source: Source,
        plan: Plan,
        trained: keras.Model,
        model: keras.Model,
        dataset: Dataset,
    ):
        self._given = given
        inputs, wanted = _inputs(trained), _inputs(model)
        if inputs != wanted:
            raise ZooError(
                f"{given} cannot be started from: it takes {inputs}, but {dataset.name} holds "
                f"{wanted}; give data with the same inputs, or train without --from."
            )
        self._theirs, self._ours = _layers(trained), _layers(model)
        last = [index for index, layer in enumerate(self._ours) if layer.trainable_weights][-1]
        self._check(plan.spec, source.options, plan.recipe.options, last)
        self._kept = len(self._ours)
        self._sizes = [_outputs(layers[last]) for layers in (self._ours, self._theirs)]
        other = dataset.target_names != source.targets
        if other or self._sizes[0] != self._sizes[1]:
            self._kept = last
            self._check_used(other)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the trained weights that are used, by their index in `weights_of`."""
        used = [weight for layer in self._theirs[: self._kept] for weight in _own(layer)]
        return {
            str(index): keras.ops.convert_to_numpy(weight).astype(np.float32)
            for index, weight in enumerate(used)
        }

    def sentence(self) -> str:
        """Return what starts anew; "" if nothing does."""
        if self._kept == len(self._ours):
            return ""
        start, (ours, theirs) = f"The last layer, {self._ours[self._kept].name},", self._sizes
        if ours != theirs:
            return f"{start} has {ours} outputs instead of {theirs} and starts anew."
        return f"{start} starts anew, since the data has other labels or values."

    def _check(
        self, spec: ModelSpec, theirs: Mapping[str, Any], ours: Mapping[str, Any], last: int
    ) -> None:
        # Weights of an earlier version were trained without the options that are new since.
        ours, theirs = {**spec.options, **ours}, {**spec.options, **theirs}
        differing = [
            name
            for name, value in theirs.items()
            if name not in (*FOLLOW_DATA, *spec.training_options) and ours.get(name) != value
        ]
        forms = [[_form(layer) for layer in layers] for layers in (self._theirs, self._ours)]
        shapes = [[_shapes(layer) for layer in layers] for layers in (self._theirs, self._ours)]
        same = len(self._theirs) == len(self._ours) and shapes[0][:last] == shapes[1][:last]
        # The last layer may have other outputs, but not other inputs.
        if same and not differing and shapes[0][last][0][:-1] == shapes[1][last][0][:-1]:
            return
        pairs = zip(forms[0], forms[1], strict=False)
        first = next((at for at, (one, other) in enumerate(pairs) if one != other), last)
        name = self._ours[min(first, len(self._ours) - 1)].name
        start = f"{self._given} cannot be started from: it differs from the layer {name} on"
        if differing:
            words = " ".join(f"--set {name}={theirs[name]}" for name in differing)
            given = " ".join(f"{name}={ours.get(name)}" for name in differing)
            raise ZooError(f"{start}, since it was not trained with {given}; give {words}.")
        raise ZooError(
            f"{start}, whose weights are {_text(shapes[0], first)}, not {_text(shapes[1], first)}; "
            "give data with the same inputs."
        )

    def _check_used(self, other: bool) -> None:
        if not any(layer.trainable_weights for layer in self._ours[: self._kept]):
            what = "labels or values" if other else "outputs"
            raise ZooError(
                f"{self._given} has a single layer of trained weights, for other {what} than the "
                "data has, so nothing of it could be used; train without --from."
            )


def _layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers of a trained model from first to last; dropout is only for training."""
    left_out = (keras.layers.InputLayer, keras.layers.Dropout)
    found: list[keras.layers.Layer] = []
    for layer in model.layers:
        if hasattr(layer, "layers"):
            found += _layers(layer)
        elif not isinstance(layer, left_out):
            found.append(layer)
    return found


def _inputs(model: keras.Model) -> str:
    """Return what a model takes: "photos", or "rows of 4 numbers"."""
    if model.inputs[0].name == "image":
        return "photos"
    numbers = model.input_shape[-1]
    return f"rows of {numbers} number{'s' * (numbers != 1)}"


def _own(layer: keras.layers.Layer) -> Iterator[keras.Variable]:
    return (weight for weight in layer.weights if "seed_generator" not in weight.path)


def _shapes(layer: keras.layers.Layer) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in _own(layer)]


def _outputs(layer: keras.layers.Layer) -> int:
    return int(layer.trainable_weights[0].shape[-1])


def _form(layer: keras.layers.Layer) -> tuple[Any, ...]:
    (home, config), shapes = identity.form_of(layer), _shapes(layer)
    return home, {key: value for key, value in config.items() if key != "dtype"}, shapes


def _text(shapes: list[list[tuple[int, ...]]], at: int) -> str:
    found = shapes[at] if at < len(shapes) else []
    return " and ".join(str(shape) for shape in found) or "none"
