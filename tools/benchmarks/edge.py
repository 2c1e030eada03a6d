"""Overhead of the edge runtime over the bare interpreter and a short script; memory for photos."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from zoo import edge
from zoo.bundles.shipped import find_bundle, list_shipped
from zoo.utils.provenance import RUNTIME, machine, versions

ROUNDS, CALLS, PROCESSES = 9, 300, 9
# 0.2, 12 and 48 megapixels.
PHOTO_SIZES = ((500, 375), (4000, 3000), (8000, 6000))
# What a user would write without this package, for the same file and the same input.
TEN_LINES = """
import sys
import numpy as np
from PIL import Image
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(model_path=sys.argv[1])
given, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
image = given["dtype"] == np.uint8
x = np.asarray(Image.open(sys.argv[2]).convert("RGB")) if image else np.float32(sys.argv[2:])
interpreter.resize_tensor_input(given["index"], (1, *x.shape))
interpreter.allocate_tensors()
interpreter.set_tensor(given["index"], x[None])
interpreter.invoke()
print(interpreter.get_tensor(answer["index"]))
"""


def default_file(bundle: Path) -> Path:
    """Return the file that a bundle's predict.py loads by default."""
    manifest = edge.read_manifest(bundle)
    return bundle / manifest["artifacts"][edge.default_artifact(manifest)]["file"]


def numbers(takes: dict) -> np.ndarray:
    """Return numbers for a model by the part `input` of its manifest."""
    return np.resize(np.float32([0, 1]), takes["shape"][-1])


def overhead(name: str) -> tuple[float, float]:
    """Return the microseconds of `invoke` and of `predict`, for a model's default file."""
    bundle = find_bundle(name)
    with edge.quiet_stderr():
        model = edge.load(bundle)
        interpreter = edge._interpreter_class()(model_path=str(default_file(bundle)))
        interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]
    if model.manifest["input"]["kind"] == "image":
        x = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    else:
        x = numbers(model.manifest["input"])
    interpreter.resize_tensor_input(given["index"], (1, *x.shape))
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], x[None])
    ways = {"bare": interpreter.invoke, "predict": lambda: model.predict(x)}
    seconds = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, call in ways.items():
            started = time.perf_counter()
            for _ in range(CALLS):
                call()
            seconds[way].append((time.perf_counter() - started) / CALLS)
    return tuple(1e6 * float(np.median(seconds[way])) for way in ways)


def first_answer(name: str, photo: Path) -> tuple[float, float, float]:
    """Return seconds until the output of the short script and of predict.py, and its peak MB."""
    bundle = find_bundle(name)
    takes = edge.read_manifest(bundle)["input"]
    given = [str(photo)] if takes["kind"] == "image" else [*map(str, numbers(takes))]
    ways = {
        "ten lines": ["-c", TEN_LINES, str(default_file(bundle)), *given],
        "predict.py": [str(bundle / "predict.py"), *given],
    }
    seconds = {way: [] for way in ways}
    for _ in range(PROCESSES):
        for way, words in ways.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, capture_output=True)
            seconds[way].append(time.perf_counter() - started)
    return (*(float(np.median(seconds[way])) for way in ways), peak_memory(ways["predict.py"]))


def peak_memory(words: list[str]) -> float:
    """Return the peak memory, in MB, of a Python process with these arguments."""
    program = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, *sys.argv[1:]], check=True, capture_output=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], check=True, capture_output=True, encoding="utf-8"
    )
    return float(done.stdout)


def photo_memory(name: str = "linear_cat_dog") -> list[str]:
    """Return the table of predict.py's peak memory for photos of some sizes, as Markdown lines."""
    kinds = {
        "JPEG": ("JPEG", {"quality": 90}),
        "progressive JPEG": ("JPEG", {"quality": 90, "progressive": True}),
        "PNG": ("PNG", {"compress_level": 1}),
    }
    lines = [f"| photo | {' | '.join(kinds)} |", "|---" * (1 + len(kinds)) + "|"]
    with tempfile.TemporaryDirectory() as folder:
        for width, height in PHOTO_SIZES:
            # Smooth, like an enlarged photo: a large PNG of noise would be rejected.
            small = Image.effect_noise((width // 8, height // 8), 60)
            noise = small.resize((width, height), Image.Resampling.BICUBIC)
            slope = Image.linear_gradient("L").resize((width, height))
            photo = Image.merge("RGB", (noise, slope, slope))
            row = []
            for kind, options in kinds.values():
                path = Path(folder) / "photo"
                photo.save(path, kind, **options)
                words = [edge.__file__, str(path), "--bundle", str(find_bundle(name))]
                row.append(f"{peak_memory(words):.0f} MB")
            lines.append(f"| {width} × {height} | {' | '.join(row)} |")
            print(lines[-1], file=sys.stderr)
    packages = ", ".join(f"{name} {number}" for name, number in versions(RUNTIME).items())
    return [
        *lines,
        "",
        f"Peak memory of a whole process of `predict.py` with `{name}`. {machine()}; {packages}. "
        "Made by `python tools/benchmark.py photos --write`.",
    ]


def table() -> list[str]:
    """Return the table of the edge runtime's costs as Markdown lines."""
    lines = [
        "| model | bare invoke | predict(array) | overhead | ten-line script | predict.py "
        "| ratio | peak memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.png"
        pixels = np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(photo)
        for name in list_shipped():
            bare, predict = overhead(name)
            script, program, memory = first_answer(name, photo)
            lines.append(
                f"| `{name}` | {bare:.1f} µs | {predict:.1f} µs | {predict - bare:.1f} µs "
                f"| {script:.3f} s | {program:.3f} s | {program / script:.2f} | {memory:.0f} MB |"
            )
            print(lines[-1], file=sys.stderr)
    packages = ", ".join(f"{name} {number}" for name, number in versions(RUNTIME).items())
    lines += [
        "",
        "The file that predict.py takes, batch 1; arrays of 32 × 32, photos of 240 × 320; medians "
        f"of {ROUNDS} alternating rounds of {CALLS} calls and of {PROCESSES} processes. "
        f"{machine()}; {packages}. Made by `python tools/benchmark.py edge --write`.",
    ]
    return lines
