"""`zoo train`: train in this process, or in workers on one machine or several."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, replace
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from zoo.cli.bundles import export_bundle
from zoo.cli.figures import say_test
from zoo.cli.options import Model
from zoo.cli.output import DEBUG, console, print_error, print_line, quoted
from zoo.cli.plugins import import_tensorflow
from zoo.errors import ZooError
from zoo.training.settings import Training


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Replace a command's `**settings` by one option per setting of a training."""
    own = [
        parameter
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    # On the command line, a data set is given by name.
    kinds = get_type_hints(Training, localns={"Dataset": str})
    settings = [_option(of, kinds[of.name]) for of in fields(Training) if of.name != "name"]
    command.__signature__ = inspect.Signature([own[0], *settings, *own[1:]])  # type: ignore[attr-defined]
    return command


def _option(of: Field, kind: Any) -> inspect.Parameter:
    """Return a command's parameter for a setting, from its field's metadata."""
    choices = of.metadata["choices"]
    text = of.metadata["help"] + (f" One of: {', '.join(choices)}." if choices else "")
    option = typer.Option(
        *of.metadata["words"],
        help=text,
        metavar=of.metadata["metavar"],
        autocompletion=(lambda incomplete: [c for c in choices if c.startswith(incomplete)])
        if choices
        else None,
    )
    return inspect.Parameter(
        of.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None if of.default is MISSING else of.default,
        annotation=Annotated[of.metadata["kind"] or kind, option],
    )


@_with_settings
def train(
    name: Model,
    *,
    workers: Annotated[
        int | None, typer.Option(help="Start this many multi_worker processes on this machine.")
    ] = None,
    hosts: Annotated[
        str | None,
        typer.Option(
            help="Start a multi_worker process on each of these hosts.", metavar="HOST:PORT,…"
        ),
    ] = None,
    remote_shell: Annotated[
        str, typer.Option(help="Runs a command on one of --hosts.", metavar="COMMAND")
    ] = "ssh",
    export: Annotated[
        bool, typer.Option("--export", help="Export the model and let the bundle predict.")
    ] = False,
    **settings: Any,
) -> None:
    """Train a model into a run folder and evaluate it once on the test set."""
    training = _training(name, settings)
    if workers is None and hosts is None:
        is_chief = run_training(training)
        if is_chief and not export:
            print_line(f"Next: zoo export {quoted(_run_dir(training))}")
    else:
        _launch(training, workers, hosts, remote_shell)
        is_chief = True
    if is_chief and export:
        _export_and_predict(training)


def run_training(training: Training) -> bool:
    """Train in this process and print the results; return whether it is the chief."""
    import_tensorflow()
    from zoo.training.reporter import Terminal
    from zoo.training.run import run
    from zoo.training.strategies import is_chief

    run_dir = _run_dir(training)
    try:
        results = run(training, Terminal(console()))
    except KeyboardInterrupt:
        print_error(f"To resume, repeat the command with --run-dir {quoted(run_dir)}.")
        raise
    if not is_chief(training.strategy):
        return False
    say_test(results, results["examples"]["test"])
    print_line(f"Run folder: {run_dir}")
    return True


def _training(name: str, settings: dict[str, Any]) -> Training:
    """Return the training of the command line, with its run folder."""
    from zoo.models import describe
    from zoo.registry import parse_option
    from zoo.training.run_folder import new_run_dir

    spec = describe(name)
    options = dict(parse_option(spec, text) for text in settings["options"] or [])
    run_dir = settings["run_dir"] or new_run_dir(name)
    # Workers may be on hosts that do not have the recipe's file.
    return Training(name, **{**settings, "options": options, "run_dir": run_dir}).with_recipe_read()


def _run_dir(training: Training) -> Path:
    return Path(training.run_dir or "")


def _launch(training: Training, workers: int | None, hosts: str | None, remote_shell: str) -> None:
    """Start one worker per address with these settings; return only if all succeed."""
    from zoo.training import launcher

    if workers is not None and hosts is not None:
        raise ZooError("--workers is for this machine and --hosts for several; give one of them.")
    if training.strategy not in ("auto", "multi_worker"):
        raise ZooError(
            f"--workers and --hosts go with --strategy multi_worker, not {training.strategy}."
        )
    if hosts is not None:
        addresses = launcher.parse_hosts(hosts)
    else:
        addresses = launcher.local_addresses(workers or 0)
    settings = replace(training, strategy="multi_worker").to_json()
    words = ["-m", "zoo.worker", *([DEBUG] if DEBUG in sys.argv else [])]
    code = launcher.launch(words, settings, addresses, remote_shell if hosts is not None else None)
    if code:
        raise typer.Exit(code)


def _export_and_predict(training: Training) -> None:
    from zoo.export.examples import predict_examples, write_examples

    run_dir = _run_dir(training)
    export_bundle(run_dir, None, training.data_dir)
    words, truths = write_examples(run_dir, training.data_dir)
    print_line(f"The bundle's own predict.py, without TensorFlow, on {len(truths)} test examples:")
    for line, truth in zip(predict_examples(run_dir / "bundle", words), truths, strict=True):
        print_line(f"  {line}   (it is: {truth})")
