import contextlib
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from zoo import data
from zoo.data.store import PixelFile
from zoo.errors import ZooError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("ZOO_CACHE_DIR", str(folder))
    return folder


@pytest.fixture(params=["of one size", "of different sizes"])
def folder(request, photos_dir, tmp_path):
    """Real photos, resized to one size or not, in a folder that may be changed."""
    folder = tmp_path / "photos"
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        for path in sorted((photos_dir / label).iterdir())[:15]:
            if request.param == "of one size":
                Image.open(path).resize((40, 30)).save(folder / label / f"{path.stem}.png")
            else:
                shutil.copyfile(path, folder / label / path.name)
    return folder


def load(folder):
    """Return the data set's content and how many photos were decoded for it."""
    calls = []
    dataset = data.load("photos", folder, progress=lambda done, total: calls.append(done))
    splits = (dataset.train, dataset.validation, dataset.test)
    content = [[photo.tobytes() for photo in split.x] + split.y.tolist() for split in splits]
    return (dataset.fingerprint, dataset.labels, content), len(calls)


def stored(cache, pattern):
    return next(path for path in sorted(cache.rglob(pattern)) if path.is_file())


def truncate(path):
    path.write_bytes(path.read_bytes()[:-2])


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"x")


def scramble(path):
    content = bytearray(path.read_bytes())
    content[-8] ^= 0xFF
    path.write_bytes(content)


def rewrite(path):
    path.write_text("{}")


def nest(path):
    path.write_text("[" * 100_000)


def test_second_load_decodes_nothing_and_gives_the_same(cache, folder):
    first, decoded = load(folder)
    assert decoded == 30
    assert load(folder) == (first, 0)


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [
        ("photos.[ep]*", truncate),
        ("photos.[ep]*", lengthen),
        ("photos.[ep]*", os.remove),
        ("validation.[pt]*.npy", os.remove),
        ("train.targets.npy", scramble),
        ("test.targets.npy", truncate),
        ("meta.json", truncate),
        ("meta.json", rewrite),
        ("meta.json", os.remove),
        ("meta.json", nest),
        ("photos/*.json", nest),
        ("photos/*.json", rewrite),
        ("photos/*.json", truncate),
        ("photos/*.json", os.remove),
    ],
)
def test_damage_is_noticed_and_repaired(cache, folder, pattern, damage):
    first, _ = load(folder)
    damage(stored(cache, pattern))
    assert load(folder) == (first, 30)
    assert load(folder) == (first, 0)


def test_a_changed_source_is_decoded_again(cache, folder):
    first, _ = load(folder)
    photo = next((folder / "dog").iterdir())
    status = photo.stat()
    os.utime(photo, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert load(folder) == (first, 30)
    photo.unlink()
    changed, decoded = load(folder)
    assert decoded == 29
    assert changed[0] != first[0]


def test_nothing_half_written_is_left(cache, folder):
    load(folder)
    names = {path.name for path in cache.rglob("*") if path.is_file()}
    assert "meta.json" in names
    assert not any(name.startswith((".", "spool")) for name in names)
    assert not list((cache / "photos").glob(".*"))


def test_a_failed_build_leaves_nothing(cache, folder):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        data.load("photos", folder, progress=interrupt)
    assert list((cache / "photos").iterdir()) == []


def test_unwritable_cache_is_told_once_and_done_without(folder, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "good"))
    first, _ = load(folder)
    (tmp_path / "file").write_text("a file is not a folder")
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert load(folder) == (first, 30)
    assert load(folder) == (first, 30)
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert warnings[0].name == "zoo"
    assert "ZOO_CACHE_DIR" in warnings[0].getMessage()


