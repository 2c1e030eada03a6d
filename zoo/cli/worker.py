"""One worker of a training: `python -m zoo.cli.worker`, its settings a line on standard input.

`zoo train --workers` and `--hosts` start it, with TF_CONFIG set; see `zoo.training.launcher`.
"""

from __future__ import annotations

import sys

from zoo.cli.output import run_command
from zoo.cli.train import run_training
from zoo.training.settings import Training


def main() -> None:
    """Train as the line says; the exit codes are those of `zoo train`."""
    sys.exit(run_command(_work, sys.argv[1:]))


def _work(words: list[str]) -> None:
    run_training(Training.from_json(sys.stdin.readline()))


if __name__ == "__main__":
    main()
