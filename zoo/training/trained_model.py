"""A run's trained model, loaded only if it is the model that the run's files describe."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from zoo.errors import ZooError
from zoo.models import describe
from zoo.nn.loading import load_model
from zoo.registry.tasks import Metric
from zoo.training.run_folder import RunFolder

# In points. Two processors sum in other orders; a model trained in half precision was evaluated so.
_SAME_POINTS, _SAME_IN_HALF = 0.2, 1.0


def load_trained(folder: RunFolder) -> keras.Model:
    """Load a run's trained model, and see that it is the model its files tell of.

    Raises:
        ZooError: if there is none, it is not the file that results.json was measured on, or it is
            built otherwise than config.json says.
    """
    config = folder.config()
    folder.check_model()
    model = load_model(folder.path)
    wanted = describe(config["model"]).builder(**config["options"])
    if _structure(model) != _structure(wanted):
        told = " ".join(f"{name}={value}" for name, value in config["options"].items())
        raise ZooError(
            f"{folder.model_path} is not the model of this run, a {config['model']} with {told}; "
            "put its own model.keras back, or train it again."
        )
    return model


def check_figure(folder: RunFolder, metric: Metric, found: Mapping[str, float]) -> None:
    """Raise one sentence unless a run's model is as good as its results.json says.

    Args:
        folder: of the run.
        metric: to compare by.
        found: metrics measured now on the same test set, by name.

    Raises:
        ZooError: if it is another model's.
    """
    stated = (folder.results() or {}).get("test", {}).get(metric.name)
    half = folder.config().get("precision", "float32") != "float32"
    points = _SAME_IN_HALF if half else _SAME_POINTS
    if stated is not None and not metric.is_near(stated, found[metric.name], points):
        raise ZooError(
            f"{folder.model_path} has {metric.title} {metric.text(found[metric.name])} on the test "
            f"set, and results.json says {metric.text(stated)}: it is not the model of this run; "
            "put its own model.keras back, or train it again."
        )


def _structure(model: keras.Model) -> list:
    """Return the layers and weights of a model, without the names that Keras counts up."""
    layers = [part for layer in model.layers for part in getattr(layer, "layers", [layer])]
    described = [(type(layer).__name__, _unnamed(layer.get_config())) for layer in layers]
    return [described, [tuple(weight.shape) for weight in model.weights]]


def _unnamed(config):
    if isinstance(config, dict):
        kept = {key: value for key, value in config.items() if key not in ("name", "dtype")}
        return {key: _unnamed(value) for key, value in kept.items()}
    if isinstance(config, (list, tuple)):
        return [_unnamed(value) for value in config]
    return config