def test_where_the_cache_is(folder, tmp_path, monkeypatch):
    monkeypatch.delenv("ZOO_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    load(folder)
    assert (tmp_path / "xdg" / "lecture-zoo" / "photos").is_dir()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    load(folder)
    assert (tmp_path / "home" / ".cache" / "lecture-zoo" / "photos").is_dir()


def test_several_processes_may_build_the_same_entry(cache, folder):
    code = (
        "import sys; from zoo import data; dataset = data.load('photos', sys.argv[1]);"
        "print(dataset.fingerprint, sum(int(photo.sum()) for photo in dataset.train.x))"
    )
    command = [sys.executable, "-c", code, str(folder)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    results = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, results
    assert len({printed for printed, _ in results}) == 1
    assert load(folder)[1] == 0
    assert not list((cache / "photos").glob(".*"))


def test_the_entry_of_an_older_state_is_removed(cache, folder):
    first, _ = load(folder)
    other = folder.parent / "other"
    shutil.copytree(folder, other, copy_function=shutil.copyfile)
    assert load(other)[0] == first
    photo = next((folder / "dog").iterdir())
    content = photo.read_bytes()
    photo.unlink()
    changed, _ = load(folder)
    kept = {path.name[:16] for path in (cache / "photos").iterdir() if path.is_dir()}
    # The folder elsewhere still has the first content.
    assert kept == {first[0], changed[0]}
    assert load(other) == (first, 0)
    shutil.rmtree(other / "cat")
    shutil.copytree(folder / "cat", other / "cat")
    (other / "dog" / photo.name).unlink()
    load(other)
    photo.write_bytes(content)
    load(folder)
    assert len(list((cache / "photos").glob("*.json"))) == 2


def test_clearing_removes_what_is_kept_and_nothing_else(cache, folder, run_zoo):
    first, _ = load(folder)
    (cache / "thesis.txt").write_text("mine")
    (cache / "photos" / "holiday.json").write_text("mine")
    building = cache / "photos" / ".building-1-abcdef12"
    building.mkdir()
    taken = data.cache.size()
    assert taken == sum(
        path.stat().st_size for path in cache.rglob("*") if path.is_file()
    ) - 2 * len("mine")
    done = run_zoo("data", "clear")
    assert done.returncode == 0
    assert f"Removed {taken / 1e6:,.1f} MB" in done.stdout
    left = {path.name for path in cache.rglob("*")}
    assert left == {"thesis.txt", "photos", "holiday.json", building.name}
    assert (data.cache.size(), data.cache.clear()) == (0, 0)
    assert load(folder) == (first, 30)


def test_a_name_that_is_no_data_set_is_refused_while_nothing_is_cached(
    run_zoo, monkeypatch, tmp_path
):
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path))
    assert "Removed 0.0 MB" in run_zoo("data", "clear", "cifar10").stdout
    refused = run_zoo("data", "clear", "nope")
    assert refused.returncode == 2
    assert "There is no data set 'nope'" in refused.stderr


def test_an_empty_cache_has_no_size(cache):
    assert (data.cache.size(), data.cache.clear()) == (0, 0)


@given(st.permutations(range(9)), st.integers(0, 9))
def test_photos_are_moved_within_their_file(tmp_path_factory, order, kept):
    folder = tmp_path_factory.mktemp("moved")
    photos = np.arange(9 * 6, dtype=np.uint8).reshape(9, 2, 1, 3)
    file = PixelFile(folder, (2, 1, 3), 9)
    for position in np.argsort(photos[:, 0, 0, 0]):
        file.write(int(position), photos[position])
    file.arrange(order[:kept])
    file.close()
    (path,) = folder.iterdir()
    assert path.read_bytes() == photos[list(order[:kept])].tobytes()


def test_every_photo_is_written_once(cache, folder):
    load(folder)
    (entry,) = [path for path in (cache / "photos").iterdir() if path.is_dir()]
    photos = [path for path in folder.rglob("*") if path.is_file()]
    pixels = sum(np.asarray(Image.open(path)).nbytes for path in photos)
    (kept,) = entry.glob("photos.*")
    if kept.suffix == ".pixels":
        assert kept.stat().st_size == pixels == 30 * 40 * 30 * 3
    else:
        assert kept.stat().st_size == sum(path.stat().st_size for path in photos) < pixels


def test_a_rotated_photo_makes_them_photos_of_different_sizes(cache, folder):
    photo = sorted((folder / "dog").iterdir())[-1]
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(photo).save(photo, exif=exif)
    dataset = data.load("photos", folder)
    shapes = {
        x.shape for split in (dataset.train, dataset.test, dataset.validation) for x in split.x
    }
    assert len(shapes) > 1
    assert len(list(cache.rglob("photos.*"))) == 1


