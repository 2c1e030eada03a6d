import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from zoo import data, edge
from zoo.data.listing import SUFFIXES
from zoo.data.photos import Photos
from zoo.edge import decode
from zoo.errors import ZooError

SPLITS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def few_photos(photos_dir, tmp_path):
    """Twelve real photos of each class in a folder that may be changed."""
    folder = tmp_path / "few"
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        for photo in sorted((photos_dir / label).iterdir())[:12]:
            shutil.copyfile(photo, folder / label / photo.name)
    return folder


def encoded(dataset):
    return {
        split: [getattr(dataset, split).x.encoded(i) for i in range(len(getattr(dataset, split)))]
        for split in SPLITS
    }


def uniform_folder(folder, count, size=(8, 6)):
    """Write random PNGs and return {path inside the folder: pixels}."""
    random = np.random.default_rng(0)
    pixels = {}
    for label in ("a", "b"):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            image = random.integers(0, 256, (*size, 3), np.uint8)
            Image.fromarray(image).save(folder / label / f"{index}.png")
            pixels[f"{label}/{index}.png"] = image
    return pixels


def test_every_photo_is_in_one_split_with_its_label(photos_dir):
    dataset = data.load("photos", photos_dir)
    assert (dataset.kind, dataset.labels, dataset.skipped) == ("image", ("cat", "dog"), ())
    label_of = {
        path.read_bytes(): label
        for label, name in enumerate(dataset.labels)
        for path in (photos_dir / name).iterdir()
    }
    read = encoded(dataset)
    everything = [photo for split in SPLITS for photo in read[split]]
    assert sorted(everything) == sorted(label_of)
    for split in SPLITS:
        assert [label_of[photo] for photo in read[split]] == getattr(dataset, split).y.tolist()
    for label, name in enumerate(dataset.labels):
        total = len(list((photos_dir / name).iterdir()))
        for split, share in (("validation", 0.1), ("test", 0.2)):
            assert np.sum(getattr(dataset, split).y == label) == round(share * total)


def test_photos_of_different_sizes_are_decoded_when_asked_for(photos_dir):
    x = data.load("photos", photos_dir).test.x
    assert isinstance(x, Photos)
    photos = list(x)
    assert len({photo.shape for photo in photos}) > 1
    for index, photo in enumerate(photos):
        assert photo.dtype == np.uint8
        assert np.array_equal(photo, decode(x.encoded(index)))
    assert np.array_equal(x[-1], photos[-1])
    assert np.array_equal(x[np.int64(2)], photos[2])
    with pytest.raises(IndexError):
        x[len(x)]


def test_slices_and_index_arrays_of_photos_are_photos(photos_dir):
    x = data.load("photos", photos_dir).test.x
    for index in (slice(2, 9, 3), slice(None, None, -1), np.array([5, 1, 5])):
        part = x[index]
        assert isinstance(part, Photos)
        wanted = np.arange(len(x))[index]
        assert len(part) == len(wanted)
        for photo, position in zip(part, wanted, strict=True):
            assert np.array_equal(photo, x[int(position)])


def test_photos_of_one_size_are_one_memory_mapped_array(tmp_path):
    pixels = uniform_folder(tmp_path / "photos", 20)
    dataset = data.load("photos", tmp_path / "photos")
    found = []
    for split in (dataset.train, dataset.validation, dataset.test):
        assert split.x.shape == (len(split), 8, 6, 3)
        assert split.x.dtype == np.uint8
        assert not split.x.flags.writeable
        assert isinstance(split.x.base, np.memmap)
        found += [photo.tobytes() for photo in split.x]
    assert sorted(found) == sorted(image.tobytes() for image in pixels.values())


def test_one_photo_of_another_size_makes_them_a_sequence(tmp_path):
    pixels = uniform_folder(tmp_path / "photos", 10)
    odd = np.full((3, 5, 3), 7, np.uint8)
    Image.fromarray(odd).save(tmp_path / "photos" / "b" / "zzz.png")
    dataset = data.load("photos", tmp_path / "photos")
    found = [photo.tobytes() for split in SPLITS for photo in getattr(dataset, split).x]
    wanted = [image.tobytes() for image in (*pixels.values(), odd)]
    assert sorted(found) == sorted(wanted)


