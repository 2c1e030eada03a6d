"""Spec + data → run folder."""

from zoo.training.run import evaluate, train
from zoo.training.settings import Training

__all__ = ["Training", "evaluate", "train"]
