"""Export a run as a bundle: a self-contained folder with model files and measured results."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from zoo import data, edge
from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.export import float16, verify
from zoo.export.calibration import calibration_examples
from zoo.export.card import model_card
from zoo.export.metadata import with_metadata
from zoo.export.onnx import write_onnx
from zoo.export.place import replacing_folder
from zoo.export.saved_model import write_saved_model
from zoo.export.tflite import QUANTISATION, convert
from zoo.models import describe
from zoo.nn import loading
from zoo.nn.views import check_views, with_views
from zoo.registry import ModelSpec
from zoo.registry.plugins import recorded_plugins
from zoo.registry.tasks import Limits
from zoo.training import trained_model
from zoo.training.run_folder import RunFolder
from zoo.utils.choices import require_choice
from zoo.utils.files import sha256, write_json, write_text

KINDS = tuple(QUANTISATION)


def export_run(
    run: str | Path,
    to: str | Path | None = None,
    *,
    kinds: Sequence[str] = KINDS,
    onnx: bool = False,
    weights: str = "float32",
    frame: tuple[int, int] | None = None,
    views: int = 1,
    limits: Limits | None = None,
    data_dir: str | None = None,
    dataset: Dataset | None = None,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> Path:
    """Export a finished run as a bundle and return the bundle's folder.

    All files are written to a temporary folder and measured on the whole test set; only then
    does it replace the target.

    Args:
        run: a run folder with a trained model.
        to: the bundle's folder; by default RUN/bundle. An older bundle there is replaced.
        kinds: kinds of TFLite file, from `KINDS`.
        onnx: whether to write `model.onnx`.
        weights: "float16" rounds large weights to float16; the SavedModel and ONNX also store
            them as float16. All compute in float32.
        frame: a fixed (height, width) of photos for the TFLite and ONNX files, for boards that
            need fixed shapes; by default any size.
        views: answer with the mean over this number of mirrored or shifted views of each photo, see
            `zoo.nn.views.VIEWS`; 1 for the photo alone.
        limits: how far a file's metrics may be from the Keras model's.
        data_dir: folder of the data set; by default the one used in training.
        dataset: the data set of the training, if it was given in Python.
        progress: called with (done, total) while photos are decoded.
        say: called with a sentence about each file that is written or measured.

    Raises:
        ZooError: if the run is not finished or its model was replaced, the data is missing or has
            changed, a file's results differ too much from the Keras model's, or a file cannot be
            written.
        SystemExit: on SIGTERM, after the temporary folder was removed.
    """
    if not kinds:
        raise ZooError(f"No kind of TFLite file was given; choose from {', '.join(KINDS)}.")
    for kind in kinds:
        require_choice("kind of TFLite file", kind, KINDS)
    require_choice("type of stored weights", weights, float16.WEIGHTS)
    check_views(views)
    say = say or (lambda sentence: None)
    folder = RunFolder(run)
    config = folder.config()
    results = folder.results()
    if results is None:
        raise ZooError(f"The training in {run} is not finished; resume it with `zoo train`.")
    target = Path(to) if to else folder.path / "bundle"
    _check_target(target)
    spec = describe(config["model"])
    trained_model.load_trained(folder)
    if dataset is None:
        dataset = data.load_again(
            config["dataset"], data_dir or config["data_dir"], progress=progress
        )
    if dataset.fingerprint != config["dataset"]["fingerprint"]:
        raise ZooError(
            f"The data set {dataset.name} has fingerprint {dataset.fingerprint} and {run} was "
            f"trained on {config['dataset']['fingerprint']}; give the --data-dir it was trained on."
        )
    with replacing_folder(target) as draft:
        _write_keras(folder.model_path, draft / "model.keras", weights, views)
        model = loading.load_model(draft)
        manifest = _manifest(spec, model, dataset, config, frame) | {"weights": weights}
        if views != 1:
            manifest["views"] = views
            manifest["output"]["description"] += f"; the mean over {views} views of the photo"
        manifest["training"] = _training(config, results, data_dir)
        if folder.history_path.is_file():
            shutil.copyfile(folder.history_path, draft / "history.csv")
        _write_files(draft, manifest, model, dataset, kinds, onnx, say)
        figures = verify.measure_all(draft, manifest, dataset, say)
        task = spec.task_of(model)
        if views == 1:
            trained_model.check_figure(
                folder, task.primary, figures["keras"]["metrics"], len(dataset.test)
            )
        problems = verify.damaged_files(draft, manifest)
        problems += verify.gate_failures(figures, task, limits or Limits())
        if problems:
            raise ZooError(
                f"{spec.name} was not exported: {' '.join(problems)} Leave kinds of files out with "
                "--kinds, or accept more with --max-drop, --max-increase or --min-agreement."
            )
        for name, found in figures.items():
            manifest["artifacts"][name] |= found
        write_manifest(draft, manifest)
        write_text(draft / "README.md", model_card(spec, manifest, config, results))
    return target


def _write_keras(source: Path, target: Path, weights: str, views: int) -> None:
    """Write the bundle's Keras model from that of the run."""
    write = float16.write_rounded if weights == "float16" else shutil.copyfile
    if views == 1:
        write(source, target)
        return
    with tempfile.TemporaryDirectory() as folder:
        viewed = Path(folder, "model.keras")
        with_views(loading.load_model(source), views).save(viewed)
        write(viewed, target)