def test_fingerprint_and_order_do_not_depend_on_read_order(photos_dir, few_photos, tmp_path):
    copy = tmp_path / "copy"
    for photo in sorted(few_photos.rglob("*.jpg"), reverse=True):
        (copy / photo.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photo, copy / photo.parent.name / photo.name)
    first, second = data.load("photos", few_photos), data.load("photos", copy)
    assert first.fingerprint == second.fingerprint
    assert encoded(first) == encoded(second)
    assert first.fingerprint != data.load("photos", photos_dir).fingerprint


def test_fingerprint_knows_pixels_and_labels(tmp_path):
    folder = tmp_path / "photos"
    pixels = uniform_folder(folder, 6)
    before = data.load("photos", folder).fingerprint
    changed = pixels["a/3.png"].copy()
    changed[0, 0, 0] ^= 1
    Image.fromarray(changed).save(folder / "a" / "3.png")
    repainted = data.load("photos", folder).fingerprint
    Image.fromarray(pixels["a/3.png"]).save(folder / "a" / "3.png")
    assert data.load("photos", folder).fingerprint == before
    (folder / "b").rename(folder / "c")
    renamed = data.load("photos", folder).fingerprint
    assert len({before, repainted, renamed}) == 3


def test_a_new_photo_moves_at_most_one_into_each_split(photos_dir, tmp_path):
    folder = tmp_path / "photos"
    shutil.copytree(photos_dir, folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    new = folder / "dog" / "new.jpg"
    new.parent.chmod(0o755)
    before = encoded(data.load("photos", folder))
    Image.new("RGB", (30, 20)).save(new)
    after = encoded(data.load("photos", folder))
    for split in SPLITS:
        assert len(set(after[split]) - set(before[split]) - {new.read_bytes()}) <= 1


def test_corrupt_photos_are_skipped_and_named(few_photos):
    whole = data.load("photos", few_photos)
    cats = sorted((few_photos / "cat").iterdir())
    cats[0].write_bytes(cats[0].read_bytes()[: cats[0].stat().st_size // 2])
    cats[1].write_bytes(cats[1].read_bytes()[:100])
    cats[2].write_bytes(b"")
    (few_photos / "dog" / "notes.jpg").write_text("this is not a photo")
    dataset = data.load("photos", few_photos)
    damaged = tuple(f"cat/{path.name}" for path in cats[:3])
    assert dataset.skipped == (*damaged, "dog/notes.jpg")
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 21
    assert data.load("photos", few_photos).skipped == dataset.skipped
    assert dataset.fingerprint != whole.fingerprint


def test_nested_folders_other_formats_and_hidden_files(tmp_path):
    pixels = uniform_folder(tmp_path / "photos", 4)
    folder = tmp_path / "photos"
    extra = np.full((8, 6, 3), 200, np.uint8)
    (folder / "a" / "deep" / "er").mkdir(parents=True)
    for path in ("a/deep/er/x.BMP", "a/deep/y.webp", "b/z.gif", "b/w.JPEG"):
        options = {"lossless": True} if path.endswith("webp") else {}
        Image.fromarray(extra).save(folder / path, **options)
    (folder / "a" / "._0.png").write_bytes(b"resource fork")
    (folder / "a" / "readme.txt").write_text("not a photo")
    (folder / ".git").mkdir()
    (folder / "list.csv").write_text("not a class")
    dataset = data.load("photos", folder)
    assert dataset.labels == ("a", "b")
    assert dataset.skipped == ()
    assert sum(len(getattr(dataset, split)) for split in SPLITS) == len(pixels) + 4


@pytest.mark.parametrize("count", [3, 4, 5, 8])
def test_small_folders_have_every_class_in_every_split(tmp_path, count):
    uniform_folder(tmp_path / "photos", count)
    dataset = data.load("photos", tmp_path / "photos")
    for split in SPLITS:
        assert set(getattr(dataset, split).y) == {0, 1}
    assert sum(len(getattr(dataset, split)) for split in SPLITS) == 2 * count


def test_progress_counts_to_the_total(few_photos):
    calls = []
    data.load("photos", few_photos, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, 24) for done in range(1, 25)]


def test_missing_folder_is_reported():
    with pytest.raises(ZooError, match="data_dir"):
        data.load("photos")
    with pytest.raises(ZooError, match="no folder /no/such/place"):
        data.load("photos", "/no/such/place")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(ZooError, match="no folder"):
        data.load("photos", tmp_path / "photo.jpg")


def test_folder_without_two_classes_is_reported(tmp_path):
    with pytest.raises(ZooError, match="0 class folders, but at least 2"):
        data.load("photos", tmp_path)
    uniform_folder(tmp_path / "one", 5)
    shutil.rmtree(tmp_path / "one" / "b")
    with pytest.raises(ZooError, match="1 class folder, but at least 2"):
        data.load("photos", tmp_path / "one")


def test_class_without_photos_is_reported(tmp_path):
    uniform_folder(tmp_path, 5)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ZooError, match="empty has no photos"):
        data.load("photos", tmp_path)


def test_class_without_readable_photos_is_reported(tmp_path):
    uniform_folder(tmp_path, 5)
    for path in (tmp_path / "b").iterdir():
        path.write_text("not a photo")
    with pytest.raises(ZooError, match="b has no readable photos"):
        data.load("photos", tmp_path)


def test_class_with_too_few_photos_is_told_how_many(tmp_path):
    uniform_folder(tmp_path, 2)
    with pytest.raises(ZooError, match=r"a has 2 photos .* at least 3"):
        data.load("photos", tmp_path)


def split_folders(folder, splits, classes=("a", "b"), count=6):
    """Write different photos under SPLIT/CLASS/."""
    for seed, name in enumerate(splits):
        random = np.random.default_rng(seed)
        for label in classes:
            (folder / name / label).mkdir(parents=True)
            for index in range(count):
                image = random.integers(0, 256, (8, 6, 3), np.uint8)
                Image.fromarray(image).save(folder / name / label / f"{index}.png")
    return folder


def origins(folder, dataset):
    """Return split → the folders directly in `folder` its photos came from, and their number."""
    of = {np.asarray(Image.open(path)).tobytes(): path for path in folder.rglob("*.png")}
    found = {}
    for split in SPLITS:
        examples = getattr(dataset, split)
        paths = [of[photo.tobytes()].relative_to(folder) for photo in examples.x]
        assert [dataset.labels[y] for y in examples.y] == [path.parts[1] for path in paths]
        found[split] = ({path.parts[0] for path in paths}, len(paths))
    return found


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (
            ("train", "test"),
            {"train": ("train", 10), "validation": ("train", 2), "test": ("test", 12)},
        ),
        (
            ("train", "validation"),
            {"train": ("train", 10), "validation": ("validation", 12), "test": ("train", 2)},
        ),
        (
            ("Training", "val", "Testing"),
            {"train": ("Training", 12), "validation": ("val", 12), "test": ("Testing", 12)},
        ),
    ],
)
def test_folders_of_splits_are_the_splits(tmp_path, names, wanted):
    folder = split_folders(tmp_path / "photos", names)
    dataset = data.load("photos", folder)
    assert dataset.labels == ("a", "b")
    found = origins(folder, dataset)
    assert found == {split: ({name}, count) for split, (name, count) in wanted.items()}
    assert dataset.notes[0].startswith("The folders ")
    assert all(name in dataset.notes[0] for name in names)
    assert ("taken out of train" in dataset.notes[0]) == (len(names) == 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda folder: split_folders(folder, ["train", "test", "more"]),
            "and more, which is not a split",
        ),
        (lambda folder: split_folders(folder, ["train", "val", "valid"]), "two folders for one"),
        (lambda folder: split_folders(folder, ["val", "test"]), "but no train"),
        (lambda folder: split_folders(folder, ["train"]), "only one subfolder, train; give that"),
        (
            lambda folder: split_folders(folder, ["a", "b"], ["train", "test"]),
            "split folders inside a class",
        ),
        (
            lambda folder: shutil.rmtree(split_folders(folder, ["train", "test"]) / "test" / "b"),
            "the class b in train but not in test",
        ),
        (
            lambda folder: (
                uniform_folder(folder, 5)
                and [
                    (folder / old).rename(folder / new)
                    for old, new in (("a", "test"), ("b", "train"))
                ]
            ),
            "may be a split or a class",
        ),
    ],
)
def test_an_ambiguous_folder_is_refused_in_one_sentence(tmp_path, make, message):
    make(tmp_path / "photos")
    with pytest.raises(ZooError, match=message) as caught:
        data.load("photos", tmp_path / "photos")
    assert "\n" not in str(caught.value)


