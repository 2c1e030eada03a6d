"""Run every TFLite file of every shipped bundle on an emulated 64-bit ARM and compare the outputs.

    python tools/run_on_arm64.py --photos FOLDER          # prints a table
    python tools/run_on_arm64.py --photos FOLDER --write  # writes it into docs/edge.md

Needs Debian's packages `debootstrap` and `qemu-user-static` (it says how to install them), a
mirror of Debian and PyPI. The userland is unpacked, not installed, so neither root nor chroot is
needed. It checks outputs, not speed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from zoo import edge
from zoo.bundles.shipped import find_bundle, list_shipped
from zoo.errors import ZooError
from zoo.export.concatenate import read_model
from zoo.export.measure import tflite_artifacts
from zoo.export.verify import CANCELLING
from zoo.registry.tasks import task_of

DOCUMENT = ROOT / "docs" / "edge.md"
BEGIN, END = "<!-- arm64: begin -->", "<!-- arm64: end -->"
# Of the largest output, if that is above 1.
FLOAT_TOLERANCE = 2e-6
POINTS = 200
_MIRROR = "http://deb.debian.org/debian"
_SUITE, _PYTHON = "bookworm", "3.11"
# Wheels name the oldest C library they run on; Debian 12 has 2.36.
_PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in range(17, 37)] + ["manylinux2014_aarch64"]
# XNNPACK disables itself if it cannot determine the processors.
_PROCESSORS = "".join(
    f"processor\t: {index}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\n"
    "CPU part\t: 0xd0b\nCPU revision\t: 1\nFeatures\t: fp asimd aes crc32 atomics fphp asimdhp "
    "asimddp\n\n"
    for index in range(2)
)


def set_up(userland: Path) -> None:
    """Unpack Debian's Python and the three packages that a board needs, for aarch64."""
    for program in ("debootstrap", "qemu-aarch64-static", "dpkg-deb"):
        if shutil.which(program) is None:
            raise ZooError(
                f"{program} is not installed; run: apt-get install debootstrap qemu-user-static"
            )
    packages = userland / "packages"
    _run(
        "debootstrap",
        "--arch=arm64",
        "--variant=minbase",
        "--foreign",
        "--include=python3",
        _SUITE,
        packages,
        _MIRROR,
    )
    root = userland / "root"
    root.mkdir()
    for package in sorted((packages / "var/cache/apt/archives").glob("*.deb")):
        _run("dpkg-deb", "-x", package, root)
    wheels = userland / "wheels"
    _run(
        sys.executable,
        *("-m", "pip", "download", "-q", "--only-binary=:all:", "--implementation=cp"),
        *("--python-version", _PYTHON, "-d", wheels),
        *(word for platform in _PLATFORMS for word in ("--platform", platform)),
        *("numpy", "pillow", "ai-edge-litert"),
    )
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(root / "opt/board")
    cpus = root / "sys/devices/system/cpu"
    cpus.mkdir(parents=True)
    for name in ("possible", "present"):
        (cpus / name).write_text("0-1\n", encoding="utf-8")
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc/cpuinfo").write_text(_PROCESSORS, encoding="utf-8")


def predict_there(userland: Path, bundle: Path, kind: str, words: list[str]) -> list[dict]:
    """Return the output of the bundle's own predict.py on the emulated ARM."""
    root = userland / "root"
    command = ["qemu-aarch64-static", "-L", root, root / f"usr/bin/python{_PYTHON}"]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONHOME": str(root / "usr"),
        "PYTHONPATH": str(root / "opt/board"),
        # QEMU's default processor computes wrong int8 results.
        "QEMU_CPU": "cortex-a76",
    }
    return _answers([*command, *_predict(bundle, kind, words)], environment)


def predict_here(bundle: Path, kind: str, words: list[str]) -> list[dict]:
    """Return the output of the bundle's own predict.py on this machine."""
    return _answers([sys.executable, *_predict(bundle, kind, words)], dict(os.environ))


def step_of(content: bytes) -> float:
    """Return the quantisation step of a file's output; 0 if the output is not quantised."""
    graph = read_model(content).subgraphs[0]
    producer = next(op for op in graph.operators if graph.outputs[0] in list(op.outputs))
    quantisation = graph.tensors[producer.inputs[0]].quantization
    scale = None if quantisation is None else quantisation.scale
    return 0.0 if scale is None or len(scale) == 0 else float(scale[0])


