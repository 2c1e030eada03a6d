"""One worker of a training: `python -m zoo.worker`, its settings a line on standard input.

`zoo train --workers` and `--hosts` start it, with TF_CONFIG set; see `zoo.training.launcher`. What
is not of the standard library is imported late, so that a host without it can say what is amiss.
"""

from __future__ import annotations

import json
import os
import sys

from zoo.errors import ZooError
from zoo.training.handshake import STARTED, from_line, read_line, require_resolved


def main() -> None:
    """Train as the line says; the exit codes are those of `zoo train`."""
    try:
        settings = from_line(read_line())
        require_resolved(json.loads(os.environ["TF_CONFIG"])["cluster"]["worker"])
    except ZooError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    from zoo.cli.output import run_command
    from zoo.cli.train import run_training
    from zoo.training.guard import ended_with_input
    from zoo.training.settings import Training

    def train(_: list[str]) -> None:
        run_training(Training.from_json(settings))

    print(STARTED, flush=True)
    with ended_with_input():
        code = run_command(train, sys.argv[1:])
    sys.exit(code)


if __name__ == "__main__":
    main()
