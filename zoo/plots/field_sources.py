"""Reads runs and bundles, and computes the field that a plot shows."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.nn.physics import PhysicsModel
from zoo.plots.field import Field, check_field, field_of
from zoo.plots.sources import open_source
from zoo.registry.tasks import RELATIVE_L2
from zoo.training.run_folder import distinct_names


def open_field(trained: Sequence[str], data_dir: str | None = None) -> tuple[Field, str]:
    """Return what trained models compute on the test points of their data set, and a title.

    Args:
        trained: run folders, bundles or names of shipped models; several only with one input.
        data_dir: folder of the data set; the one recorded in training by default.

    Raises:
        ZooError: if one of them is none of these or has no field, if they were trained on
            different data sets, or if the data is missing.
    """
    sources = [open_source(one) for one in trained]
    for source in sources:
        check_field(source.model)
        source.require_plot("field")
    first = sources[0]
    names = [first.name] if len(sources) == 1 else distinct_names(trained)
    for name, source in zip(names, sources, strict=True):
        if source.trained_on["fingerprint"] != first.trained_on["fingerprint"]:
            raise ZooError(
                f"{name} was trained on {source.trained_on['name']}, and {names[0]} on "
                f"{first.trained_on['name']}; give models of one data set."
            )
    dataset = first.dataset(data_dir)
    outputs = {
        name: source.outputs(np.asarray(dataset.test.x))
        for name, source in zip(names, sources, strict=True)
    }
    field = field_of(dataset, outputs, _observed(first.model, dataset))
    title = f"{' and '.join(names)}, test set of {dataset.name}"
    if len(names) == 1:
        title += f": {RELATIVE_L2.title} {RELATIVE_L2.text(field.error(names[0]))}"
    return field, title


def _observed(model: keras.Model, dataset: Dataset) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the training examples of one input whose values count in the loss, if there are any.

    In a physics-informed network those are the observed ones, in another all of them.
    """
    x, y = np.asarray(dataset.train.x), np.asarray(dataset.train.y)
    if x.shape[1] != 1:
        return None
    if isinstance(model, PhysicsModel):
        counts = keras.ops.convert_to_numpy(model.equation.observed(keras.ops.convert_to_tensor(x)))
        x, y = x[counts > 0], y[counts > 0]
    return (x[:, 0], y.reshape(-1)) if len(x) else None
