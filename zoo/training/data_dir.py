"""Find the data folder of a bundle from the run folder that contains it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo.training.run_folder import RunFolder


def recorded_data_dir(bundle: str | Path, manifest: dict[str, Any]) -> str | None:
    """Return the data folder of the run that contains a bundle, or None.

    Args:
        bundle: the bundle's folder, such as RUN/bundle.
        manifest: its manifest.

    Raises:
        ZooError: if the run's config.json cannot be read.
    """
    run = RunFolder(Path(bundle).resolve().parent)
    if not run.config_path.is_file():
        return None
    config = run.config()
    same = (
        config["model"] == manifest["name"]
        and config["dataset"]["fingerprint"] == manifest["dataset"]["fingerprint"]
    )
    return config.get("data_dir") if same else None
