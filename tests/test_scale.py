"""The benchmark of 1,281,167 images at a small size: memory, speed, SIGKILL."""

import numpy as np
import pytest
from benchmarks import scale

from zoo.data.npz_members import NpzFile


def test_images_are_a_function_of_their_index(tmp_path):
    files = []
    for examples in (2000, 3000):
        scale.write(tmp_path / f"{examples}.npz", examples, classes=10)
        files.append(NpzFile(tmp_path / f"{examples}.npz"))
    fewer, more = (file.read("x_train") for file in files)
    assert np.array_equal(fewer, more[:2000])
    labels = files[0].read("y_train")
    # A class has a pattern that its mean shows, whatever the noise.
    means = np.stack([fewer[labels == label].mean(axis=0) for label in range(10)])
    nearest = np.argmin(
        [np.abs(means - photo).mean(axis=(1, 2, 3)) for photo in more[2000:]], axis=1
    )
    assert np.mean(nearest == files[1].read("y_train")[2000:]) > 0.99


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_streaming_takes_the_memory_of_an_eighth_and_survives_a_kill(tmp_path):
    rows = scale.measure(16_000, 100, print, tmp_path)
    eighth, whole = rows[1], rows[3]
    assert whole["peak_memory"] < 1.1 * eighth["peak_memory"]
    assert len({row["weights"] for row in rows[2:]}) == 1
    assert rows[4]["resumed_at"] > 0
    # One epoch shows every pattern 160 times.
    assert whole["test_accuracy"] > 0.9
    assert len(scale.compared(rows)) == 4
    assert scale.arithmetic(rows)[2] == "| images | 16,000 | 14,197,122 |"