def test_a_class_named_train_is_a_class(tmp_path):
    uniform_folder(tmp_path / "photos", 5)
    (tmp_path / "photos" / "a").rename(tmp_path / "photos" / "train")
    dataset = data.load("photos", tmp_path / "photos")
    assert (dataset.labels, dataset.notes) == (("b", "train"), ())


def test_equal_photos_stay_together_and_are_reported(tmp_path):
    folder = tmp_path / "photos"
    uniform_folder(folder, 20)
    for index in range(15):
        shutil.copyfile(folder / "a" / f"{index}.png", folder / "a" / f"copy{index}.png")
    shutil.copyfile(folder / "a" / "19.png", folder / "b" / "also.png")
    dataset = data.load("photos", folder)
    content = {split: {x.tobytes() for x in getattr(dataset, split).x} for split in SPLITS}
    assert sum(len(photos) for photos in content.values()) == 40
    (note,) = dataset.notes
    assert note.startswith("16 photos have duplicates, 0 in more than one split, 1 under")
    assert "a/19.png" in note
    assert "b/also.png" in note
    assert data.load("photos", folder).notes == dataset.notes


def test_equal_photos_in_given_splits_are_reported(tmp_path):
    folder = split_folders(tmp_path / "photos", ["train", "test"])
    shutil.copyfile(folder / "train" / "a" / "1.png", folder / "test" / "a" / "x.png")
    message = data.load("photos", folder).notes[1]
    assert message.startswith("1 photo has duplicates, 1 in more than one split, 0 under")
    assert "test/a/x.png" in message
    assert "train/a/1.png" in message


