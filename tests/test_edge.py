"""The edge runtime on shipped bundles: what it answers, and what it refuses."""

import ast
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from benchmarks.edge import peak_memory
from PIL import Image, ImageOps
from shipped_files import SHIPPED_FILES

from zoo import edge
from zoo.bundles.shipped import find_bundle


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
    ("changes", "message"),
    [
        ({"format": 1}, "format"),
        ({"name": ""}, "name"),
        ({"labels": ["0"]}, "labels"),
        ({"labels": ["0", "2"]}, "labels.txt"),
        ({"artifacts": []}, "artifacts"),
        ({"input__kind": "sound"}, "neither image nor vector"),
        ({"input__shape": [None, 10**9]}, "input shape"),
        ({"input__shape": [None, 3]}, "does not match its manifest"),
        ({"input__dtype": "int64"}, "input type"),
        ({"output__decision": "coin"}, "decision"),
        ({"output__threshold": "high"}, "threshold"),
        ({"artifacts__float32__file": "../float32.tflite"}, "leaves the bundle"),
        ({"artifacts__float32__file": "/etc/x.tflite"}, "leaves the bundle"),
        ({"artifacts__float32__bytes": 5}, "bytes"),
        ({"artifacts__float32__sha256": "0" * 64}, "sha256"),
    ],
)
def test_an_edited_manifest_is_refused(bundle, changes, message):
    edited(bundle, **changes)
    with pytest.raises(edge.BundleError, match=message) as caught:
        edge.load(bundle)
    assert "\n" not in str(caught.value)


def test_a_changed_digit_of_the_threshold_is_found(bundle):
    path = bundle / "manifest.json"
    path.write_text(path.read_text().replace('"threshold": 0.5', '"threshold": 0.7'))
    with pytest.raises(edge.BundleError, match="changed after the export"):
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
        with pytest.raises(edge.InputError, match="not a regular file"):
            edge.decode(path)


IMAGE_FILES = [
    (name, kind)
    for name, kind in SHIPPED_FILES
    if edge.read_manifest(find_bundle(name))["input"]["kind"] == "image"
]


def enlarged(path, megapixels):
    """A real photo at another size, with sides that nothing divides."""
    with Image.open(path) as image:
        image = image.convert("RGB")
    ratio = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
    size = (int(image.width * ratio) | 1, int(image.height * ratio) | 1)
    return image.resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="module", params=[3, pytest.param(12, marks=pytest.mark.slow)])
def large(photos, request):
    """The bytes of a large JPEG file, and what its pixels are at their full size."""
    content = encoded(enlarged(photos[3], request.param), "JPEG", quality=92)
    return content, edge.decode(content)


@pytest.mark.parametrize(("name", "kind"), IMAGE_FILES)
def test_a_large_photo_is_answered_as_at_its_full_size(name, kind, large):
    content, pixels = large
    model = edge.load(find_bundle(name), kind)
    whole = model.raw(pixels[None])[0]
    # What an int8 file answers moves by steps of 1/256 of its range: 0…1 for probabilities, up to 2
    # for coordinates.
    step = 4e-3 if model.labels else 8e-3
    bound = step if kind == "int8" else 1e-3
    for given in (content, io.BytesIO(content), pixels, Image.fromarray(pixels)):
        prediction = model.predict(given)
        np.testing.assert_allclose(prediction.scores, whole, atol=bound)
        assert prediction.label == model._decide(whole, 0).label
    assert max(model._shape) <= edge.PREDICTED_SIDE
    assert np.prod(model._shape) <= 3 * edge.PREDICTED_PIXELS


def test_a_photo_up_to_the_limit_is_not_changed(photos):
    for size in ((1024, 1024), (4096, 256), (2, 4096)):
        content = encoded(enlarged(photos[0], 1).resize(size), "JPEG")
        pixels, own = edge.read_photo(content)
        np.testing.assert_array_equal(pixels, edge.decode(content))
        assert own == pixels.shape[:2] == size[::-1]


