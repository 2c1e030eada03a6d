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
    photos = cats_vs_dogs.x[repeated].astype(int)
    near = (np.abs(photos - photo).mean(axis=(1, 2, 3)) < 2 for photo in photos)
    groups = {tuple(repeated[same]) for same in near}
    # Five photos that are in the data set twice, and the placeholder.
    assert sorted(map(len, groups)) == [2, 2, 2, 2, 2, 4]
    labels = [sorted(cats_vs_dogs.y[list(group)]) for group in groups]
    assert [of for of in labels if len(set(of)) > 1] == [[0, 1, 1, 1]]


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
