"""Predictions over HTTP equal those of `zoo.edge`; bad requests get one sentence."""

import http.client
import io
import json
import shutil
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np
import pytest
from benchmarks.live_page import served
from PIL import Image
from talk import assert_one_sentence, call

import zoo
from zoo import edge
from zoo.bundles.front_matter import front_matter, without_front_matter
from zoo.bundles.shipped import find_bundle
from zoo.export.bundle import write_manifest
from zoo.serve.inference import MAX_LOADED, ModelServer
from zoo.serve.listing import model_summary

CLIENTS = 50
IMAGE_MODELS = [
    name
    for name in zoo.list_models()
    if edge.read_manifest(find_bundle(name))["input"]["kind"] == "image"
]


def encoded(photo, kind="PNG"):
    content = io.BytesIO()
    Image.fromarray(photo).save(content, kind)
    return content.getvalue()


def predict(address, content, model="linear_cat_dog", artifact=None):
    query = f"model={model}" + (f"&artifact={artifact}" if artifact else "")
    return call(f"{address}api/predict?{query}", content)


@pytest.fixture(scope="module")
def drawn():
    """A photo-sized picture that hangs on nothing but its seed."""
    return np.random.default_rng(0).integers(0, 256, (375, 500, 3), np.uint8)


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_the_page_answers_as_the_board_does(address, name, drawn):
    for artifact in edge.read_manifest(find_bundle(name))["artifacts"]:
        file = edge.read_manifest(find_bundle(name))["artifacts"][artifact].get("file", "")
        if not str(file).endswith(".tflite"):
            continue
        expected = edge.load(find_bundle(name), artifact).predict(drawn)
        status, answer = predict(address, encoded(drawn), name, artifact)
        assert status == 200, answer
        assert answer["label"] == expected.label
        assert list(answer["scores"].values()) == pytest.approx(expected.scores.tolist(), abs=1e-6)
        assert answer["photo"] == {"height": 375, "width": 500}
        assert answer["server_seconds"] >= answer["inference_seconds"] > 0


@pytest.mark.parametrize("name", ["linear_cat_dog", "cifar_softmax"])
def test_the_slide_s_numbers_add_up(address, name, drawn):
    _, answer = predict(address, encoded(drawn), name)
    slide = answer["slide"]
    x, weights, products = (np.array(slide[part]) for part in ("x", "weights", "products"))
    assert len(x) == slide["size"] ** 2 * slide["channels"]
    assert np.abs(x).max() <= 1
    # Numbers travel with four digits.
    np.testing.assert_allclose(products, weights * x, rtol=2e-3, atol=1e-9)
    assert slide["sum"] == pytest.approx(
        products.sum(), rel=1e-2, abs=1e-3 * np.abs(products).sum()
    )
    assert slide["logit"] == pytest.approx(slide["sum"] + slide["bias"], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", ["deep_relu", "mark_one"])
def test_a_model_with_hidden_layers_has_no_slide(address, name, drawn):
    assert predict(address, encoded(drawn), name)[1]["slide"] is None


def test_runs_go_by_their_names_and_need_no_float32_file(tmp_path, drawn):
    for run in ("one", "two"):
        folder = tmp_path / run / "bundle"
        shutil.copytree(find_bundle("linear_cat_dog"), folder)
        manifest = edge.read_manifest(folder)
        write_manifest(folder, manifest | {"artifacts": {"int8": manifest["artifacts"]["int8"]}})
    expected = edge.load(folder, "int8").predict(drawn)
    with served(bundles=[tmp_path / "one", tmp_path / "two"]) as page:
        models = call(f"{page}api/models")[1]["models"]
        assert [model["name"] for model in models] == ["one", "two"]
        status, answer = predict(page, encoded(drawn), "two", "int8")
        assert status == 200, answer
        assert (answer["label"], answer["slide"]) == (expected.label, None)
        assert predict(page, encoded(drawn), "two")[1]["score"] == answer["score"]
        assert_one_sentence(predict(page, encoded(drawn), "two", "float32"), 400, "float32")


def test_numbers_are_answered(address):
    for row in ("0 0", "0 1", "1 0", "1 1"):
        expected = edge.load(find_bundle("xor_mlp")).predict([float(part) for part in row.split()])
        assert predict(address, row.encode(), "xor_mlp")[1]["label"] == expected.label
    assert_one_sentence(predict(address, b"0 maybe", "xor_mlp"), 400, "maybe")
    assert_one_sentence(predict(address, b"0 1 1", "xor_mlp"), 400, "2")
    assert_one_sentence(predict(address, b"", "xor_mlp"), 400, "0 rows")
    assert_one_sentence(predict(address, b"0,1 1,1", "xor_mlp"), 400, "2 rows")


def test_a_photo_that_is_a_jpeg(address, photos_dir):
    path = photos_dir / "cat" / "0.jpg"
    expected = edge.load(find_bundle("linear_cat_dog")).predict(str(path))
    _, answer = predict(address, path.read_bytes())
    assert answer["label"] == expected.label
    assert answer["score"] == pytest.approx(expected.score, abs=1e-6)


def test_fifty_clients_at_once(address, drawn):
    photos = [encoded(np.roll(drawn, 7 * client, axis=1), "JPEG") for client in range(CLIENTS)]
    alone = [predict(address, photo)[1]["score"] for photo in photos]
    with ThreadPoolExecutor(CLIENTS) as clients:
        found = list(clients.map(lambda photo: predict(address, photo), photos))
    assert {status for status, _ in found} == {200}
    # Nobody is given somebody else's answer.
    assert [answer["score"] for _, answer in found] == alone


def test_a_text_named_jpg_is_refused(address):
    for content in (b"I am no photo.\n" * 9, b""):
        assert_one_sentence(predict(address, content), 400, *edge.PHOTO_FORMATS)


@pytest.mark.parametrize("kind", edge.PHOTO_FORMATS)
def test_the_page_takes_what_predict_takes(address, kind, drawn):
    content = encoded(drawn, kind)
    # What a file dialog offers under image/*.
    assert Image.MIME[kind].startswith("image/")
    expected = edge.load(find_bundle("linear_cat_dog")).predict(content)
    status, answer = predict(address, content)
    assert status == 200, answer
    assert answer["label"] == expected.label
    assert answer["score"] == pytest.approx(expected.score, abs=1e-6)


def test_a_damaged_photo_is_refused(address, drawn):
    assert_one_sentence(predict(address, encoded(drawn)[:5000]), 400)


def test_a_zip_bomb_is_refused(address):
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    side = 60_000
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(3 * side + 1)) for _ in range(2_000)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    assert len(bomb) < 2**20
    assert_one_sentence(predict(address, bomb), 400, "pixels")