def test_a_frame_that_is_large_is_filled_from_enough_pixels(photos):
    content = encoded(enlarged(photos[0], 9), "JPEG")
    for frame in ((1500, 100), (20, 1200)):
        pixels, own = edge.read_photo(content, frame)
        assert all(
            side >= min(2 * wanted, most)
            for side, wanted, most in zip(pixels.shape, frame, own, strict=False)
        )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_large_photo_is_turned_as_a_small_one_is(orientation, photos):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = enlarged(photos[5], 2)
    content = encoded(image, "JPEG", quality=95, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
    np.testing.assert_array_equal(edge.decode(content), np.asarray(expected))
    pixels, own = edge.read_photo(content)
    assert own == expected.size[::-1]
    small = expected.resize(pixels.shape[1::-1], Image.Resampling.BILINEAR)
    assert np.abs(pixels.astype(int) - np.asarray(small)).mean() < 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "CMYK", "I;16"])
def test_a_large_photo_of_any_kind_is_laid_on_white_in_parts(mode, photos):
    image = enlarged(photos[7], 3)
    if mode in ("RGBA", "LA"):
        image = image.convert(mode)
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    elif mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    content = encoded(image, "TIFF" if mode == "CMYK" else "PNG")
    whole = Image.fromarray(edge.decode(content))
    pixels, _ = edge.read_photo(content)
    expected = np.asarray(whole.resize(pixels.shape[1::-1], Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(pixels - expected).max() <= 40
    assert np.abs(pixels - expected).mean() < 0.6


@pytest.mark.parametrize(
    "case",
    ["rgba.png", "stored_sideways_exif_6.jpg", "int32_0_to_255.tif", "8000x6250_in_158_kB.png"],
)
def test_a_case_is_answered_as_pillow_s_pixels_are(case, cases_dir, cat_dog):
    path = cases_dir / case
    with Image.open(path) as image:
        image = ImageOps.exif_transpose(image)
        if "A" in image.mode:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image.convert("RGBA"))
        pixels = np.asarray(image.convert("L") if image.mode == "I" else image)
    if image.mode == "I":
        pixels = np.stack([pixels] * 3, axis=2)
    expected = cat_dog.predict(pixels[:, :, :3])
    for given in (path, path.read_bytes(), path.open("rb"), Image.open(path)):
        found = cat_dog.predict(given)
        given.close() if hasattr(given, "close") else None
        assert found.label == expected.label
        assert found.score == pytest.approx(expected.score, abs=1e-6)


@pytest.mark.parametrize("case", ["truncated.jpg", "no_end_marker.jpg"])
def test_a_truncated_case_is_refused_however_it_is_given(case, cases_dir, cat_dog):
    path = cases_dir / case
    for given in (path, path.read_bytes(), path.open("rb"), Image.open(path)):
        with pytest.raises(edge.InputError, match="truncated") as caught:
            cat_dog.predict(given)
        given.close() if hasattr(given, "close") else None
        assert "\n" not in str(caught.value)
        assert "<_io" not in str(caught.value)


def test_photos_of_every_format_are_read(photos):
    for kind in edge.PHOTO_FORMATS:
        image = enlarged(photos[1], 0.05)
        pixels = edge.decode(encoded(image, kind))
        assert np.abs(pixels.astype(int) - np.asarray(image)).mean() < 12, kind


def test_no_photo_starts_another_program(tmp_path, monkeypatch):
    witness = tmp_path / "started"
    for name in ("gs", "djpeg"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {witness}\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(Image.new("RGB", (20, 20), "red"), "EPS"))
    with Image.open(path) as opened:
        for given in (path, path.read_bytes(), opened):
            for read in (edge.decode, edge.read_photo):
                with pytest.raises(edge.InputError, match="JPEG, PNG"):
                    read(given)
    assert not witness.exists()


def test_pil_images_that_cannot_be_read_are_refused(cat_dog, photos):
    closed = Image.new("RGB", (9, 9))
    closed.close()
    cut = Image.open(io.BytesIO(photos[0].read_bytes()[:4000]))
    for image, message in (
        (closed, "losed"),
        (cut, "truncated"),
        (Image.new("1", (9000, 9000)), "9000 × 9000"),
        (Image.new("1", (4_000_001, 1)), "4,000,000 per side"),
        (Image.new("L", (0, 5)), "no pixels"),
    ):
        with pytest.raises(edge.InputError, match=message) as caught:
            cat_dog.predict(image)
        assert "\n" not in str(caught.value)


def png_of(colour_type, bits, rows, transparent):
    """A PNG that Pillow does not write: rows of packed bytes, and a transparent colour."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    width = len(rows[0]) * 8 // (bits * (3 if colour_type == 2 else 1))
    header = struct.pack(">IIBBBBB", width, len(rows), bits, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"tRNS", transparent)
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "levels"),
    [
        (png_of(0, 16, [struct.pack(">2H", 514, 25700)], struct.pack(">H", 25700)), [2, 255]),
        (png_of(0, 8, [bytes([2, 100])], struct.pack(">H", 100)), [2, 255]),
        (png_of(0, 4, [bytes([0x2A])], struct.pack(">H", 10)), [34, 255]),
        (png_of(0, 2, [bytes([0b01100000])], struct.pack(">H", 2)), [85, 255, 0, 0]),
        (png_of(0, 1, [bytes([0b01111111])], struct.pack(">H", 0)), [255] * 8),
        (
            png_of(
                2,
                16,
                [struct.pack(">6H", *[514] * 3, *[25700] * 3)],
                struct.pack(">3H", *[25700] * 3),
            ),
            [2, 255],
        ),
    ],
)
def test_a_transparent_colour_is_laid_on_white_at_any_depth(content, levels):
    assert edge.decode(content)[0, :, 0].tolist() == levels


@pytest.mark.parametrize(
    ("values", "answered"),
    [
        (np.int32([[0, 100], [200, 255]]), True),
        (np.int32([[0, 100], [200, 256]]), False),
        (np.int32([[-1, 100], [200, 255]]), False),
        (np.float32([[0, 100.4], [200, 255]]), True),
        (np.float32([[0, 0.5], [0.2, 1]]), False),
        (np.float32([[0, 100], [np.nan, 255]]), False),
        (np.float32([[0, 100], [np.inf, 255]]), False),
    ],
)
def test_a_tiff_of_32_bit_numbers_is_levels_or_refused(values, answered):
    content = encoded(Image.fromarray(values), "TIFF")
    if answered:
        np.testing.assert_array_equal(edge.decode(content)[:, :, 0], values.round())
    else:
        with pytest.raises(edge.InputError, match="0…255"):
            edge.read_photo(content)


@pytest.mark.parametrize("x", [[10**400, 0], [10**5000, 0], [None, "\x1b"], "ab", [1e39, 0]])
def test_numbers_that_float32_cannot_hold_are_refused(x):
    with pytest.raises(edge.InputError) as caught:
        edge.load(find_bundle("xor_mlp")).predict(x)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("width", [500_000, 1_200_000])
def test_a_photo_of_one_row_is_cheap(width, tmp_path):
    path = tmp_path / "row.png"
    Image.new("RGB", (width, 1), "red").save(path)
    assert peak_memory(predict_words(path)) < 150


@pytest.mark.parametrize("kind", ["JPEG", "progressive JPEG", "PNG"])
def test_48_megapixels_take_300_mb(kind, tmp_path, photos):
    path = tmp_path / "photo"
    image = enlarged(photos[2], 48)
    if kind == "PNG":
        image.save(path, "PNG", compress_level=1)
    else:
        image.save(path, "JPEG", progressive=kind != "JPEG")
    assert peak_memory(predict_words(path)) < 300


def predict_words(path, name="linear_cat_dog"):
    return [edge.__file__, str(path), "--bundle", str(find_bundle(name))]


def test_the_command_line_takes_any_file_name_and_prints_one_line_each(
    tmp_path, monkeypatch, capsys, photos
):
    monkeypatch.chdir(tmp_path)
    names = ["-hut.jpg", "-1", "a\x1b[31m\n.jpg", os.fsdecode(b"\xff.jpg"), "Kätzchen.jpg"]
    for name in names:
        shutil.copy(photos[0], name)
    words = ["--bundle", str(find_bundle("cifar_softmax"))]
    assert edge.main([*words, *names, "--top", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(names)
    assert all(line.isprintable() and line.count("(") == 3 for line in lines)
    assert edge.main([*words, "--json", "--top", "2", "--", "-hut.jpg"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["scores"].keys() == set(edge.load(find_bundle("cifar_softmax")).labels)
    assert [best["label"] for best in result["top"]] == sorted(
        result["scores"], key=result["scores"].get, reverse=True
    )[:2]


@pytest.mark.parametrize(
    ("output", "code", "complaints"), [("/dev/full", 74, 1), ("closed pipe", 141, 0)]
)
def test_output_that_nobody_takes_ends_without_a_traceback(output, code, complaints):
    words = [sys.executable, edge.__file__, "--bundle", find_bundle("xor_mlp"), "0,1", "1,1"]
    if output == "closed pipe":
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open(output, os.O_WRONLY)
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert done.returncode == code
    result = [line for line in done.stderr.splitlines() if not line.startswith("INFO")]
    assert len(result) == complaints, done.stderr


def test_a_terminal_that_knows_ascii_alone_is_answered():
    words = [sys.executable, edge.__file__, "--bundle", find_bundle("linear_cat_dog"), "Kätzchen"]
    for encoding in ("ascii", "latin-1"):
        clean = os.environ | {"PYTHONIOENCODING": encoding}
        done = subprocess.run(words, capture_output=True, env=clean)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1


def test_without_numpy_or_pillow_the_program_says_what_to_install(tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", "-S", edge.__file__, "0", "1"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "pip install numpy" in done.stderr
    words = ["photo.jpg", "--bundle", str(find_bundle("linear_cat_dog"))]
    program = (
        f"import sys; sys.modules['PIL'] = None; from zoo import edge; sys.exit(edge.main({words}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install pillow" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_that_is_not_foreseen_is_a_sentence_and_debug_shows_where(monkeypatch, capsys):
    monkeypatch.setattr(edge, "load", lambda *given: {}["\x1b\n"])
    assert edge.main(["0", "1"]) == 70
    errors = capsys.readouterr().err
    assert errors.startswith("error: unexpected KeyError")
    assert len(errors.splitlines()) == 1
    assert edge.main(["0", "1", "--debug"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_no_folder_for_temporary_files_is_needed(monkeypatch):
    for memory_files in (True, False):
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "tempdir", "/nonexistent")
            if not memory_files:
                patch.delattr(os, "memfd_create")
            assert edge.main(["0", "1", "--bundle", str(find_bundle("xor_mlp"))]) == 0


def test_of_files_that_were_not_copied_the_others_are_taken(bundle):
    (bundle / "float32.tflite").unlink()
    assert edge.load(bundle).artifact == "float16"
    with pytest.raises(edge.BundleError, match=r"float32\.tflite cannot be read"):
        edge.load(bundle, "float32")
    for path in bundle.glob("*.tflite"):
        path.unlink()
    with pytest.raises(edge.BundleError, match=r"float32\.tflite cannot be read"):
        edge.load(bundle)


@pytest.mark.parametrize("file", ["manifest.json", "labels.txt", "float32.tflite"])
def test_a_pipe_in_a_bundle_is_refused_and_not_waited_for(bundle, file):
    (bundle / file).unlink()
    os.mkfifo(bundle / file)
    with pytest.raises(edge.BundleError):
        edge.load(bundle)


def test_a_large_batch_is_given_in_parts(cat_dog, photos):
    frames = [np.asarray(enlarged(path, 0.9)) for path in photos[:3]] * 2
    expected = [cat_dog.predict(frame).score for frame in frames]
    batch = [prediction.score for prediction in cat_dog.predict_batch(frames)]
    np.testing.assert_allclose(batch, expected, atol=1e-6)
    assert np.prod(cat_dog._shape) <= 3 * edge.PREDICTED_PIXELS
