"""Spec + data → run folder."""

from zoo.training.run import Training, evaluate, train

__all__ = ["Training", "evaluate", "train"]
