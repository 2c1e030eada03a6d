import sys
from pathlib import Path

import numpy as np
import pytest

from zoo.errors import ZooError
from zoo.training.pages import reader_of

ROWS = 8_000


@pytest.fixture
def stored(tmp_path):
    """A mapped file of 25 MB, as the cache holds it."""
    path = tmp_path / "photos.npy"
    rows = np.random.default_rng(0).integers(0, 256, (ROWS, 32, 32, 3), np.uint8)
    np.save(path, rows)
    return path, np.asarray(np.load(path, mmap_mode="r")), rows


def mapped_megabytes() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("RssFile"))


def test_rows_are_those_of_the_array(stored):
    path, array, rows = stored
    at = np.random.default_rng(1).permutation(ROWS)[:300].astype(np.int32)
    assert np.array_equal(reader_of(array)(at), rows[at])
    # Any part of a mapped array, and arrays that are no file or not whole rows of one.
    for part, expected in (
        (array[100:], rows[100:]),
        (array[100:][50:7000], rows[100:][50:7000]),
        (array[::2], rows[::2]),
        (array[:, :16], rows[:, :16]),
        (rows, rows),
    ):
        few = at[at < len(part)]
        assert np.array_equal(reader_of(part)(few), expected[few])
    path.unlink()
    assert np.array_equal(reader_of(array)(at), rows[at])


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_reading_rows_maps_no_pages(stored):
    _, array, _ = stored
    read = reader_of(array)
    before = mapped_megabytes()
    for at in np.random.default_rng(2).permutation(ROWS).reshape(-1, 100):
        read(at)
    assert mapped_megabytes() - before < 2
    # What the mapping itself would have cost.
    array.max()
    assert mapped_megabytes() - before > 20


def test_a_file_that_became_shorter_is_told(stored):
    path, array, _ = stored
    read = reader_of(array)
    with path.open("rb+") as file:
        file.truncate(1000)
    with pytest.raises(ZooError, match="become shorter while it was read; run `zoo data clear`"):
        read(np.arange(10))
