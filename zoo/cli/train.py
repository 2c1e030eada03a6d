"""`zoo train`: one training here, or its workers on this machine or several."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.bundles import export_bundle
from zoo.cli.figures import say_test
from zoo.cli.options import DataDir, Model
from zoo.cli.output import complain, console, quoted, say
from zoo.cli.plugins import import_tensorflow
from zoo.errors import ZooError


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
) -> None:
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
    import_tensorflow()
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
        complain(f"To go on, repeat the command with --run-dir {quoted(run_dir)}.")
        raise
    if training.is_chief(strategy):
        say_test(results, results["examples"]["test"])
        say(f"Run folder: {run_dir}")
        if export:
            _export_and_predict(run_dir, data_dir)
        else:
            say(f"Next: zoo export {quoted(run_dir)}")


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
    export_bundle(run_dir, None, data_dir)
    _predict_examples(run_dir, data_dir)


def _predict_examples(run: Path, data_dir: str | None) -> None:
    from zoo.export.examples import predict_examples, write_examples

    words, truths = write_examples(run, data_dir)
    say(f"The bundle's own predict.py, without TensorFlow, on {len(truths)} test examples:")
    for line, truth in zip(predict_examples(run / "bundle", words), truths, strict=True):
        say(f"  {line}   (it is: {truth})")