def test_what_is_passed_over_is_counted_and_never_opened(tmp_path):
    folder = tmp_path / "photos"
    uniform_folder(folder, 5)
    for name in ("a/1.mp4", "a/2.MP4", "b/notes.txt", "b/none", "list.csv", "b/._1.png"):
        (folder / name).write_bytes(b"x")
    os.mkfifo(folder / "a" / "x.jpg")
    (folder / "b" / "null.jpg").symlink_to("/dev/null")
    (folder / "b" / "gone.png").symlink_to(folder / "nowhere")
    for name in ("loose.png", "other.png"):
        shutil.copyfile(folder / "a" / "1.png", folder / name)
    dataset = data.load("photos", folder)
    assert sum(len(getattr(dataset, split)) for split in SPLITS) == 10
    (note,) = dataset.notes
    assert note == (
        "Ignored 10 files: 1 .csv, 2 .mp4, 1 .txt, 1 broken link, 1 device, "
        "2 photos outside of class folders, 1 pipe, 1 without a suffix."
    )


def test_heic_is_read_only_where_its_package_is(tmp_path):
    folder = tmp_path / "photos"
    uniform_folder(folder, 5)
    for name in ("a/1.heic", "a/2.HEIC", "b/3.HIF"):
        (folder / name).write_bytes(b"x")
    # As on a machine without the package.
    code = (
        "import sys; sys.modules['pillow_heif'] = None; from zoo import data;"
        "print(*data.load('photos', sys.argv[1]).notes)"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True)
    assert done.stdout == (
        "Ignored 3 files: 2 .heic (install pillow-heif to read them), "
        "1 .hif (install pillow-heif to read it).\n"
    ), done.stderr


