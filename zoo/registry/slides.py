"""The slides of the lecture, and the commands that show what no model of its own does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Slide:
    """A slide of the lecture.

    Args:
        number: that `ModelSpec.slides` refers to.
        title: on the slide.
        commands: `zoo` commands that show it.
    """

    number: int
    title: str
    commands: Sequence[str] = ()


SLIDES = (
    Slide(1, "Activation functions", ("zoo plot activations",)),
    Slide(2, "Perceptron"),
    Slide(3, "Mark I Perceptron"),
    Slide(4, "Linear binary classification", ("zoo plot boundary",)),
    Slide(5, "The XOR problem", ("zoo plot learning",)),
    Slide(6, "Multi-layer perceptron"),
    Slide(7, "Backpropagation"),
    Slide(8, "Putting them together"),
    Slide(9, "40 years later: GPU, TPU, Jetson", ("zoo train --strategy", "zoo benchmark")),
    Slide(10, "Pose estimation"),
    Slide(11, "TensorFlow Playground", ("zoo serve", "zoo plot boundary")),
    Slide(12, "Universal approximation theorem"),
    Slide(13, "Physics-informed networks"),
    Slide(14, "Image classification is hard", ("zoo export --study",)),
    Slide(15, "Image classifier step by step", ("zoo train",)),
    Slide(16, "Cat/dog classifier", ("zoo plot pipeline",)),
    Slide(17, "10-way classifier (CIFAR-10)"),
    Slide(18, "One-hot labels, cross-entropy", ("zoo describe",)),
    Slide(19, "n-way softmax classifier"),
    Slide(20, "Generalising: other outputs"),
)
