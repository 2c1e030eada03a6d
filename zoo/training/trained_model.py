"""A run's trained model, loaded only if it is the model that the run's files describe."""

from __future__ import annotations

import keras

from zoo.errors import ZooError
from zoo.models import describe
from zoo.nn.loading import load_model
from zoo.training.run_folder import RunFolder

# Two processors sum in other orders; trained in half precision, the test set was evaluated so.
_SAME_ACCURACY, _SAME_IN_HALF = 0.002, 0.01


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


def check_accuracy(folder: RunFolder, accuracy: float) -> None:
    """Raise one sentence unless a run's model is as good as its results.json says.

    Args:
        folder: of the run.
        accuracy: measured now on the same test set, from 0 to 1.

    Raises:
        ZooError: if it is another model's.
    """
    stated = (folder.results() or {}).get("test", {}).get("accuracy")
    half = folder.config().get("precision", "float32") != "float32"
    if stated is not None and abs(stated - accuracy) > (_SAME_IN_HALF if half else _SAME_ACCURACY):
        raise ZooError(
            f"{folder.model_path} is right on {100 * accuracy:.2f} % of the test set, and "
            f"results.json says {100 * stated:.2f} %: it is not the model of this run; put its own "
            "model.keras back, or train it again."
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
