"""The `zoo` command: a thin skin over the package; what it needs is imported when it is used."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.output import (
    DEBUG,
    DEBUG_VARIABLE,
    Commands,
    PhotoCommand,
    complain,
    console,
    end,
    say,
)
from zoo.cli.plot import plot_app
from zoo.cli.plugins import PLUGIN, name_plugins
from zoo.errors import SHORT_OF_THE_GATE, ZooError

app = Commands(
    name="zoo",
    help="Build, train, export and run the models of an introductory neural-network lecture.",
)
data_app = Commands(help="Data sets: list, download, clear the cache.")
app.add_typer(data_app, name="data")
app.add_typer(plot_app, name="plot")

Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model's name, as `zoo list` prints it.")
]
Bundle = Annotated[
    str,
    typer.Argument(metavar="BUNDLE", help="A bundle's folder, or a shipped model's name."),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a training.")]
DataDir = Annotated[
    str | None,
    typer.Option(help="Where the data set lies; TFDS_DATA_DIR if not given.", metavar="FOLDER"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _version(asked: bool) -> None:
    if asked:
        from zoo import __version__

        say(f"zoo {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(DEBUG, help=f"Show the trace of an error; as {DEBUG_VARIABLE}=1 does."),
    ] = False,
    plugin: Annotated[
        list[str] | None,
        typer.Option(
            PLUGIN,
            help="Also use the models and data sets of this plugin; repeat it.",
            metavar="MODULE|FILE",
        ),
    ] = None,
):
    """Take the options that stand before any command."""


@app.command("list")
def list_command(
    task: Annotated[str | None, typer.Option(help="binary, sign or multiclass.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only models that learn from it.")] = None,
):
    """List the models."""
    from rich.table import Table

    from zoo.models import describe, list_models

    table = Table("model", "task", "data set", "lecture rows", "what it is", box=None)
    for name in list_models(task, dataset):
        spec = describe(name)
        rows = ", ".join(str(row) for row in spec.lecture)
        table.add_row(name, spec.task, spec.dataset, rows, spec.summary)
    console().print(table)


@app.command()
def describe(name: Model):
    """Say what a model computes, its options and its recipe."""
    from zoo.models import describe as describe_model
    from zoo.registry.results import result_of

    spec = describe_model(name)

    lines = [
        spec.name,
        "",
        spec.description,
        "",
        f"Equation: {spec.equation}",
        f"Output:   {spec.output_text()}",
        f"Task:     {spec.task}; data set {spec.dataset}; lecture rows "
        + ", ".join(str(row) for row in spec.lecture),
        "Options:  " + " ".join(f"{option}={value}" for option, value in spec.options.items()),
        "Recipes:",
    ]
    measured_on = []
    for recipe_name, recipe in spec.recipes.items():
        lines.append(f"  {recipe_name}: {recipe.text()}")
        if result := result_of(spec.name, recipe_name):
            lines.append(f"    {result.told()}")
            measured_on.append(f"Measured on {result.measured_on()}.")
    lines += dict.fromkeys(measured_on)
    say("\n".join(lines))


@app.command()
def train(
    name: Model,
    recipe: Annotated[
        str | None, typer.Option(help="One of the model's recipes, as in zoo describe NAME.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="An option of the model; repeat it.", metavar="OPTION=VALUE"),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Another data set than the model's.")] = None,
    data_dir: DataDir = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training data.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Examples per update, over all replicas together.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Step size at the start.")] = None,
    seed: Annotated[int, typer.Option(help="Of the weights and of everything random.")] = 0,
    run_dir: Annotated[
        Path | None,
        typer.Option(help="Run folder; the same one again resumes.", metavar="FOLDER"),
    ] = None,
    strategy: Annotated[
        str, typer.Option(help="auto, cpu, gpu, mirrored, multi_worker or tpu.")
    ] = "auto",
    devices: Annotated[
        int | None, typer.Option(help="Replicas of mirrored; logical CPUs without a GPU.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Start this many multi_worker processes here.")
    ] = None,
    hosts: Annotated[
        str | None,
        typer.Option(help="Start one on each of these hosts.", metavar="HOST:PORT,…"),
    ] = None,
    remote_shell: Annotated[
        str, typer.Option(help="Runs a command on one of --hosts.", metavar="COMMAND")
    ] = "ssh",
    start_timeout: Annotated[
        float, typer.Option(help="Seconds to wait for the other workers.")
    ] = 120.0,
    tpu: Annotated[str | None, typer.Option(help="The TPU's name, or local.")] = None,
    precision: Annotated[
        str | None, typer.Option(help="auto, float32, mixed_bfloat16 or mixed_float16.")
    ] = None,
    jit: Annotated[str, typer.Option(help="Compile steps with XLA: auto, on or off.")] = "auto",
    checkpoint_every: Annotated[
        str, typer.Option(help="epoch, '500 steps' or '60 seconds'.")
    ] = "epoch",
    source: Annotated[
        str, typer.Option(help="Where examples wait: auto, memory, or stream from disk.")
    ] = "auto",
    solver: Annotated[
        str | None, typer.Option(help="gradient; exact or lbfgs: a linear model's optimum.")
    ] = None,
    penalty: Annotated[
        float | None,
        typer.Option(help="λ of exact or lbfgs; else the best on validation data."),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Write a TensorFlow profile of some steps.")
    ] = False,
    export: Annotated[
        bool, typer.Option("--export", help="Export the model and let the bundle predict.")
    ] = False,
):
    """Train a model into a run folder and evaluate it once on the test set."""
    from zoo.models import describe as describe_model
    from zoo.registry import parse_option
    from zoo.training.run_folder import new_run_dir

    spec = describe_model(name)
    options = dict(parse_option(spec, text) for text in set_ or [])
    run_dir = run_dir or new_run_dir(name)
    if workers is not None or hosts is not None:
        _launch(strategy, workers, hosts, remote_shell, run_dir)
        if export:
            _export_and_predict(run_dir, data_dir)
        return
    _tensorflow()
    from zoo import training
    from zoo.training.reporter import Terminal

    try:
        results = training.train(
            name,
            recipe=recipe,
            options=options,
            dataset=dataset,
            data_dir=data_dir,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            run_dir=run_dir,
            strategy=strategy,
            devices=devices,
            tpu=tpu,
            start_timeout=start_timeout,
            precision=precision,
            jit=jit,
            checkpoint_every=checkpoint_every,
            source=source,
            solver=solver,
            penalty=penalty,
            profile=profile,
            reporter=Terminal(console()),
        )
    except KeyboardInterrupt:
        complain(f"To go on, repeat the command with --run-dir {_quoted(run_dir)}.")
        raise
    if training.is_chief(strategy):
        _say_test(results, results["examples"]["test"])
        say(f"Run folder: {run_dir}")
        if export:
            _export_and_predict(run_dir, data_dir)
        else:
            say(f"Next: zoo export {_quoted(run_dir)}")


@app.command("export")
def export_command(
    run: Run,
    to: Annotated[
        Path | None,
        typer.Option(help="The bundle's folder; RUN/bundle if not given.", metavar="FOLDER"),
    ] = None,
    kinds: Annotated[
        str, typer.Option(help="TFLite files to write.", metavar="KIND,…")
    ] = "float32,float16,dynamic,int8",
    onnx: Annotated[bool, typer.Option("--onnx", help="Write model.onnx too.")] = False,
    weights: Annotated[
        str, typer.Option(help="float16 halves the Keras, SavedModel and ONNX files.")
    ] = "float32",
    input_size: Annotated[
        str | None,
        typer.Option(help="The only photos to take, for fixed shapes.", metavar="HEIGHTxWIDTH"),
    ] = None,
    max_drop: Annotated[
        float, typer.Option(help="Points of accuracy a file may lie below Keras.")
    ] = 1.0,
    min_agreement: Annotated[
        float, typer.Option(help="Percent of examples a file must decide as Keras does.")
    ] = 95.0,
    study: Annotated[
        bool, typer.Option("--study", help="Add pictures, and figures on harder photos.")
    ] = False,
    data_dir: DataDir = None,
):
    """Export a trained run as a bundle that predicts without TensorFlow."""
    from zoo.training.run_folder import RunFolder

    RunFolder(run).config()
    bundle = _export(
        run,
        to,
        data_dir,
        kinds=[kind.strip() for kind in kinds.split(",") if kind.strip()],
        onnx=onnx,
        weights=weights,
        frame=_frame(input_size),
        max_drop=max_drop,
        min_agreement=min_agreement,
    )
    if study:
        from zoo.reports.study import study as study_bundle

        say(f"Studied: {study_bundle(run, bundle, data_dir)}")
    from zoo.bundles.shipped import as_word

    say(
        f"Next: zoo predict {_quoted(as_word(bundle))} FILE…, or copy the folder and run: "
        "python3 predict.py FILE…"
    )


@app.command(cls=PhotoCommand, context_settings={"ignore_unknown_options": True})
def predict(
    bundle: Bundle,
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Photos; or numbers, as 0 1 or 0,1."),
    ],
    artifact: Annotated[str | None, typer.Option(help="Which file, as int8.")] = None,
    threads: Annotated[int, typer.Option(help="Of the interpreter.")] = 1,
    top: Annotated[
        int | None, typer.Option(help="Name so many of the best labels, with their scores.", min=1)
    ] = None,
    as_json: AsJson = False,
):
    """Predict with a bundle; TensorFlow is not needed."""
    from zoo import edge
    from zoo.bundles.shipped import find_bundle

    folder = find_bundle(bundle)
    with edge.quiet_stderr():
        model = edge.load(folder, artifact, threads)
    raise typer.Exit(edge.predict_all(model, inputs, as_json, top))


@app.command()
def evaluate(
    run_or_bundle: Annotated[
        str,
        typer.Argument(metavar="RUN|BUNDLE", help="A run's or bundle's folder, or a shipped name."),
    ],
    dataset: Annotated[
        str | None, typer.Option(help="Measure a run on another one, of the same labels.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
):
    """Measure a run or every file of a bundle on the test set."""
    import json

    from zoo.bundles.shipped import is_name
    from zoo.training.run_folder import RunFolder

    if not is_name(run_or_bundle) and RunFolder(run_or_bundle).config_path.is_file():
        _tensorflow()
        from zoo.training import evaluate as evaluate_run

        figures = evaluate_run(run_or_bundle, data_dir, dataset=dataset)
        if as_json:
            print(json.dumps(figures))
        else:
            _say_test(figures, figures["examples"])
        return
    if dataset is not None:
        raise ZooError(f"--dataset is for a run; the bundle {run_or_bundle} has its own.")
    from zoo import data, edge
    from zoo.bundles.shipped import find_bundle
    from zoo.export.measure import evaluate_bundle
    from zoo.training.data_dir import recorded_data_dir

    bundle = find_bundle(run_or_bundle)
    manifest = edge.read_manifest(bundle)
    measured_on = data.load(
        manifest["dataset"]["name"], data_dir or recorded_data_dir(bundle, manifest)
    )
    accuracies = evaluate_bundle(bundle, measured_on)
    if as_json:
        print(json.dumps({"bundle": str(bundle), "accuracy": accuracies}))
        return
    for artifact, accuracy in accuracies.items():
        say(
            f"{artifact}: accuracy {accuracy:.4f} on the {len(measured_on.test):,} test examples "
            f"of {measured_on.name} (fingerprint {measured_on.fingerprint})."
        )


@app.command("verify")
def verify_command(
    bundle: Bundle,
    data_dir: DataDir = None,
    max_drop: Annotated[
        float, typer.Option(help="Points of accuracy a file may lie below Keras.")
    ] = 1.0,
    min_agreement: Annotated[
        float, typer.Option(help="Percent of examples a file must decide as Keras does.")
    ] = 95.0,
):
    """Check a bundle's hashes, contract and operations, and measure all its files."""
    from zoo import data, edge
    from zoo.bundles.shipped import find_bundle
    from zoo.training.data_dir import recorded_data_dir

    folder = find_bundle(bundle)
    manifest = edge.read_manifest(folder)
    name = manifest["dataset"]["name"]
    _tensorflow()
    from zoo.export.verify import verify

    data_dir = data_dir or recorded_data_dir(folder, manifest)
    report = verify(folder, data.load(name, data_dir), max_drop, min_agreement, say)
    if report.figures:
        _show_figures(report.figures)
    for problem in report.problems:
        say(f"Falls short: {problem}")
    if report.problems:
        raise typer.Exit(SHORT_OF_THE_GATE)
    say(f"{folder} is sound.")