def test_heic_photos_are_read(photos_dir, tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    uniform_folder(tmp_path / "photos", 5)
    photo = Image.open(photos_dir / "cat" / "1.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "photos" / "a" / "cat.HEIC"
    pillow_heif.from_pillow(photo).save(path, quality=95, exif=exif.tobytes())
    pixels = decode(path.read_bytes())
    assert pixels.shape == (photo.width, photo.height, 3)
    turned = np.asarray(photo.transpose(Image.Transpose.ROTATE_270), int)
    assert np.abs(pixels - turned).mean() < 6
    dataset = data.load("photos", tmp_path / "photos")
    assert (dataset.skipped, dataset.notes) == ((), ())
    assert sum(len(getattr(dataset, split)) for split in SPLITS) == 11


def test_every_format_of_photos_is_taken(tmp_path):
    uniform_folder(tmp_path / "photos", 5)
    names = ("1.tif", "2.TIFF", "3.avif", "4.jfif", "5.mpo", "6.bmp", "7.gif", "8.webp", "9.JPG")
    for level, name in enumerate(names):
        image = Image.new("RGB", (6, 8), (20 * level, 9, 7))
        kind = {"4": "JPEG"}.get(name[0])
        image.save(tmp_path / "photos" / "a" / name, kind)
    dataset = data.load("photos", tmp_path / "photos")
    assert (dataset.skipped, dataset.notes) == ((), ())
    assert sum(len(getattr(dataset, split)) for split in SPLITS) == 10 + len(names)


@pytest.mark.parametrize("name", [b"caf\xe9.png", "Kätzchen $5.png".encode(), b"a\nb.png"])
def test_file_names_of_any_bytes_work(tmp_path, name):
    folder = tmp_path / "photos"
    uniform_folder(folder, 5)
    (folder / "a" / "1.png").rename(folder / "a" / os.fsdecode(name))
    (folder / "b" / f"bad{os.fsdecode(name)}").write_bytes(b"no photo")
    dataset = data.load("photos", folder)
    assert sum(len(getattr(dataset, split)) for split in SPLITS) == 10
    (skipped,) = dataset.skipped
    assert skipped.isprintable()
    assert skipped.encode().startswith(b"b/bad")
    assert data.load("photos", folder).skipped == dataset.skipped


@pytest.mark.parametrize(
    "name", [b"caf\xe9", b"a\nb", "x\u2028y".encode(), b"x\x0by", b" a", b"\x1b[31m"]
)
@pytest.mark.parametrize("split", ["", "train"])
def test_class_names_that_are_not_one_printable_line_are_refused(tmp_path, name, split):
    folder = tmp_path / "photos"
    if split:
        split_folders(folder, ["train", "test"])
    else:
        uniform_folder(folder, 5)
    (folder / split / "a").rename(folder / split / os.fsdecode(name))
    with pytest.raises(ZooError, match="has a class name that") as caught:
        data.load("photos", folder)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("where", ["a", "a/deep", "."])
def test_a_folder_without_permission_is_reported(tmp_path, where):
    folder = tmp_path / "photos"
    uniform_folder(folder, 5)
    (folder / "a" / "deep").mkdir()
    code = (
        "import os, sys\nfrom zoo import data, errors\nos.setuid(65534)\n"
        "try: data.load('photos', sys.argv[1])\nexcept errors.ZooError as error: print(error)"
    )
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    tmp_path.chmod(0o755)
    (folder / where).chmod(0)
    if os.access(folder / where, os.R_OK) and os.getuid():
        pytest.skip("this user may read everything")
    if os.getuid():
        code = code.replace("os.setuid(65534)", "")
    try:
        result = subprocess.run(
            [sys.executable, "-c", code, str(folder)], capture_output=True, text=True
        )
    finally:
        (folder / where).chmod(0o755)
    assert result.stderr == ""
    assert "cannot be read (Permission denied)" in result.stdout


@pytest.mark.parametrize("split", ["", "train"])
def test_a_class_may_be_a_link_and_no_link_below_is_followed(tmp_path, split):
    folder = tmp_path / "photos"
    if split:
        split_folders(folder, ["train", "test"])
    else:
        uniform_folder(folder, 6)
    whole = data.load("photos", folder)
    (folder / split / "a").rename(tmp_path / "elsewhere")
    (folder / split / "a").symlink_to(tmp_path / "elsewhere")
    (folder / split / "b" / "loop").symlink_to(folder)
    linked = data.load("photos", folder)
    assert linked.fingerprint == whole.fingerprint
    assert linked.notes[-1] == "Ignored 1 file: 1 link to a folder."


def test_every_format_that_can_be_decoded_is_found_by_its_suffix():
    formats = Image.registered_extensions()
    assert {formats[suffix] for suffix in SUFFIXES} - {"MPO"} == set(edge.PHOTO_FORMATS)
