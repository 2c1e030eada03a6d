"""Prepares small real data sets as TensorFlow Datasets does, for tests."""

import contextlib
import io
from pathlib import Path

import numpy as np


def digits_pixels() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits, uint8 0…255 (1797, 8, 8), and their labels."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.images * (255 / 16)).astype(np.uint8), digits.target


def store(data_dir: Path, name: str, features: dict, splits: dict, config=None, target=None):
    """Write a data set of rows, split → list of dicts, as TFDS prepares it."""
    import tensorflow_datasets as tfds

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        builder = tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            config=config and tfds.core.BuilderConfig(name=config),
            features=tfds.features.FeaturesDict(features),
            split_datasets={split: list(enumerate(rows)) for split, rows in splits.items()},
            data_dir=str(data_dir),
        )
    return Path(builder.data_dir)


def store_all(data_dir: Path) -> Path:
    """Write all data sets into one folder, and return it."""
    import tensorflow_datasets as tfds
    from sklearn.datasets import load_diabetes, load_iris

    kinds = tfds.features
    images, labels = digits_pixels()
    rows = [
        {"image": image[..., None], "label": int(label), "id": f"scan {at}.png"}
        for at, (image, label) in enumerate(zip(images, labels, strict=True))
    ]
    names = [f"Ziffer {number}" for number in range(10)]
    digit = {
        "image": kinds.Image(shape=(8, 8, 1)),
        "label": kinds.ClassLabel(names=names),
        "id": kinds.Text(),
    }
    store(data_dir, "digits", digit, {"train": rows[:1400], "test": rows[1400:]})
    unlabelled = [{**row, "label": -1} for row in rows[1400:1500]]
    store(
        data_dir,
        "unlabelled",
        digit,
        {
            "train": rows[:300],
            "validation": rows[300:400],
            "test": unlabelled,
            "extra": rows[:9],
        },
    )
    for config in ("first", "second"):
        store(data_dir, "configured", digit, {"train": rows[:200]}, config=config)

    iris = load_iris()
    species = kinds.ClassLabel(names=list(iris.target_names))
    measured = {"features": kinds.Tensor(shape=(4,), dtype=np.float32), "label": species}
    flowers = [
        {"features": x.astype(np.float32), "label": int(y)}
        for x, y in zip(iris.data, iris.target, strict=True)
    ]
    store(data_dir, "flowers", measured, {"train": flowers})
    columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    named = [
        {**dict(zip(columns, row["features"], strict=True)), "species": row["label"], "id": at}
        for at, row in enumerate(flowers)
    ]
    flat = {**dict.fromkeys(columns, np.float32), "species": species, "id": np.int64}
    store(data_dir, "flowers_flat", flat, {"train": named})

    diabetes = load_diabetes()
    patients = [
        {
            "features": dict(zip(diabetes.feature_names, x.astype(np.float32), strict=True)),
            "progression": np.float32(y),
        }
        for x, y in zip(diabetes.data, diabetes.target, strict=True)
    ]
    inputs = dict.fromkeys(diabetes.feature_names, np.float32)
    patient = {"features": inputs, "progression": np.float32}
    store(data_dir, "patients", patient, {"full": patients})
    _store_unfit(data_dir, kinds)
    return data_dir


def _store_unfit(data_dir: Path, kinds) -> None:
    two = kinds.ClassLabel(names=["no", "yes"])
    image = np.zeros((8, 8, 3), np.uint8)
    sets = {
        "clips": (
            {"video": kinds.Video(shape=(2, 8, 8, 3)), "label": two},
            {"video": np.zeros((2, 8, 8, 3), np.uint8), "label": 0},
        ),
        "boxes": (
            {
                "image": kinds.Image(),
                "objects": kinds.Sequence({"bbox": kinds.BBoxFeature(), "label": two}),
            },
            {"image": image, "objects": []},
        ),
        "reviews": (
            {"text": kinds.Text(), "stars": np.float32, "label": two},
            {"text": "good", "stars": 4.0, "label": 1},
        ),
        "sounds": (
            {"audio": kinds.Audio(), "label": two},
            {"audio": np.zeros(9, np.int64), "label": 1},
        ),
        "pairs": (
            {"left": kinds.Image(), "right": kinds.Image(), "label": two},
            {"left": image, "right": image, "label": 1},
        ),
        "two_labels": (
            {"image": kinds.Image(), "animal": two, "outdoors": two},
            {"image": image, "animal": 1, "outdoors": 0},
        ),
        "measured": ({"image": kinds.Image(), "age": np.float32}, {"image": image, "age": 3.5}),
        "unsplit": ({"image": kinds.Image(), "label": two}, {"image": image, "label": 1}),
        "gap": (
            {"x": kinds.Tensor(shape=(2,), dtype=np.float32), "label": two},
            {"x": np.array([1, np.nan], np.float32), "label": 1},
        ),
    }
    for name, (features, row) in sets.items():
        splits = ("odd", "even") if name == "unsplit" else ("train",)
        store(data_dir, name, features, {split: [row] * 3 for split in splits})
