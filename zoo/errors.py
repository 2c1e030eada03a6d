"""The one error a user is meant to read, and every exit code of the command line."""

SHORT_OF_THE_GATE = 1
BAD_INPUT = 2
WORKER_LOST = 69
UNEXPECTED = 70
PREEMPTED = 75
INTERRUPTED = 130
# What a shell says of a program that SIGTERM ended.
TERMINATED = 143

EXIT_CODES = {
    0: "It worked.",
    SHORT_OF_THE_GATE: "`zoo verify` found that a bundle falls short; or whoever read the output, "
    "as in `zoo list | head -1`, stopped reading.",
    BAD_INPUT: "The input, a file or this machine does not allow it; one sentence says what and "
    "what to do.",
    WORKER_LOST: "Another worker of a training was lost; the same command goes on.",
    UNEXPECTED: "An exception that this package did not foresee, a defect of it; `--debug` (or "
    "`ZOO_DEBUG=1`) shows where.",
    PREEMPTED: "SIGTERM stopped a training after it wrote a checkpoint; the same command goes on.",
    INTERRUPTED: "Ctrl-C.",
    TERMINATED: "SIGTERM ended an export; nothing was replaced.",
}


class ZooError(Exception):
    """Bad input, told in one sentence: what was given, what was expected, what to do.

    The command line prints the sentence and exits with `exit_code`; a program catches it like any
    exception. Anything else that escapes is a defect of this package, told with `UNEXPECTED`.
    """

    exit_code = BAD_INPUT
