import io

import numpy as np
import pytest
from PIL import Image

from zoo import data


@pytest.fixture(scope="module")
def cats_vs_dogs(tfds_dir):
    return data.load("cats_vs_dogs", tfds_dir).test


def test_the_placeholder_of_cats_vs_dogs_is_found_under_both_labels(cats_vs_dogs):
    repeated = np.flatnonzero(data.repeated_examples(cats_vs_dogs.x))
    assert len(repeated) == 3
    assert sorted(cats_vs_dogs.y[repeated]) == [0, 1, 1]
    first, *others = (cats_vs_dogs.x[index].astype(int) for index in repeated)
    assert all(np.abs(first - other).mean() < 2 for other in others)


def test_repeats_among_photos_of_different_sizes(photos_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path))
    photos = data.load("photos", photos_dir).test.x
    assert not data.repeated_examples(photos).any()
    assert data.repeated_examples(photos[[0, 3, 1, 3]]).tolist() == [False, True, False, True]


def test_a_photo_encoded_again_is_the_same_photo(cats_vs_dogs):
    photos = cats_vs_dogs.x[100:200].copy()
    stream = io.BytesIO()
    Image.fromarray(photos[7]).save(stream, "JPEG", quality=60)
    photos[50] = np.asarray(Image.open(stream))
    assert (photos[50] != photos[7]).any()
    assert np.flatnonzero(data.repeated_examples(photos)).tolist() == [7, 50]