@pytest.fixture
def small_disk(tmp_path):
    """Return a function that mounts a file system of so many KiB, or none if not allowed to."""
    with contextlib.ExitStack() as mounted:

        def mount(kibibytes):
            disk = tmp_path / "disk"
            disk.mkdir()
            words = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", disk]
            done = subprocess.run(words, capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"mounting a small disk needs root: {done.stderr.strip()}")
            mounted.callback(subprocess.run, ["umount", disk], check=True)
            return disk

        yield mount


def test_a_full_disk_is_told_before_anything_is_decoded(small_disk, folder, monkeypatch):
    disk = small_disk(64)
    monkeypatch.setenv("ZOO_CACHE_DIR", str(disk))
    calls = []
    with pytest.raises(ZooError) as caught:
        data.load("photos", folder, progress=lambda done, total: calls.append(done))
    assert calls == []
    message = str(caught.value)
    assert message.startswith("The 30 photos of photos need ")
    assert f"and {disk} has 0.1 MB free; free some space, or set ZOO_CACHE_DIR" in message
    assert [path for path in disk.rglob("*") if path.is_file()] == []


def test_a_disk_that_becomes_full_keeps_nothing(small_disk, folder, monkeypatch):
    disk = small_disk(8192)
    monkeypatch.setenv("ZOO_CACHE_DIR", str(disk))

    def fill(done, total):
        with contextlib.suppress(OSError), (disk / "other").open("ab", buffering=0) as other:
            while other.write(bytes(4096)):
                pass

    with pytest.raises(ZooError, match="ZOO_CACHE_DIR") as caught:
        data.load("photos", folder, progress=fill)
    assert "\n" not in str(caught.value)
    assert [path.name for path in disk.rglob("*") if path.is_file()] == ["other"]
    (disk / "other").unlink()
    assert load(folder)[1] == 30


def test_of_two_folders_of_one_name_the_one_that_is_named_is_cleared(cache, folder, run_zoo):
    (folder.parent / "other").mkdir()
    moved = shutil.copytree(folder, folder.parent / "other" / folder.name)
    Image.new("RGB", (8, 8)).save(moved / "cat" / "new.png")
    for place in (folder, moved):
        assert data.load(f"photos:{place}").name == "photos:photos"
    both = data.cache.sizes()["photos:photos"]
    done = run_zoo("data", "clear", "photos:other/photos", cwd=folder.parent)
    assert "of photos:other/photos from" in done.stdout
    assert 0 < data.cache.sizes()["photos:photos"] < both
    decoded = []
    data.load(f"photos:{folder}", progress=lambda done, total: decoded.append(done))
    assert not decoded
    run_zoo("data", "clear", "photos:photos", cwd=folder)
    assert data.cache.sizes() == {}


def test_the_cache_is_cleared_by_name(cache, folder, run_zoo):
    load(folder)
    own = data.load(f"photos:{folder}")
    shutil.copytree(folder, folder.parent / "täg: 1", copy_function=shutil.copyfile)
    other = data.load(f"photos:{folder.parent / 'täg: 1'}")
    assert (own.name, other.name) == ("photos:photos", "photos:täg: 1")
    names = [path.name for path in cache.rglob("*")]
    assert all(name.isascii() and ":" not in name and " " not in name for name in names)
    sizes = data.cache.sizes()
    assert set(sizes) == {"photos", own.name, other.name}
    assert sum(sizes.values()) == data.cache.size()
    listed = run_zoo("data", "list").stdout
    assert all(f"{size / 1e6:,.1f} MB" in listed for size in sizes.values())
    assert other.name in listed
    done = run_zoo("data", "clear", other.name)
    assert f"Removed {sizes[other.name] / 1e6:,.1f} MB" in done.stdout
    assert set(data.cache.sizes()) == {"photos", own.name}
    done = run_zoo("data", "clear", "photos:gone")
    assert done.returncode == 2
    assert "photos:photos" in done.stderr
    done = run_zoo("data", "clear", "photos:e/dog")
    assert done.returncode == 2
    assert "'photos:e/dog'" in done.stderr
    assert load(folder)[1] == 0
