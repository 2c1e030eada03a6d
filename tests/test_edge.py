"""The edge runtime on shipped bundles: what it answers, and what it refuses."""

import ast
import io
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo import edge
from zoo.shipped import find_bundle


@pytest.fixture(scope="module")
def cat_dog():
    return edge.load(find_bundle("linear_cat_dog"))


@pytest.fixture(scope="module")
def photos(photos_dir):
    return sorted(photos_dir.rglob("*.jpg"))[::12]


@pytest.fixture
def bundle(tmp_path):
    """A copy of a shipped bundle, to be damaged."""
    return shutil.copytree(find_bundle("xor_mlp"), tmp_path / "bundle")


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def test_a_photo_answers_the_same_however_it_is_given(cat_dog, photos):
    path = photos[0]
    with Image.open(path) as image:
        image.load()
    expected = cat_dog.predict(path)
    for given in (
        str(path),
        path.read_bytes(),
        image,
        edge.decode(path),
        io.BytesIO(path.read_bytes()),
    ):
        label, score = cat_dog.predict(given)
        assert (label, score) == (expected.label, expected.score)
    assert expected.label == ("dog" if expected.score >= 0 else "cat")
    assert expected.latency > 0
    assert expected.scores.shape == (1,)


def test_batches_and_streams_answer_as_single_frames_do(cat_dog, photos):
    one_by_one = [cat_dog.predict(path).score for path in photos]
    batch = [prediction.score for prediction in cat_dog.predict_batch(photos + photos)]
    np.testing.assert_allclose(batch, one_by_one + one_by_one, atol=1e-6)
    assert [score for _, score in cat_dog.stream(iter(photos))] == one_by_one
    assert cat_dog.predict_batch([]) == []


def test_argmax_models_answer_with_the_winning_label(photos):
    model = edge.load(find_bundle("deep_relu"), threads=2)
    for path in photos:
        prediction = model.predict(path)
        assert prediction.label == model.labels[int(np.argmax(prediction.scores))]
        assert prediction.score == pytest.approx(float(max(prediction.scores)))
        assert float(sum(prediction.scores)) == pytest.approx(1, abs=1e-5)


def test_threads_take_turns_and_get_their_own_answers(cat_dog, photos):
    frames = [edge.decode(path) for path in photos]
    expected = [cat_dog.predict(frame).score for frame in frames]
    wrong = []

    def ask(index):
        for _ in range(20):
            if cat_dog.predict(frames[index]).score != expected[index]:
                wrong.append(index)

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(frames))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_gray_frames_count_as_photos(cat_dog):
    gray = np.full((30, 40), 200, "uint8")
    assert cat_dog.predict(gray).score == cat_dog.predict(np.stack([gray] * 3, axis=2)).score


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3), "float32"),
        np.zeros((4, 4, 4), "uint8"),
        np.zeros((0, 4, 3), "uint8"),
        np.zeros(4, "uint8"),
    ],
)
def test_arrays_that_are_no_photos_are_refused(cat_dog, array):
    with pytest.raises(edge.InputError, match="a photo is uint8"):
        cat_dog.predict(array)


@pytest.mark.parametrize("x", [[1.0], [1, 2, 3], [np.nan, 0], [np.inf, 0], "ab", [[0, 1]]])
def test_numbers_that_do_not_fit_are_refused(x):
    with pytest.raises(edge.InputError):
        edge.load(find_bundle("xor_mlp")).predict(x)


