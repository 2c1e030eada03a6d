"""Spec + data → run folder."""

from zoo.training.run import evaluate, train
from zoo.training.settings import Training
from zoo.training.strategies import is_chief

__all__ = ["Training", "evaluate", "is_chief", "train"]
