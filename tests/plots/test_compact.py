"""PNG files of drawings in 256 colours, and of photos in all of them."""

import io

import numpy as np
from PIL import Image

from zoo.plots.compact import compact_png


def reread(content):
    picture = Image.open(io.BytesIO(content))
    return picture.mode, np.asarray(picture.convert("RGB"), int)


def test_a_drawing_has_few_colours_and_looks_the_same():
    # White, and smoothed lines in three colours: 270 colours in all.
    rows = np.full((200, 400, 3), 255, np.uint8)
    for colour in range(3):
        rows[20 * colour : 20 * colour + 3, :90, colour] = np.linspace(0, 250, 90)
    mode, found = reread(compact_png(Image.fromarray(rows)))
    assert mode == "P"
    assert len(np.unique(rows.reshape(-1, 3), axis=0)) > 256
    assert np.abs(found - rows).max() <= 10


def test_a_photo_keeps_its_colours_to_the_bit():
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    mode, found = reread(compact_png(Image.fromarray(photo)))
    assert mode == "RGB"
    np.testing.assert_array_equal(found, photo)
