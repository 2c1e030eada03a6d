"""The errors that a user is meant to read, and every exit code of the command line."""

SUCCESS = 0
CHECK_FAILED = 1
BAD_INPUT = 2
WORKER_LOST = 69
UNEXPECTED = 70
PREEMPTED = 75
INTERRUPTED = 130
# What a shell reports of a program that SIGTERM ended.
TERMINATED = 143

# The README's table says the same.
EXIT_CODES = {
    SUCCESS: "The command succeeded.",
    CHECK_FAILED: "`zoo verify` found a problem in a bundle; or the reader of the output "
    "closed it early, as `head -1` does.",
    BAD_INPUT: "The arguments, a file or this machine do not allow it; one sentence says why and "
    "what to do.",
    WORKER_LOST: "Another worker of a training was lost; the same command resumes.",
    UNEXPECTED: "An unexpected exception, which is a bug of zoo; `--debug` (or `ZOO_DEBUG=1`) "
    "prints the traceback.",
    PREEMPTED: "SIGTERM stopped a training after it wrote a checkpoint; the same command resumes.",
    INTERRUPTED: "Ctrl-C.",
    TERMINATED: "SIGTERM ended an export; nothing was replaced.",
}


class ZooError(Exception):
    """Bad input, in one sentence: what was given, what was expected, what to do.

    The command line prints the sentence and exits with `exit_code`; a program catches it like any
    exception. Any other exception that escapes is a bug of this package, reported with
    `UNEXPECTED`.
    """

    exit_code = BAD_INPUT


class Preempted(Exception):  # noqa: N818  not an error: what can be saved is saved
    """Training stopped on request; the message names the folder to resume from.

    Args:
        sentence: for the user.
        exit_code: `PREEMPTED` after SIGTERM, `INTERRUPTED` after Ctrl-C.
    """

    def __init__(self, sentence: str, exit_code: int = PREEMPTED):
        super().__init__(sentence)
        self.exit_code = exit_code
