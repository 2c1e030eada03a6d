"""The one error a user is meant to read."""


class ZooError(Exception):
    """Bad input, told in one sentence: what was given, what was expected, what to do.

    The command line prints the sentence and exits with `exit_code`; a program catches it like any
    exception. Anything else that escapes is a defect of this package.
    """

    exit_code = 2