@app.command("benchmark")
def benchmark_command(
    bundle: Bundle,
    artifact: Annotated[
        str, typer.Option(help="One of the bundle's files, or all.", metavar="KIND")
    ] = "all",
    threads: Annotated[str, typer.Option(help="Of the interpreter.", metavar="N,…")] = "1",
    repeats: Annotated[int, typer.Option(help="Answers to time.")] = 200,
    photo: Annotated[
        Path | None, typer.Option(help="Ask about this photo.", metavar="FILE")
    ] = None,
    as_json: AsJson = False,
):
    """Time a bundle on this machine, one example at a time; TensorFlow is not needed."""
    import json

    from zoo import edge
    from zoo.bundles.benchmark import benchmark
    from zoo.bundles.shipped import find_bundle
    from zoo.export.measure import tflite_artifacts
    from zoo.utils.provenance import RUNTIME, machine, versions

    folder = find_bundle(bundle)
    manifest = edge.read_manifest(folder)
    artifacts = tflite_artifacts(manifest) if artifact == "all" else [artifact]
    counts = [count.strip() for count in threads.split(",")]
    if not all(re.fullmatch("[0-9]{1,9}", count) for count in counts):
        raise ZooError(f"--threads is {threads!r}; write whole numbers, as in 1,2.")
    rows = benchmark(folder, artifacts, [int(n) for n in counts], repeats=repeats, photo=photo)
    if as_json:
        told = {"bundle": str(folder), "machine": machine(), "versions": versions(RUNTIME)}
        print(json.dumps({**told, "rows": rows}))
        return
    from rich.table import Table

    columns = ("artifact", "threads", "load", "decode", "inference", "p90", "p99", "peak memory")
    table = Table(*columns, box=None)
    for row in rows:
        decode = f"{row['decode']['median']:.3f} ms" if row["decode"] else ""
        table.add_row(
            row["artifact"],
            str(row["threads"]),
            f"{row['load']:.1f} ms",
            decode,
            *(f"{row['inference'][part]:.3f} ms" for part in ("median", "p90", "p99")),
            f"{row['peak_memory']:.0f} MB",
        )
    console().print(table)
    packages = ", ".join(f"{name} {number}" for name, number in versions(RUNTIME).items())
    say(f"Medians of {repeats}, one example at a time. {machine()}; {packages}.")


