"""Bundles that a page asks, loaded when first asked, and what they answer."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo import edge
from zoo.choices import require_choice
from zoo.serve.slide import Slide


class Desk:
    """Answers with any artifact of some bundles; safe to use from several threads.

    Args:
        bundles: folders by the name they are asked under.
    """

    def __init__(self, bundles: Mapping[str, Path]):
        self.bundles = dict(bundles)
        self.manifests = {name: edge.read_manifest(path) for name, path in bundles.items()}
        self._loading = threading.Lock()
        self._models: dict[tuple[str, str], edge.Model] = {}
        self._slides: dict[str, Slide] = {}

    def load(self) -> None:
        """Load every bundle's first file, so that nobody waits for it later."""
        for name, manifest in self.manifests.items():
            # A damaged bundle says so to whoever asks it.
            with contextlib.suppress(edge.BundleError):
                self._model(name, edge.default_artifact(manifest))
                if manifest["input"]["kind"] == "image":
                    self._slide(name)

    def ask(self, name: str, artifact: str | None, given: Any) -> dict[str, Any]:
        """Return the verdict of a bundle's artifact on a photo, uint8 (h, w, 3), or on numbers.

        Raises:
            UnknownNameError: for a bundle that is not served.
            edge.BundleError, edge.InputError: from loading and predicting.
        """
        require_choice("model", name, tuple(self.bundles))
        model = self._model(name, artifact or edge.default_artifact(self.manifests[name]))
        prediction = model.predict(given)
        outputs = model.labels if len(prediction.scores) == len(model.labels) else ("output",)
        return {
            "label": prediction.label,
            "score": prediction.score,
            "scores": dict(
                zip(outputs, (float(score) for score in prediction.scores), strict=True)
            ),
            "inference_seconds": prediction.latency,
        }

    def slide(self, name: str, photo: np.ndarray) -> dict[str, Any] | None:
        """Return slide 16's numbers for a photo; None if the bundle is no linear model of photos.

        Raises:
            UnknownNameError: for a bundle that is not served.
        """
        require_choice("model", name, tuple(self.bundles))
        return self._slide(name).numbers(photo)

    def _slide(self, name: str) -> Slide:
        with self._loading:
            if name not in self._slides:
                self._slides[name] = Slide(self.bundles[name])
            return self._slides[name]

    def _model(self, name: str, artifact: str) -> edge.Model:
        with self._loading:
            if (name, artifact) not in self._models:
                with edge.quiet_stderr():
                    self._models[name, artifact] = edge.load(self.bundles[name], artifact)
            return self._models[name, artifact]