def test_every_kind_of_photo_becomes_eight_bit_rgb(tmp_path):
    ramp = np.linspace(0, 65535, 16 * 16).reshape(16, 16).astype("uint16")
    deep = edge.decode(encoded(Image.fromarray(ramp)))
    np.testing.assert_allclose(deep[:, :, 0], ramp / 257, atol=0.51)
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert edge.decode(encoded(clear)).min() == 255
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 10, 200, 30])
    assert edge.decode(encoded(palette))[0, 0].tolist() == [10, 200, 30]
    for mode in ("L", "1", "CMYK", "LA", "YCbCr"):
        kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
        pixels = edge.decode(encoded(Image.new(mode, (6, 5)), kind))
        assert pixels.shape == (5, 6, 3)
        assert pixels.dtype == np.uint8
    frames = [Image.new("RGB", (3, 3), colour) for colour in ("red", "blue")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert edge.decode(moving)[0, 0].tolist() == [255, 0, 0]


def test_exif_orientation_is_honoured():
    image = Image.fromarray(np.arange(12, dtype="uint8").reshape(3, 4) * 20)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = edge.decode(encoded(image, exif=exif))
    np.testing.assert_array_equal(turned, np.rot90(edge.decode(encoded(image)), -1))


def test_what_is_no_photo_is_refused_in_one_sentence(tmp_path, monkeypatch):
    text = tmp_path / "text.jpg"
    text.write_text("no photo")
    empty = tmp_path / "empty.png"
    empty.touch()
    for given in (text, empty, tmp_path, tmp_path / "missing.jpg", 5):
        with pytest.raises(edge.InputError) as caught:
            edge.decode(given)
        assert "\n" not in str(caught.value)
    monkeypatch.setattr(edge, "MAX_PHOTO_PIXELS", 99)
    with pytest.raises(edge.InputError, match="10 × 10 pixels"):
        edge.decode(encoded(Image.new("L", (10, 10))))
    monkeypatch.setattr(edge, "MAX_PHOTO_BYTES", 10)
    with pytest.raises(edge.InputError, match="larger than 10 bytes"):
        edge.decode(encoded(Image.new("L", (10, 10))))


def test_damaged_photos_are_refused_or_decoded_and_never_crash(photos):
    random = np.random.default_rng(0)
    refused = []
    for trial in range(200):
        content = bytearray(photos[trial % len(photos)].read_bytes())
        if trial % 2:
            content = content[: random.integers(0, len(content))]
        for at in random.integers(0, max(1, len(content)), 12):
            if len(content):
                content[at] = random.integers(0, 256)
        try:
            pixels = edge.decode(bytes(content))
        except edge.InputError as error:
            refused.append(str(error))
        else:
            assert pixels.dtype == np.uint8
            assert pixels.shape[2] == 3
    assert len(refused) > 50
    assert not any("\n" in sentence for sentence in refused)


def edited(bundle, **changes):
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    for dotted, value in changes.items():
        *parents, last = dotted.split("__")
        place = manifest
        for parent in parents:
            place = place[parent]
        place[last] = value
    manifest["sha256"] = edge.manifest_digest(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 1}, "format"),
        ({"name": ""}, "name"),
        ({"labels": ["0"]}, "labels"),
        ({"labels": ["0", "2"]}, "labels.txt"),
        ({"artifacts": []}, "artifacts"),
        ({"input__kind": "sound"}, "neither image nor vector"),
        ({"input__shape": [None, 10**9]}, "input shape"),
        ({"input__shape": [None, 3]}, "not what its manifest says"),
        ({"input__dtype": "int64"}, "input type"),
        ({"output__decision": "coin"}, "decided"),
        ({"output__threshold": "high"}, "threshold"),
        ({"artifacts__float32__file": "../float32.tflite"}, "leaves the bundle"),
        ({"artifacts__float32__file": "/etc/x.tflite"}, "leaves the bundle"),
        ({"artifacts__float32__file": "other.tflite"}, "cannot be read"),
        ({"artifacts__float32__bytes": 5}, "bytes"),
        ({"artifacts__float32__sha256": "0" * 64}, "sha256"),
    ],
)
def test_an_edited_manifest_is_refused(bundle, changes, told):
    edited(bundle, **changes)
    with pytest.raises(edge.BundleError, match=told) as caught:
        edge.load(bundle)
    assert "\n" not in str(caught.value)


def test_a_changed_digit_of_the_threshold_is_found(bundle):
    path = bundle / "manifest.json"
    path.write_text(path.read_text().replace('"threshold": 0.5', '"threshold": 0.7'))
    with pytest.raises(edge.BundleError, match="not as it was written"):
        edge.load(bundle)


def test_a_link_out_of_the_bundle_is_refused(bundle, tmp_path):
    outside = tmp_path / "outside.tflite"
    (bundle / "float32.tflite").rename(outside)
    (bundle / "float32.tflite").symlink_to(outside)
    with pytest.raises(edge.BundleError, match="leaves the bundle"):
        edge.load(bundle)


def test_damaged_bundles_never_answer_wrongly(bundle):
    random = np.random.default_rng(1)
    expected = [edge.load(bundle).predict(x).score for x in ([0, 1], [1, 1])]
    refused = 0
    for trial in range(300):
        path = bundle / ("float32.tflite", "manifest.json", "labels.txt")[trial % 3]
        whole = path.read_bytes()
        content = bytearray(whole)
        if trial % 4 == 3:
            content = content[: random.integers(0, len(content))]
        else:
            content[random.integers(0, len(content))] ^= 1 << random.integers(0, 8)
        path.write_bytes(content)
        try:
            model = edge.load(bundle)
        except edge.BundleError:
            refused += 1
        else:
            # A byte of a description or a line's end: the contract itself is whole.
            assert path.name != "float32.tflite"
            assert [model.predict(x).score for x in ([0, 1], [1, 1])] == expected
        path.write_bytes(whole)
    assert refused > 150


def test_the_file_is_python_3_8_and_imports_nothing_of_the_package(tmp_path):
    source = Path(edge.__file__).read_text(encoding="utf-8")
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source, feature_version=(3, 8)))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert "zoo" not in imported
    assert imported & {"tensorflow", "keras"} == set()


def test_a_bundle_s_own_program_answers_and_refuses(bundle):
    def predict(*words):
        return subprocess.run(
            [sys.executable, "-I", bundle / "predict.py", *words], capture_output=True, text=True
        )

    assert predict("0", "1").stdout.startswith("0 1: 1 (")
    assert len(predict("-1,2", "0,0").stdout.splitlines()) == 2
    assert predict("-1", "2").returncode == 0
    answer = json.loads(predict("1", "1", "--json").stdout)
    assert answer["label"] == "0"
    refused = predict("one", "two")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: ")
    assert len(refused.stderr.splitlines()) == 1
    for words in (["0", "1", "--threads", "x"], ["0", "1", "--threads", "100000"], ["0", "1e300"]):
        refused = predict(*words)
        assert refused.returncode == 2
        assert refused.stderr.startswith("error: ")
        assert len(refused.stderr.splitlines()) == 1, refused.stderr


def test_a_photo_whose_name_is_a_number_is_a_photo(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "1", format="PNG")
    program = find_bundle("linear_cat_dog") / "predict.py"
    words = [sys.executable, "-I", program, "1"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.startswith("1: "), done.stderr


def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, "/dev/zero"):
        with pytest.raises(edge.InputError, match="is no file"):
            edge.decode(path)
