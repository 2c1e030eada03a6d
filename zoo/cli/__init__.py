"""The `zoo` command: a thin skin over the package."""

from zoo.cli.root import app, main

__all__ = ["app", "main"]
