"""Run folder → bundle: a folder that predicts on its own, every figure in it measured."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo import components, data, edge
from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.export import measure
from zoo.export.card import model_card
from zoo.export.saved_model import write_saved_model
from zoo.export.tflite import QUANTISATION, convert
from zoo.files import write_json, write_text
from zoo.models import describe
from zoo.registry import ModelSpec
from zoo.run_folder import RunFolder

# float32 arithmetic in another order; more than this is another computation.
TOLERANCE = 1e-5


def export_run(run, to=None, *, data_dir=None, progress=None) -> Path:
    """Export a finished run as a bundle and return the bundle's folder.

    Everything is written beside the target, loaded, and measured on the whole test set; only
    then does it take the target's place.

    Args:
        run: a run folder with a trained model.
        to: the bundle's folder; RUN/bundle by default. An older bundle there is replaced.
        data_dir: where the data set lies, if not where it lay in training.
        progress: called with (done, total) while photos are decoded.

    Raises:
        ZooError: if the run is not finished, the data is missing or has changed, an artifact
            disagrees with the Keras model, or the disk refuses.
    """
    folder = RunFolder(run)
    config = folder.config()
    results = folder.results()
    if results is None:
        raise ZooError(f"{run} is not trained to its end; resume it with `zoo train`.")
    target = Path(to) if to else folder.path / "bundle"
    _check_target(target)
    spec = describe(config["model"])
    model = components.load_model(folder.path)
    dataset = data.load(
        config["dataset"]["name"], data_dir or config["data_dir"], progress=progress
    )
    if dataset.fingerprint != config["dataset"]["fingerprint"]:
        raise ZooError(
            f"The data set {dataset.name} has fingerprint {dataset.fingerprint} and {run} was "
            f"trained on {config['dataset']['fingerprint']}; give the --data-dir it was trained on."
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    except OSError as error:
        raise ZooError(
            f"{target} cannot be written ({error.strerror}); choose a folder that can."
        ) from error
    try:
        _write(draft, spec, model, dataset, config, results, folder)
        _put_in_place(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _write(
    draft: Path,
    spec: ModelSpec,
    model: keras.Model,
    dataset: Dataset,
    config: dict[str, Any],
    results: dict[str, Any],
    folder: RunFolder,
) -> None:
    draft.chmod(0o755)
    write_text(draft / "labels.txt", "".join(f"{label}\n" for label in dataset.labels))
    shutil.copyfile(folder.model_path, draft / "model.keras")
    shutil.copyfile(edge.__file__, draft / "predict.py")
    write_saved_model(model, draft / "saved_model")
    manifest = _contract(spec, model, dataset, config)
    reference = np.concatenate(
        [model(batch, training=False).numpy() for batch in measure.batches(dataset.test.x)]
    )
    manifest["artifacts"]["keras"] = _whole(draft, [draft / "model.keras"]) | {
        "accuracy": measure.accuracy(manifest, reference, dataset.test)
    }
    manifest["artifacts"]["saved_model"] = _whole(draft, _files(draft / "saved_model"))
    for kind, quantisation in QUANTISATION.items():
        content = convert(draft / "saved_model", kind)
        path = draft / f"{kind}.tflite"
        path.write_bytes(content)
        entry = {
            "file": path.name,
            "sha256": _sha256(path),
            "bytes": len(content),
            "quantisation": quantisation,
        }
        manifest["artifacts"][kind] = entry
        write_json(draft / "manifest.json", manifest)
        outputs = measure.answers(measure.load_quietly(draft, kind), dataset.test.x)
        entry |= _compare(manifest, outputs, reference, dataset)
        if kind == "float32" and entry["largest_difference"] > TOLERANCE:
            raise ZooError(
                f"{spec.name}: {path.name} differs from the Keras model by "
                f"{entry['largest_difference']:.2g}, more than {TOLERANCE:g}; nothing was exported."
            )
    write_json(draft / "manifest.json", manifest)
    write_text(draft / "README.md", model_card(spec, manifest, config, results))


def _contract(spec: ModelSpec, model: keras.Model, dataset: Dataset, config: dict) -> dict:
    given = model.inputs[0]
    image = given.name == "image"
    output: dict[str, Any] = {"decision": "threshold", "threshold": spec.threshold}
    if model.output_shape[-1] > 1:
        output = {"decision": "argmax"}
    return {
        "format": edge.FORMAT,
        "name": spec.name,
        "task": spec.task,
        "options": config["options"],
        "labels": list(dataset.labels),
        "input": {
            "name": given.name,
            "kind": "image" if image else "vector",
            "dtype": given.dtype,
            "shape": list(given.shape),
            "description": (
                "raw RGB pixels 0…255 of any size, (batch, height, width, 3)"
                if image
                else f"{given.shape[-1]} numbers per example, (batch, inputs)"
            ),
        },
        "output": {
            **output,
            "shape": list(model.output_shape),
            "description": spec.output,
        },
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "split": "test",
            "examples": len(dataset.test),
        },
        "versions": config["versions"],
        "machine": config["machine"],
        "artifacts": {},
    }


def _compare(manifest, outputs, reference, dataset) -> dict[str, float]:
    same = measure.decisions(manifest, outputs) == measure.decisions(manifest, reference)
    return {
        "accuracy": measure.accuracy(manifest, outputs, dataset.test),
        "agreement": float(np.mean(same)),
        "largest_difference": float(np.max(np.abs(outputs - reference))),
    }


def _whole(draft: Path, files: list[Path]) -> dict[str, Any]:
    return {
        "files": {path.relative_to(draft).as_posix(): _sha256(path) for path in files},
        "bytes": sum(path.stat().st_size for path in files),
    }


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_target(target: Path) -> None:
    if target.is_dir() and any(target.iterdir()) and not (target / "manifest.json").is_file():
        raise ZooError(f"{target} holds other files; give --to a new folder or an older bundle.")
    if target.exists() and not target.is_dir():
        raise ZooError(f"{target} is a file; give --to a folder.")


def _put_in_place(draft: Path, target: Path) -> None:
    """Rename the draft to the target; an older bundle steps aside first and goes last."""
    try:
        if target.exists():
            aside = Path(tempfile.mkdtemp(prefix=".old-", dir=target.parent))
            target.rename(aside / "bundle")
            draft.rename(target)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            draft.rename(target)
    except OSError as error:
        raise ZooError(f"{target} cannot be written ({error.strerror}).") from error
