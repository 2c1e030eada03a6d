"""Commands about bundles: export, predict, evaluate, verify, benchmark."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from zoo.cli.figures import say_test, show_artifacts, show_times
from zoo.cli.options import AsJson, Bundle, DataDir, MaxDrop, MaxIncrease, MinAgreement, Run
from zoo.cli.output import print_line, quoted
from zoo.cli.plugins import import_tensorflow
from zoo.errors import CHECK_FAILED, ZooError


def export(
    run: Run,
    to: Annotated[
        Path | None,
        typer.Option(help="The bundle's folder; RUN/bundle by default.", metavar="FOLDER"),
    ] = None,
    kinds: Annotated[
        str, typer.Option(help="Kinds of TFLite files to write.", metavar="KIND,…")
    ] = "float32,float16,dynamic,int8",
    onnx: Annotated[bool, typer.Option("--onnx", help="Write model.onnx too.")] = False,
    weights: Annotated[
        str, typer.Option(help="float16 halves the Keras, SavedModel and ONNX files.")
    ] = "float32",
    input_size: Annotated[
        str | None,
        typer.Option(help="Static shapes, for photos of this size only.", metavar="HEIGHTxWIDTH"),
    ] = None,
    views: Annotated[
        int,
        typer.Option(
            help="Answer with the mean over views of each photo: 2 (mirrored), 9 (shifted) or 18."
        ),
    ] = 1,
    max_drop: MaxDrop = 1.0,
    max_increase: MaxIncrease = 10.0,
    min_agreement: MinAgreement = 95.0,
    study: Annotated[
        bool, typer.Option("--study", help="Add plots, and the accuracy on corrupted photos.")
    ] = False,
    push: Annotated[
        str | None,
        typer.Option(help="Upload the bundle to the Hugging Face hub.", metavar="USER/REPO"),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Export a trained run as a bundle that predicts without TensorFlow."""
    from zoo.bundles.shipped import as_word
    from zoo.export import hub
    from zoo.registry.tasks import Limits
    from zoo.training.run_folder import RunFolder

    RunFolder(run).config()
    if push is not None:
        hub.check_access(push)
    bundle = export_bundle(
        run,
        to,
        data_dir,
        kinds=[kind.strip() for kind in kinds.split(",") if kind.strip()],
        onnx=onnx,
        weights=weights,
        frame=_frame(input_size),
        views=views,
        limits=Limits(max_drop, max_increase, min_agreement),
    )
    if study:
        from zoo.reports.study import study as study_bundle

        print_line(f"Study: {study_bundle(run, bundle, data_dir)}")
    if push is not None:
        print_line(f"Pushed: {hub.push(bundle, push)}")
    given = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["input"]
    inputs = "FILE…" if given["kind"] == "image" else "NUMBER…"
    if "names" in given:
        inputs = "NAME=NUMBER…"
    print_line(
        f"Next: zoo predict {quoted(as_word(bundle))} {inputs}, or copy the folder and run: "
        f"python3 predict.py {inputs}"
    )


def export_bundle(run: Path, to: Path | None, data_dir: str | None, **options: Any) -> Path:
    """Export a run, print the metrics of every file, and return the bundle's folder."""
    import_tensorflow()
    from zoo.export.bundle import export_run

    bundle = export_run(run, to, data_dir=data_dir, say=print_line, **options)
    show_artifacts(json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["artifacts"])
    print_line(f"Bundle: {bundle}")
    return bundle