def _write_files(
    draft: Path,
    manifest: dict[str, Any],
    model: keras.Model,
    dataset: Dataset,
    kinds: Sequence[str],
    onnx: bool,
    say: Callable[[str], None],
) -> None:
    """Write all files except the card and the Keras model, and add them to the manifest."""
    frame = edge.frame_of(manifest)
    write_text(draft / "labels.txt", "".join(f"{name}\n" for name in edge.names_of(manifest)))
    shutil.copyfile(edge.__file__, draft / "predict.py")
    say("Writing the SavedModel.")
    write_saved_model(draft / "model.keras", draft / "saved_model")
    artifacts = manifest["artifacts"]
    artifacts["keras"] = _folder_entry(draft, [draft / "model.keras"])
    artifacts["saved_model"] = _folder_entry(draft, _files(draft / "saved_model"))
    for kind in (kind for kind in KINDS if kind in kinds):
        say(f"Writing {kind}.tflite.")
        content = convert(model, kind, frame, lambda: calibration_examples(dataset))
        path = draft / f"{kind}.tflite"
        path.write_bytes(with_metadata(content, manifest))
        artifacts[kind] = _file_entry(path) | {"quantisation": QUANTISATION[kind]}
    if onnx:
        say("Writing model.onnx.")
        write_onnx(draft / "model.keras", draft / "model.onnx", frame)
        artifacts["onnx"] = _file_entry(draft / "model.onnx")
    # Needed for measuring: edge.py loads files through the manifest.
    write_manifest(draft, manifest)


def write_manifest(bundle: Path, manifest: dict[str, Any]) -> None:
    """Write a bundle's manifest, including its checksum.

    Raises:
        ZooError: if it cannot be written.
    """
    manifest["sha256"] = edge.manifest_digest(manifest)
    write_json(bundle / "manifest.json", manifest)


def _manifest(
    spec: ModelSpec,
    model: keras.Model,
    dataset: Dataset,
    config: dict[str, Any],
    frame: tuple[int, int] | None,
) -> dict[str, Any]:
    given = model.inputs[0]
    if frame is not None and given.name != "image":
        raise ZooError(
            f"{spec.name} takes numbers; leave the input size out, which is for models of photos."
        )
    size = f"{frame[0]}×{frame[1]}" if frame else "any size"
    image = given.name == "image"
    task = spec.task_of(model)
    described = spec.output_text(dataset.labels or [value.name for value in dataset.values])
    if task != spec.task:
        described = "one number per label; the largest wins, the first of equal ones"
    return {
        "format": edge.FORMAT,
        "name": spec.name,
        "task": task.name,
        "options": config["options"],
        **({"labels": list(dataset.labels)} if dataset.labels else {}),
        "input": {
            "name": given.name,
            "kind": "image" if image else "vector",
            "dtype": given.dtype,
            "shape": [1, *frame, 3] if frame else list(given.shape),
            **({"names": list(dataset.inputs)} if dataset.inputs and not image else {}),
            "description": (
                f"raw RGB pixels 0…255 of {size}, (batch, height, width, 3)"
                if image
                else _numbers_text(given.shape[-1], dataset.inputs)
            ),
        },
        "output": {
            **task.contract(),
            **task.names(dataset),
            "shape": list(model.output_shape),
            "description": described,
        },
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            **({} if dataset.target is None else {"target": dataset.target}),
            "split": "test",
            "examples": len(dataset.test),
        },
        "versions": config["versions"],
        "plugins": recorded_plugins(config),
        "machine": config["machine"],
        "artifacts": {},
    }


def _numbers_text(inputs: int, names: Sequence[str]) -> str:
    """Return the description of an input of numbers, with their names if they have any."""
    counted = "1 number" if inputs == 1 else f"{inputs} numbers"
    named = f" in units of their own: {', '.join(names)}" if names else ""
    return f"{counted} per example, (batch, inputs){named}"


def _training(
    config: dict[str, Any], results: dict[str, Any], data_dir: str | None
) -> dict[str, Any]:
    """Return the training's configuration and results, for the card and for exporting again."""
    where = data_dir or config["data_dir"]
    # The hash is that of the run's model.keras; the bundle's may have rounded weights.
    measured = {name: found for name, found in results.items() if name != "model_sha256"}
    return {"config": {**config, "data_dir": str(where) if where else None}, "results": measured}


def _file_entry(path: Path) -> dict[str, Any]:
    return {"file": path.name, "sha256": sha256(path), "bytes": path.stat().st_size}


def _folder_entry(draft: Path, files: list[Path]) -> dict[str, Any]:
    return {
        "files": {path.relative_to(draft).as_posix(): sha256(path) for path in files},
        "bytes": sum(path.stat().st_size for path in files),
    }


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _check_target(target: Path) -> None:
    if target.is_dir() and any(target.iterdir()) and not (target / "manifest.json").is_file():
        raise ZooError(
            f"{target} contains other files; give --to a new folder or an existing bundle."
        )
    if target.exists() and not target.is_dir():
        raise ZooError(f"{target} is a file; give --to a folder.")