def test_an_upload_of_200_mb_is_refused_before_it_has_travelled(address):
    size = 200 * 10**6
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    try:
        connection.putrequest("POST", "/api/predict?model=linear_cat_dog")
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        response = connection.getresponse()
        assert_one_sentence((response.status, json.load(response)), 413, "20,971,520 bytes")
    finally:
        connection.close()


def test_an_upload_of_200_mb_without_its_size_is_refused(address):
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    piece = bytes(10**6)
    try:
        connection.putrequest("POST", "/api/predict?model=linear_cat_dog")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        sent = 0
        try:
            for _ in range(200):
                connection.send(b"%x\r\n" % len(piece) + piece + b"\r\n")
                sent += 1
        except OSError:
            pass  # The server has heard enough.
        assert sent < 200
    finally:
        connection.close()
    assert call(f"{address}api/models")[0] == 200


def test_names_that_are_not_there(address, drawn):
    content = encoded(drawn)
    assert_one_sentence(predict(address, content, "linear_cat"), 400, "linear_cat_dog")
    assert_one_sentence(predict(address, content, artifact="int7"), 400, "int7")
    assert_one_sentence(call(f"{address}api/cards/nobody"), 404, "nobody")
    for file in ("manifest.json", "x.png", "x" * 300 + ".png", "%00.png", "..%2fx.png"):
        assert_one_sentence(call(f"{address}api/cards/deep_relu/{file}"), 404)
    assert_one_sentence(call(f"{address}api/nothing"), 404)
    assert_one_sentence(call(f"{address}api/predict"), 405)


def test_numbers_that_are_a_book_are_not_repeated(address):
    assert_one_sentence(predict(address, b"7 " * 10**6, "xor_mlp"), 413, "2,000,000 bytes")


def test_a_card_is_shown_without_its_metadata_and_a_model_without_absent_files(tmp_path):
    folder = shutil.copytree(find_bundle("xor_mlp"), tmp_path / "xor_mlp")
    card = without_front_matter((folder / "README.md").read_text(encoding="utf-8"))
    metadata = front_matter(edge.read_manifest(folder), "mit")
    (folder / "README.md").write_text(f"{metadata}\n{card}", encoding="utf-8")
    (folder / "float32.tflite").unlink()
    with served(bundles=[folder]) as page:
        with urlopen(f"{page}api/cards/xor_mlp") as shown:
            assert shown.read().startswith(b"<h1>xor_mlp</h1>")
        (model,) = call(f"{page}api/models")[1]["models"]
        assert "float32" not in model["artifacts"]
        answer = predict(page, b"0 1", "xor_mlp")
        assert answer[0] == 200
        assert answer[1]["label"] == "1"