@app.command("report")
def report_command(
    run: Run,
    to: Annotated[
        Path | None, typer.Option(help="RUN/report.html if not given.", metavar="FILE")
    ] = None,
    data_dir: DataDir = None,
):
    """Write one HTML page about a finished run, with everything inside."""
    _tensorflow()
    from zoo.reports.report import report

    say(f"Report: {report(run, to, data_dir)}")


@app.command("compare")
def compare_command(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="The folders of finished trainings.")
    ],
    to: Annotated[Path, typer.Option(help="The page.", metavar="FILE")] = Path("compare.html"),
):
    """Write one HTML page about several finished runs."""
    _tensorflow()
    from zoo.reports.report import compare

    say(f"Comparison: {compare(runs, to)}")


@app.command("serve")
def serve_command(
    bundles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="BUNDLE",
            help="Bundles' folders or shipped models' names; all shipped by default.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but loopback lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for any that is free.")] = 8000,
):
    """Open a web page on this machine: ask a model, watch one learn, read the cards."""
    from zoo.bundles.shipped import find_bundle, list_shipped

    wanted = bundles or list_shipped()
    # A run's bundle goes by the run's name: every one of them lies in a folder "bundle".
    named = {Path(bundle).resolve().name: find_bundle(bundle) for bundle in wanted}
    if len(named) < len(wanted):
        raise ZooError("Two of the bundles' folders have the same name; rename one.")
    try:
        from zoo.serve.server import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("zoo"):
            raise
        raise ZooError(
            f'The page needs {error.name}; run: pip install "lecture-zoo[serve]".'
        ) from error
    serve(named, host, port, lambda address: say(f"The page is at {address} (Ctrl+C ends it)."))


