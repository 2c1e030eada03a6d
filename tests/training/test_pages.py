"""Rows of a mapped file are read from the file, whatever part of it an array is."""

import numpy as np
import pytest

from zoo.training.pages import reader_of

PARTS = {
    "whole": lambda mapped: mapped,
    "slice": lambda mapped: mapped[100:500],
    "slice of a slice": lambda mapped: mapped[100:][50:],
    "slice of a plain array": lambda mapped: np.asarray(mapped)[100:500],
    "every second row": lambda mapped: mapped[::2],
    "some columns": lambda mapped: mapped[:, 1:3],
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_rows_are_those_of_the_array(tmp_path, part, mode):
    np.save(tmp_path / "rows.npy", np.arange(6_000).reshape(1_000, 6))
    mapped = np.load(tmp_path / "rows.npy", mmap_mode=mode)
    if mode != "r":
        mapped[105] = -1
    array = PARTS[part](mapped)
    rows = np.array([3, 5, 7, 1, 52])
    np.testing.assert_array_equal(reader_of(array)(rows), array[rows])
