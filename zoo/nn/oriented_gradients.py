"""Histograms of oriented gradients as a layer without weights, part of an image model."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import ops

from zoo.errors import ZooError
from zoo.nn.preprocessing import LUMA, AntialiasedResize, Float32Layer

# A gradient also counts for orientations up to 45° from its own.
_NARROW = math.cos(math.pi / 4)
_SMALL = 4.0
_CELL, _ORIENTATIONS = 4, 8


@keras.saving.register_keras_serializable("zoo")
class OrientedGradients(Float32Layer):
    """Describe photos by the gradients of their luma and by their colours, cell by cell.

    After Dalal and Triggs (CVPR 2005), with operations that every exporter supports. With g the
    centred differences of luma and u_k the unit vectors at angles 2πk/K, a pixel gives
    r_k = relu(g·u_k − cos 45° · max_j g·u_j); h_k is the mean of r_k over a cell, and it is divided
    by the mean of Σ_k h_k over the 3 × 3 cells around it, plus 4. The square root is taken, and the
    mean of each colour channel over the cell, scaled to −1…1, is added.

    Args:
        cell: side of a cell in pixels, at least 1.
        orientations: K, at least 4.
    """

    def __init__(self, cell, orientations, **kwargs):
        super().__init__(**kwargs)
        if cell < 1 or orientations < 4:
            raise ZooError(
                f"Cells of {cell} pixels with {orientations} orientations cannot be computed; give "
                "cells from 1 pixel and at least 4 orientations."
            )
        self.cell = cell
        self.orientations = orientations

    def call(self, images):
        """Return float32 (batch, cells, cells, orientations + 3).

        Args:
            images: 0…255, (batch, h + 2, w + 2, 3), h and w multiples of the cell's side; the
                outermost pixels are only used for differences.
        """
        images = ops.cast(images, "float32")
        luma = ops.sum(images * ops.array(LUMA, dtype="float32"), axis=-1, keepdims=True)
        # As a convolution: tf2onnx 1.17 converts some slices along two axes wrongly.
        along = ops.conv(luma, ops.array(self._kernels()))
        votes = ops.relu(along - _NARROW * ops.max(along, axis=-1, keepdims=True))
        histogram = ops.average_pool(votes, self.cell, self.cell)
        energy = ops.sum(histogram, axis=-1, keepdims=True)
        nearby = ops.average_pool(energy, 3, 1, padding="same")
        gradients = ops.sqrt(histogram / (nearby + _SMALL) + 1e-4)
        colours = ops.average_pool(images[:, 1:-1, 1:-1], self.cell, self.cell) / 127.5 - 1
        return ops.concatenate([gradients, colours], axis=-1)

    def _kernels(self) -> np.ndarray:
        """Return g·u_k as filters of luma, float32 (3, 3, 1, orientations)."""
        angles = 2 * np.pi * np.arange(self.orientations) / self.orientations
        kernels = np.zeros((3, 3, 1, self.orientations), np.float32)
        kernels[1, 2, 0], kernels[1, 0, 0] = np.cos(angles), -np.cos(angles)
        kernels[2, 1, 0], kernels[0, 1, 0] = np.sin(angles), -np.sin(angles)
        return kernels

    def compute_output_shape(self, input_shape):
        """Return the number of cells and of features of each."""
        batch, height, width, _ = input_shape
        cells = ((height - 2) // self.cell, (width - 2) // self.cell)
        return (batch, *cells, self.orientations + 3)

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "cell": self.cell, "orientations": self.orientations}


def gradient_preprocessing(size: int) -> keras.Sequential:
    """Return the layer `preprocessing`: resize → `OrientedGradients` of 8 orientations → flatten.

    Args:
        size: height and width of what the cells of 4 × 4 pixels cover, a multiple of 4. Photos are
            resized to two pixels more.

    Raises:
        ZooError: for another size.
    """
    if size < _CELL or size % _CELL:
        raise ZooError(f"Option 'size' is {size}; give a multiple of {_CELL} for gradients.")
    layers = [
        AntialiasedResize(size + 2, size + 2),
        OrientedGradients(_CELL, _ORIENTATIONS),
        keras.layers.Flatten(dtype="float32"),
    ]
    return keras.Sequential(layers, name="preprocessing")