def test_a_bundle_that_loses_its_card_and_its_folder(tmp_path):
    folder = shutil.copytree(find_bundle("xor_mlp"), tmp_path / "xor_mlp")
    with (
        (tmp_path / "errors.txt").open("w") as errors,
        served(bundles=[folder], stderr=errors) as page,
    ):
        (folder / "README.md").unlink()
        assert_one_sentence(call(f"{page}api/cards/xor_mlp"), 404, "card of xor_mlp")
        shutil.rmtree(folder)
        # What nobody has foreseen is one sentence too, and its traceback is in the terminal.
        assert_one_sentence(call(f"{page}api/cards/xor_mlp/x.png"), 500, "terminal")
        assert call(f"{page}api/models")[0] == 200
    assert "FileNotFoundError" in (tmp_path / "errors.txt").read_text()


@pytest.mark.parametrize("case", ["rgba.png", "stored_sideways_exif_6.jpg", "int32_0_to_255.tif"])
def test_a_case_is_answered_as_the_board_does(case, address, cases_dir):
    content = (cases_dir / case).read_bytes()
    expected = edge.load(find_bundle("linear_cat_dog")).predict(content)
    status, answer = predict(address, content)
    assert status == 200, answer
    assert answer["score"] == pytest.approx(expected.score, abs=1e-6)


@pytest.mark.parametrize("case", ["truncated.jpg", "no_end_marker.jpg"])
def test_a_truncated_case_is_refused(case, address, cases_dir):
    assert_one_sentence(predict(address, (cases_dir / case).read_bytes()), 400, "truncated")


def test_the_slide_is_never_computed_from_a_damaged_file(tmp_path, drawn):
    folder = shutil.copytree(find_bundle("linear_cat_dog"), tmp_path / "bundle")
    content = bytearray((folder / "float32.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "float32.tflite").write_bytes(content)
    with served(bundles=[folder]) as page:
        name = call(f"{page}api/models")[1]["models"][0]["name"]
        assert_one_sentence(predict(page, encoded(drawn), name, "int8"), 400, "sha256")


def memory(key):
    """Return VmRSS or VmHWM, in MB, of the page that this process serves."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            children = (task / "children").read_text().split()
        except FileNotFoundError:
            # A thread of another test has ended by now.
            continue
        for child in children:
            if b"serve" in Path(f"/proc/{child}/cmdline").read_bytes():
                status = Path(f"/proc/{child}/status").read_text()
                found.append(int(status.split(f"{key}:")[1].split()[0]) / 1e3)
    return found[-1]


def test_a_large_photo_takes_300_mb_and_gives_them_back(photos_dir):
    with Image.open(photos_dir / "dog" / "3.jpg") as image:
        image = image.convert("RGB").resize((8001, 6001), Image.Resampling.BICUBIC)
    photos = []
    for kind, options in (("JPEG", {}), ("JPEG", {"progressive": True})):
        content = io.BytesIO()
        image.save(content, kind, **options)
        photos.append(content.getvalue())
    flat = io.BytesIO()
    image.quantize(8).convert("RGB").save(flat, "PNG", compress_level=1)
    photos.append(flat.getvalue())
    expected = [edge.load(find_bundle("linear_cat_dog")).predict(photo) for photo in photos]
    small = (photos_dir / "dog" / "3.jpg").read_bytes()
    with served() as page:
        predict(page, small)
        before = memory("VmRSS")
        for content, prediction in zip(photos, expected, strict=True):
            status, answer = predict(page, content)
            assert status == 200, answer
            assert answer["score"] == pytest.approx(prediction.score, abs=1e-6)
            assert answer["photo"] == {"height": 6001, "width": 8001}
            assert answer["slide"]["logit"] == pytest.approx(answer["score"], abs=1e-3)
        with ThreadPoolExecutor(4) as clients:
            assert {
                found[0] for found in clients.map(lambda _: predict(page, photos[0]), range(4))
            } == {200}
        assert memory("VmHWM") < 300 + 20  # What is sent is held too.
        assert memory("VmRSS") < before + 50


def test_only_so_many_files_stay_loaded(drawn):
    model_server = ModelServer({name: find_bundle(name) for name in IMAGE_MODELS})
    for name in IMAGE_MODELS:
        for artifact in model_summary(name, model_server.manifests[name])["artifacts"]:
            model_server.predict(name, artifact, drawn)
            model_server.slide(name, drawn)
    assert len(model_server._models) <= MAX_LOADED
    assert len(model_server._slides) <= MAX_LOADED
    large = np.zeros((1000, 1000, 3), np.uint8)
    model_server.predict("linear_cat_dog", "int8", large)
    assert ("linear_cat_dog", "int8") not in model_server._models