def _frame(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    sizes = text.lower().split("x")
    # Only ASCII digits: str.isdigit also accepts "²", which int does not.
    if len(sizes) != 2 or not all(re.fullmatch("[0-9]{1,5}", size) for size in sizes):
        raise ZooError(f"--input-size is {text!r}; write HEIGHTxWIDTH, as in 240x320.")
    height, width = int(sizes[0]), int(sizes[1])
    if not 0 < height <= 65536 or not 0 < width <= 65536:
        raise ZooError(f"--input-size is {text!r}; give sides from 1 to 65536 pixels.")
    return height, width


def predict(
    bundle: Annotated[
        str,
        typer.Argument(
            metavar="BUNDLE",
            help="A bundle's folder, a shipped model's name, or hf://USER/REPO on the hub.",
        ),
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT", help="Photos; or numbers, as 0 1 or 0,1 or age=31 income=2.5."
        ),
    ] = None,
    csv: Annotated[
        str | None,
        typer.Option(help="Predict each row of a table, and print CSV.", metavar="FILE"),
    ] = None,
    artifact: Annotated[
        str | None, typer.Option(help="A file of the bundle, such as int8.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads of the interpreter.")] = 1,
    top: Annotated[
        int | None,
        typer.Option(help="Print the K best labels with their scores.", min=1),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Predict with a bundle; TensorFlow is not needed."""
    from zoo import edge
    from zoo.bundles.shipped import find_bundle, require_artifact

    if bool(inputs) == (csv is not None):
        raise ZooError("Give either inputs or --csv FILE; zoo predict --help shows how.")
    folder: str | Path = bundle
    if not edge.on_hub(bundle):
        folder = found = find_bundle(bundle)
        if artifact is not None:
            require_artifact(found, artifact)
    with edge.quiet_stderr():
        model = edge.load(folder, artifact, threads)
    if csv is not None:
        raise typer.Exit(edge.predict_csv(model, csv, as_json, top))
    raise typer.Exit(edge.predict_all(model, inputs or [], as_json, top))


def evaluate(
    run_or_bundle: Annotated[
        str,
        typer.Argument(metavar="RUN|BUNDLE", help="A run's or bundle's folder, or a shipped name."),
    ],
    dataset: Annotated[
        str | None, typer.Option(help="Evaluate a run on another data set with the same labels.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="For another table: its column to predict.", metavar="COLUMN")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate a run, or every file of a bundle, on the test set."""
    from zoo.bundles.shipped import find_bundle, is_name
    from zoo.training.run_folder import RunFolder

    if not is_name(run_or_bundle) and RunFolder(run_or_bundle).config_path.is_file():
        _evaluate_run(run_or_bundle, dataset, target, data_dir, as_json)
        return
    if dataset is not None:
        find_bundle(run_or_bundle)
        raise ZooError(f"--dataset is for a run; the bundle {run_or_bundle} has its own.")
    _evaluate_bundle(run_or_bundle, data_dir, as_json)


def _evaluate_run(
    run: str, dataset: str | None, target: str | None, data_dir: str | None, as_json: bool
) -> None:
    import_tensorflow()
    from zoo import training

    figures = training.evaluate(run, data_dir, dataset=dataset, target=target)
    if as_json:
        print(json.dumps(figures))
    else:
        say_test(figures, figures["examples"])


def _evaluate_bundle(name_or_folder: str, data_dir: str | None, as_json: bool) -> None:
    from zoo import data, edge
    from zoo.bundles.shipped import find_bundle, require_weights
    from zoo.export.measure import evaluate_bundle
    from zoo.registry.plugins import check_plugins, recorded_plugins
    from zoo.training.data_dir import recorded_data_dir

    bundle = find_bundle(name_or_folder)
    require_weights(bundle)
    manifest = edge.read_manifest(bundle)
    check_plugins(str(bundle), recorded_plugins(manifest))
    measured_on = data.load_again(
        manifest["dataset"], data_dir or recorded_data_dir(bundle, manifest)
    )
    figures = evaluate_bundle(bundle, measured_on)
    if as_json:
        print(json.dumps({"bundle": str(bundle), "metrics": figures}))
        return
    for artifact, metrics in figures.items():
        found = ", ".join(f"{name} {figure:.4g}" for name, figure in metrics.items())
        print_line(
            f"{artifact}: {found} on the {len(measured_on.test):,} test examples "
            f"of {measured_on.name} (fingerprint {measured_on.fingerprint})."
        )


def verify(
    bundle: Bundle,
    data_dir: DataDir = None,
    max_drop: MaxDrop = 1.0,
    max_increase: MaxIncrease = 10.0,
    min_agreement: MinAgreement = 95.0,
) -> None:
    """Check a bundle: hashes, manifest, operations, and the accuracy of every file."""
    from zoo import data, edge
    from zoo.bundles.shipped import find_bundle, require_weights
    from zoo.registry.plugins import check_plugins, recorded_plugins
    from zoo.registry.tasks import Limits
    from zoo.training.data_dir import recorded_data_dir

    limits = Limits(max_drop, max_increase, min_agreement)
    folder = find_bundle(bundle)
    manifest = edge.read_manifest(folder)
    check_plugins(str(folder), recorded_plugins(manifest))
    import_tensorflow()
    require_weights(folder)
    from zoo.export import verify as verification

    data_dir = data_dir or recorded_data_dir(folder, manifest)
    measured_on = data.load_again(manifest["dataset"], data_dir)
    report = verification.verify(folder, measured_on, limits, print_line)
    if report.figures:
        show_artifacts(report.figures)
    for problem in report.problems:
        print_line(f"Problem: {problem}")
    if report.problems:
        raise typer.Exit(CHECK_FAILED)
    print_line(f"No problems found in {folder}.")


def benchmark(
    bundle: Bundle,
    artifact: Annotated[
        str, typer.Option(help="One of the bundle's files, or all.", metavar="KIND")
    ] = "all",
    threads: Annotated[str, typer.Option(help="Numbers of threads to try.", metavar="N,…")] = "1",
    repeats: Annotated[int, typer.Option(help="Number of timed predictions.")] = 200,
    photo: Annotated[Path | None, typer.Option(help="Predict this photo.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Time predictions of a bundle on this machine; TensorFlow is not needed."""
    from zoo import edge
    from zoo.bundles import benchmark as timing
    from zoo.bundles.shipped import find_bundle, require_artifact
    from zoo.export.measure import tflite_artifacts
    from zoo.utils.provenance import RUNTIME, machine, versions

    folder = find_bundle(bundle)
    require_artifact(folder, artifact)
    manifest = edge.of_present_files(folder, edge.read_manifest(folder))
    artifacts = tflite_artifacts(manifest) if artifact == "all" else [artifact]
    counts = [count.strip() for count in threads.split(",")]
    if not all(re.fullmatch("[0-9]{1,9}", count) for count in counts):
        raise ZooError(f"--threads is {threads!r}; write whole numbers, as in 1,2.")
    rows = timing.benchmark(
        folder, artifacts, [int(n) for n in counts], repeats=repeats, photo=photo
    )
    if as_json:
        where = {"bundle": str(folder), "machine": machine(), "versions": versions(RUNTIME)}
        print(json.dumps({**where, "rows": rows}))
        return
    show_times(rows)
    packages = ", ".join(f"{name} {number}" for name, number in versions(RUNTIME).items())
    print_line(f"Medians of {repeats}, one example at a time. {machine()}; {packages}.")
