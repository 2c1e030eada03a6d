import os
import shutil
import subprocess
import sys

import pytest
from PIL import Image

from zoo import data


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
        ("train.[p]*", truncate),
        ("test.[p]*", lengthen),
        ("validation.[p]*", os.remove),
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
    kept = {path.name for path in (cache / "photos").iterdir() if path.is_dir()}
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


def test_an_empty_cache_has_no_size(cache):
    assert (data.cache.size(), data.cache.clear()) == (0, 0)
