"""Inference with bundles, which are loaded on first use and kept in memory."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo import edge
from zoo.data.heat_maps import heat_maps, require_joints
from zoo.data.joint_labels import BACKGROUND
from zoo.serve.memory import trim_heap
from zoo.serve.slide import Slide
from zoo.utils.choices import require_choice

# Model files, and slides, that stay loaded; a board has little memory.
MAX_LOADED = 8
# An interpreter never releases its peak memory, 35 bytes per pixel: after larger photos it is
# dropped.
MAX_KEPT_PIXELS = 2**18
# Decoding a larger photo takes so much memory that all models are unloaded first.
EXCLUSIVE_PIXELS = 2**24
# Patches of a photo that are classified at once.
_WINDOWS = 200


class ModelServer:
    """Predicts with any artifact of a set of bundles; safe to use from several threads.

    The most recently used model files stay loaded, at most `MAX_LOADED`.

    Args:
        bundles: name of a model → folder of its bundle.
    """

    def __init__(self, bundles: Mapping[str, Path]):
        self.bundles = dict(bundles)
        self.manifests = {
            name: edge.of_present_files(path, edge.read_manifest(path))
            for name, path in bundles.items()
        }
        self._loading = threading.Lock()
        self._models: OrderedDict[tuple[str, str], edge.Model] = OrderedDict()
        self._slides: OrderedDict[str, Slide] = OrderedDict()

    def load(self) -> None:
        """Load every bundle's default file, so that the first prediction does not wait for it."""
        for name, manifest in self.manifests.items():
            # A damaged bundle is reported when it is used.
            with contextlib.suppress(edge.BundleError):
                self._model(name, edge.default_artifact(manifest))
                if manifest["input"]["kind"] == "image":
                    self._slide(name)

    def predict(self, name: str, artifact: str | None, given: Any) -> dict[str, Any]:
        """Return the prediction for a photo, uint8 (h, w, 3), or for a row of numbers.

        Args:
            name: of the model.
            artifact: of its bundle, such as "int8"; None for the default.
            given: the photo or the numbers.

        Raises:
            UnknownNameError: for a model that is not served.
            edge.BundleError, edge.InputError: from loading and predicting.
        """
        require_choice("model", name, tuple(self.bundles))
        artifact = artifact or edge.default_artifact(self.manifests[name])
        model = self._model(name, artifact)
        prediction = model.predict(given)
        if isinstance(given, np.ndarray) and given.size > 3 * MAX_KEPT_PIXELS:
            with self._loading:
                self._models.pop((name, artifact), None)
        return {
            "label": prediction.label,
            "score": prediction.score,
            "scores": edge.named_scores(model, prediction),
            "values": prediction.values,
            "text": edge.answer_text(model, prediction),
            "inference_seconds": prediction.latency,
        }

    def joints(self, name: str, artifact: str | None, photo: np.ndarray) -> dict[str, Any]:
        """Return where a classifier of patches finds joints in a photo, uint8 (h, w, 3).

        Returns:
            "rows" and "columns" of the heat maps; "maps", joint → probabilities (rows · columns,);
            "places", joint → the most likely "x" and "y" in pixels, and its "probability".

        Raises:
            UnknownNameError: for a model that is not served.
            ZooError: for a model without joints.
            edge.BundleError, edge.InputError: from loading and predicting.
        """
        require_choice("model", name, tuple(self.bundles))
        manifest = self.manifests[name]
        labels = manifest.get("labels", [])
        require_joints(name, labels, manifest["input"]["kind"] == "image")
        frame = edge.frame_of(manifest)
        model = self._model(name, artifact or edge.default_artifact(manifest))

        def classify(patches: np.ndarray) -> np.ndarray:
            if frame is None:
                parts = range(0, len(patches), _WINDOWS)
                return np.concatenate([model.raw(patches[at : at + _WINDOWS]) for at in parts])
            fitted = (edge.fit_frame(patch, *frame)[None] for patch in patches)
            return np.concatenate([model.raw(patch) for patch in fitted])

        maps = heat_maps(classify, labels, photo)
        rows, columns = maps.probabilities.shape[:2]
        joints = [label for label in labels if label != BACKGROUND]
        return {
            "rows": rows,
            "columns": columns,
            "maps": {
                joint: maps.probabilities[..., labels.index(joint)].round(3).ravel().tolist()
                for joint in joints
            },
            "places": {
                joint: dict(zip(("x", "y", "probability"), maps.most_likely(joint), strict=True))
                for joint in joints
            },
        }

    def free_memory_for(self, height: int, width: int) -> None:
        """Unload all models if a photo of this size needs the memory to be decoded."""
        if height * width > EXCLUSIVE_PIXELS:
            with self._loading:
                self._models.clear()
                self._slides.clear()
            trim_heap()

    def frame(self, name: str) -> tuple[int, int] | None:
        """Return the fixed (height, width) of a model's input, or None if it takes any size.

        Raises:
            UnknownNameError: for a model that is not served.
        """
        require_choice("model", name, tuple(self.bundles))
        return edge.frame_of(self.manifests[name])

    def slide(self, name: str, photo: np.ndarray) -> dict[str, Any] | None:
        """Return the steps of slide 16 for a photo; None if the model is not linear.

        Raises:
            UnknownNameError: for a model that is not served.
            edge.BundleError: if its float32 file is damaged.
        """
        require_choice("model", name, tuple(self.bundles))
        return self._slide(name).numbers(photo)

    def _slide(self, name: str) -> Slide:
        with self._loading:
            return _cached(self._slides, name, lambda: Slide(self.bundles[name]))

    def _model(self, name: str, artifact: str) -> edge.Model:
        def load() -> edge.Model:
            with edge.quiet_stderr():
                return edge.load(self.bundles[name], artifact)

        with self._loading:
            return _cached(self._models, (name, artifact), load)


def _cached(loaded: OrderedDict, key: Any, load: Callable[[], Any]) -> Any:
    """Return the entry of a least-recently-used cache, loading it if it is missing."""
    if key not in loaded:
        loaded[key] = load()
    loaded.move_to_end(key)
    while len(loaded) > MAX_LOADED:
        loaded.popitem(last=False)
    return loaded[key]