@data_app.command("list")
def data_list():
    """List the data sets."""
    from rich.table import Table

    from zoo import data

    table = Table("data set", "kind", "source", "what it is", box=None)
    for name in data.list_datasets():
        spec = data.describe(name)
        table.add_row(name, spec.kind, spec.source, spec.summary)
    console().print(table)
    say(
        f"Decoded photos are kept in {data.cache.root()}, {data.cache.size() / 1e6:,.1f} MB; "
        "`zoo data clear` removes them."
    )


@data_app.command("prepare")
def data_prepare(
    name: Annotated[
        str, typer.Argument(metavar="DATASET", help="A name, as `zoo data list` prints it.")
    ],
    data_dir: DataDir = None,
):
    """Download a data set and prepare it for training."""
    from zoo import data

    if data.describe(name).source == "tfds":
        _tensorflow()
    folder = data.prepare(name, data_dir)
    say(f"{name} is ready in {folder}." if folder else f"{name} needs no preparation.")


@data_app.command("clear")
def data_clear():
    """Remove the decoded photos that are kept; the next training decodes them again."""
    from zoo import data

    say(f"Removed {data.cache.clear() / 1e6:,.1f} MB from {data.cache.root()}.")


def main() -> None:
    """Run the command line; bad input is one sentence on standard error and exit code 2."""
    sys.exit(end(_run, sys.argv[1:]))


