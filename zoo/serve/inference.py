"""Bundles that a page asks, loaded when first asked, and what they answer."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo import edge
from zoo.serve.memory import give_back
from zoo.serve.slide import Slide
from zoo.utils.choices import require_choice

# Files and slides that stay loaded; a board has little memory.
MOST_LOADED = 8
# An interpreter keeps the most that it ever took, 35 bytes a pixel: beyond this, it is not kept.
MOST_KEPT_PIXELS = 2**18
# A photo of more takes so much while it is decoded that nothing else stays loaded meanwhile.
MAKES_ROOM_PIXELS = 2**24


class Desk:
    """Answers with any artifact of some bundles; safe to use from several threads.

    What was asked last stays loaded, at most `MOST_LOADED` files.

    Args:
        bundles: folders by the name they are asked under.
    """

    def __init__(self, bundles: Mapping[str, Path]):
        self.bundles = dict(bundles)
        self.manifests = {name: edge.read_manifest(path) for name, path in bundles.items()}
        self._loading = threading.Lock()
        self._models: OrderedDict[tuple[str, str], edge.Model] = OrderedDict()
        self._slides: OrderedDict[str, Slide] = OrderedDict()

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
        artifact = artifact or edge.default_artifact(self.manifests[name])
        model = self._model(name, artifact)
        prediction = model.predict(given)
        if isinstance(given, np.ndarray) and given.size > 3 * MOST_KEPT_PIXELS:
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

    def make_room(self, height: int, width: int) -> None:
        """Drop what is loaded if a photo of this size is about to be decoded and is very large."""
        if height * width > MAKES_ROOM_PIXELS:
            with self._loading:
                self._models.clear()
                self._slides.clear()
            give_back()

    def frame(self, name: str) -> tuple[int, int] | None:
        """Return the (height, width) that a bundle takes photos of, or None for any.

        Raises:
            UnknownNameError: for a bundle that is not served.
        """
        require_choice("model", name, tuple(self.bundles))
        return edge.frame_of(self.manifests[name])

    def slide(self, name: str, photo: np.ndarray) -> dict[str, Any] | None:
        """Return slide 16's numbers for a photo; None if the bundle is not linear in a photo.

        Raises:
            UnknownNameError: for a bundle that is not served.
            edge.BundleError: if its float32 file is damaged.
        """
        require_choice("model", name, tuple(self.bundles))
        return self._slide(name).numbers(photo)

    def _slide(self, name: str) -> Slide:
        with self._loading:
            return _kept(self._slides, name, lambda: Slide(self.bundles[name]))

    def _model(self, name: str, artifact: str) -> edge.Model:
        def load() -> edge.Model:
            with edge.quiet_stderr():
                return edge.load(self.bundles[name], artifact)

        with self._loading:
            return _kept(self._models, (name, artifact), load)


def _kept(loaded: OrderedDict, key: Any, load: Callable[[], Any]) -> Any:
    """Return what is loaded under a key, now the last to be dropped; load it if it is not."""
    if key not in loaded:
        loaded[key] = load()
    loaded.move_to_end(key)
    while len(loaded) > MOST_LOADED:
        loaded.popitem(last=False)
    return loaded[key]