def compare(userland: Path, name: str, kind: str, photos: list[Path]) -> dict:
    """Compare the outputs of one file on the two processors."""
    bundle = find_bundle(name)
    manifest = edge.read_manifest(bundle)
    words = [str(photo) for photo in photos]
    if manifest["input"]["kind"] == "vector":
        # Functions and solutions are known from 0 to 1; thresholds lie in between.
        low, high = (0, 1) if "units" in manifest["output"] else (-2, 2)
        size = (POINTS, manifest["input"]["shape"][1])
        points = np.random.default_rng(0).uniform(low, high, size)
        words = [",".join(f"{number:.4f}" for number in point) for point in points]
    here, there = predict_here(bundle, kind, words), predict_there(userland, bundle, kind, words)
    own, other = (np.array([_numbers(answer) for answer in answers]) for answers in (here, there))
    differences = np.abs(own - other)
    step = step_of((bundle / f"{kind}.tflite").read_bytes()) if kind == "int8" else 0.0
    # A dynamic file quantises activations at run time, so that rounding may differ.
    tolerance = CANCELLING if task_of(manifest).primary.is_relative else FLOAT_TOLERANCE
    tolerance *= max(1.0, float(np.abs(own).max()))
    allowed = {"float32": tolerance, "int8": 1.001 * step, "float16": tolerance}
    same = sum(a.get("label") == b.get("label") for a, b in zip(here, there, strict=True))
    return {
        "name": name,
        "kind": kind,
        "inputs": len(words),
        "same": same,
        "difference": float(differences.max()),
        "step": step,
        "sound": same == len(words) and differences.max() <= allowed.get(kind, np.inf),
    }


def table(rows: list[dict]) -> list[str]:
    """Return the comparison as Markdown lines."""
    lines = [
        "| model | file | inputs | labels equal | largest difference | int8 step |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        step = f"{row['step']:.2e}" if row["step"] else ""
        lines.append(
            f"| `{row['name']}` | {row['kind']}.tflite | {row['inputs']} | {row['same']} "
            f"| {row['difference']:.1e} | {step} |"
        )
    return lines


def main() -> int:
    """Set up the userland, compare, print; return 1 if an output differs by more than allowed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder of JPEG photos")
    parser.add_argument("--models", nargs="*", default=list_shipped())
    parser.add_argument("--write", action="store_true", help="write the table into docs/edge.md")
    options = parser.parse_args()
    photos = sorted(options.photos.rglob("*.jpg"))
    if not photos:
        print(f"error: there are no JPEG photos in {options.photos}.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        userland = Path(folder)
        started = time.monotonic()
        try:
            set_up(userland)
        except ZooError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        seconds = time.monotonic() - started
        print(f"Userland set up in {seconds:.0f} s.", flush=True)
        jobs = [
            (name, kind)
            for name in options.models
            for kind in tflite_artifacts(edge.read_manifest(find_bundle(name)))
        ]
        with ThreadPoolExecutor(2) as pool:
            rows = list(pool.map(lambda job: compare(userland, *job, photos), jobs))
        interpreter = _version(userland)
    text = "\n".join(
        [
            BEGIN,
            *table(rows),
            "",
            f"Emulated: Debian {_SUITE} arm64, Python {_PYTHON}, {interpreter}, cortex-a76 under "
            f"qemu; the userland was set up in {seconds:.0f} s. Photos: {len(photos)} at their "
            "original sizes. Made by `python tools/run_on_arm64.py --photos FOLDER --write`.",
            END,
        ]
    )
    print(text)
    if options.write:
        before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
        DOCUMENT.write_text(before + text + rest.split(END)[1], encoding="utf-8")
    return 0 if all(row["sound"] for row in rows) else 1


def _predict(bundle: Path, kind: str, words: list[str]) -> list:
    return [bundle / "predict.py", "--artifact", kind, "--json", *words]


def _numbers(answer: dict) -> list[float]:
    """Return the scores of a classifier, or the values of another model."""
    return list(answer["scores" if "scores" in answer else "values"].values())


def _answers(command: list, environment: dict[str, str]) -> list[dict]:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    if done.returncode:
        raise SystemExit(f"{command[-1]}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _version(userland: Path) -> str:
    (wheel,) = (userland / "wheels").glob("ai_edge_litert-*.whl")
    return "ai-edge-litert " + wheel.name.split("-")[1]


def _run(*words) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, encoding="utf-8")
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()
        raise ZooError(f"{words[0]} failed ({reason[-1] if reason else done.returncode}).")


if __name__ == "__main__":
    sys.exit(main())