def _run(words: list[str]) -> int | None:
    return app(name_plugins(words), prog_name="zoo", standalone_mode=False)


def _tensorflow() -> None:
    from zoo.registry.plugins import load_plugins
    from zoo.utils.quiet import import_tensorflow

    # Before: what is said while TensorFlow is imported is not heard.
    load_plugins()
    import_tensorflow()


def _launch(strategy, workers, hosts, remote_shell, run_dir) -> None:
    """Run this very command once per worker; return only if all of them succeed."""
    from zoo.training import launcher

    if workers is not None and hosts is not None:
        raise ZooError("--workers is for this machine and --hosts for several; give one of them.")
    if strategy not in ("auto", "multi_worker"):
        raise ZooError(f"--workers and --hosts go with --strategy multi_worker, not {strategy}.")
    addresses = launcher.parse_hosts(hosts) if hosts else launcher.local_addresses(workers)
    own = ("--workers", "--hosts", "--remote-shell", "--run-dir", "--strategy")
    words = _without_options(sys.argv[1:], own, ("--export",))
    words += ["--strategy", "multi_worker", "--run-dir", str(run_dir)]
    if code := launcher.launch(words, addresses, remote_shell if hosts else None):
        raise typer.Exit(code)


def _without_options(words: list[str], with_value, flags) -> list[str]:
    kept, rest = [], iter(words)
    for word in rest:
        if word in with_value:
            next(rest, None)
        elif word not in flags and not word.startswith(tuple(f"{name}=" for name in with_value)):
            kept.append(word)
    return kept


def _export_and_predict(run_dir: Path, data_dir: str | None) -> None:
    _export(run_dir, None, data_dir)
    _predict_examples(run_dir, data_dir)


def _frame(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    sizes = text.lower().split("x")
    # Five digits at the most, of the ten that int() is meant to read: "²" is a digit too.
    if len(sizes) != 2 or not all(re.fullmatch("[0-9]{1,5}", size) for size in sizes):
        raise ZooError(f"--input-size is {text!r}; write HEIGHTxWIDTH, as in 240x320.")
    height, width = int(sizes[0]), int(sizes[1])
    if not 0 < height <= 65536 or not 0 < width <= 65536:
        raise ZooError(f"--input-size is {text!r}; give sides from 1 to 65536 pixels.")
    return height, width


def _export(run: Path, to: Path | None, data_dir: str | None, **options) -> Path:
    import json

    _tensorflow()
    from zoo.export.bundle import export_run

    bundle = export_run(run, to, data_dir=data_dir, say=say, **options)
    _show_figures(json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["artifacts"])
    say(f"Bundle: {bundle}")
    return bundle


def _show_figures(figures: dict) -> None:
    from rich.table import Table

    table = Table("artifact", "bytes", "accuracy", "agreement", "largest difference", box=None)
    for name, found in figures.items():
        size = f"{found['bytes']:,}" if "bytes" in found else ""
        table.add_row(
            name,
            size,
            f"{found['accuracy']:.4f}",
            f"{found['agreement']:.4f}",
            f"{found['largest_difference']:.1e}",
        )
    console().print(table)


def _predict_examples(run: Path, data_dir: str | None) -> None:
    from zoo.export.examples import predict_examples, write_examples

    words, labels = write_examples(run, data_dir)
    say(f"The bundle's own predict.py, without TensorFlow, on {len(labels)} test examples:")
    for line, label in zip(predict_examples(run / "bundle", words), labels, strict=True):
        say(f"  {line}   (it is: {label})")


def _say_test(results: dict, examples: int) -> None:
    figures = "  ".join(f"{name} {value:.4f}" for name, value in results["test"].items())
    dataset = results["dataset"]
    say(
        f"Test: {figures}  ({examples:,} examples of {dataset['name']}, "
        f"fingerprint {dataset['fingerprint']})"
    )


def _quoted(path: Path) -> str:
    """Return a path as it is typed in a shell."""
    return shlex.quote(str(path))
