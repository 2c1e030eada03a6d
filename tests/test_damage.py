"""Thousands of damaged bundles and photos, each given to the program in a child process."""

import json
import subprocess
import sys

import pytest

from zoo.bundles.shipped import find_bundle

# A fork of a process that has loaded the interpreter: a child per trial, without its start-up.
PROGRAM = r'''
import io, json, os, random, signal, struct, sys, tempfile, zlib
from pathlib import Path
import ai_edge_litert.interpreter, PIL.JpegImagePlugin, PIL.PngImagePlugin, PIL.ImageOps
from PIL import Image
sys.path.insert(0, sys.argv[1])
import predict

folder, what, trials = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
scratch = Path(tempfile.mkdtemp())
chosen = random.Random(11)
FILES = ("manifest.json", "labels.txt", "float32.tflite", "int8.tflite")
whole = {name: (folder / name).read_bytes() for name in FILES}
manifest = json.loads(whole["manifest.json"])


def answer(words):
    """Run predict.main in a child; return its exit code, output and errors."""
    out, err = scratch / "out", scratch / "err"
    child = os.fork()
    if child == 0:
        for path, descriptor in ((out, 1), (err, 2)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
        signal.alarm(30)
        try:
            code = predict.main(words)
        except SystemExit as error:
            code = error.code
        except BaseException:
            import traceback
            traceback.print_exc()
            code = 99
        sys.stdout.flush()
        os._exit(code or 0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), out.read_text(), err.read_text()


def edited():
    """Return a manifest with one of its values replaced by something that it must not be."""
    changed = json.loads(whole["manifest.json"])
    places = []

    def walk(node):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            places.append((node, key))
            if isinstance(value, (dict, list)):
                walk(value)

    used = {key: changed[key] for key in ("format", "name", "labels", "input", "output")}
    used["float32"] = changed["artifacts"]["float32"]
    walk(used)
    for key in ("format", "name"):
        places += [(changed, key)] * 2
    places += [(changed["artifacts"]["float32"], key) for key in ("file", "sha256", "bytes")] * 4
    node, key = chosen.choice(places)
    node[key] = chosen.choice(
        [None, -1, 10**15, 1e308, True, [], {}, "", "../../etc/passwd", "/etc/passwd", "a/b",
         "..\\x.tflite", "float32.tflite\0", [[]], [10**9] * 4, "NaN", ["x"] * 10]
    )
    for name in ("format", "name", "labels", "input", "output"):
        changed[name] = used[name] if node is used and name == key else changed[name]
    if node is used and key == "float32":
        changed["artifacts"]["float32"] = used["float32"]
    return json.dumps(changed).encode()


def damaged_bundle(trial):
    files = dict(whole)
    kind = trial % 6
    name = chosen.choice(FILES[:3])
    if kind == 0:
        content = bytearray(files[name])
        content[chosen.randrange(len(content))] ^= 1 << chosen.randrange(8)
        files[name] = bytes(content)
    elif kind == 1:
        files[name] = files[name][: chosen.randrange(len(files[name]))]
    elif kind == 2:
        other = chosen.choice([n for n in FILES if n != name])
        files[name], files[other] = files[other], files[name]
    elif kind == 3:
        del files[name]
    else:
        files["manifest.json"] = edited()
    bundle = scratch / "bundle"
    bundle.mkdir(exist_ok=True)
    for path in bundle.iterdir():
        path.unlink()
    for path, content in files.items():
        (bundle / path).write_bytes(content)
    if trial % 97 == 0 and "float32.tflite" in files:
        # A file that claims, and has, an absurd size.
        os.truncate(bundle / "float32.tflite", 3 * 2**30)
    return ["--bundle", str(bundle), *WORDS], (kind, name)


def chunk(kind, content):
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(width, height, pixels):
    """Return a PNG whose check sums are right, whatever its header and its pixels say."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


stream = io.BytesIO()
Image.effect_noise((96, 80), 60).convert("RGB").save(stream, "JPEG")
JPEG = stream.getvalue()
SCAN = JPEG.index(b"\xff\xda") + 14
ROWS = zlib.compress(b"".join(b"\0" + chosen.randbytes(3 * 96) for _ in range(80)))


def damaged_photo(trial):
    kind = trial % 8
    content = bytearray(JPEG)
    if kind == 0:
        content = content[: chosen.randrange(SCAN, len(content) - 100)]
    elif kind == 1:
        for _ in range(chosen.randrange(1, 40)):
            content[chosen.randrange(len(content))] = chosen.randrange(256)
    elif kind == 2:
        content = bytearray(png(chosen.randrange(2**31), chosen.randrange(2**31), ROWS))
    elif kind == 3:
        content = bytearray(chosen.randbytes(chosen.randrange(2000)))
    elif kind == 4:
        content[: chosen.randrange(1, 20)] = b""
    elif kind == 5:
        pixels = bytearray(ROWS)
        pixels[chosen.randrange(2, len(pixels))] ^= 1 << chosen.randrange(8)
        content = bytearray(png(96, 80, bytes(pixels)))
    elif kind == 6:
        content = bytearray(png(96, 80, ROWS[: chosen.randrange(len(ROWS) // 2)]))
    else:
        # Fewer rows than the header says, and more.
        content = bytearray(png(96, chosen.choice([81, 200, 4000]), ROWS))
    path = scratch / "photo.jpg"
    path.write_bytes(content)
    return ["--bundle", str(folder), str(path)], kind


WORDS = ["0", "1"] if manifest["input"]["kind"] == "vector" else []
make = damaged_bundle if what == "bundles" else damaged_photo
right = answer(["--bundle", str(folder), *WORDS])[1] if WORDS else None
counts = {"refused": 0, "answered": 0, "in_decoder": 0, "wrong": []}
for trial in range(trials):
    words, how = make(trial)
    code, out, err = answer(words)
    lines = [line for line in err.splitlines() if line]
    if code == 2 and not out and len(lines) == 1 and lines[0].startswith("error: "):
        counts["refused"] += 1
        counts["in_decoder"] += "is not a photo" not in err and "make it smaller" not in err
    elif code == 0 and not lines and (right is None or out == right):
        counts["answered"] += 1
        counts.setdefault("answered_how", {}).setdefault(str(how), 0)
        counts["answered_how"][str(how)] += 1
    else:
        counts["wrong"].append([trial, str(how), code, out[:200], err[-600:]])
print(json.dumps(counts))
'''


def run(bundle, what, trials):
    words = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM]
    words += [str(find_bundle(bundle)), what, str(trials)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_thousand_damaged_bundles_are_refused_or_answer_rightly():
    counts = run("xor_mlp", "bundles", 2000)
    print(counts)
    assert counts["wrong"] == []
    # What is left to answer lost an end of line, or was replaced by what it was.
    assert counts["refused"] > 1900


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_hundred_damaged_photos_are_refused_or_are_still_photos():
    counts = run("linear_cat_dog", "photos", 500)
    print(counts)
    assert counts["wrong"] == []
    # Bytes changed inside a JPEG's picture leave another picture, which is answered.
    assert counts["refused"] >= 300
    # What is refused for its first bytes never reaches a decoder.
    assert counts["in_decoder"] >= 150
