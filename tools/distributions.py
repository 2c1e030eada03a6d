"""Build what is published: the source distribution, the wheel, and the wheel of the weights.

    python tools/distributions.py                  # into dist/
    python tools/distributions.py --to FOLDER

The wheel `lecture_zoo` has of each shipped bundle what a board runs: `.tflite` files, manifest,
labels and card. The wheel `lecture_zoo_weights` has all files of all bundles, for
`zoo.build(…, pretrained=True)`, SavedModels and ONNX; it is found by itself once it is installed.
Needs the package `build`. Prints the size of each file and of what it installs.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from zoo.bundles.shipped import WEIGHTS, WEIGHTS_PACKAGE
from zoo.utils.version import __version__

_PROJECT = f"""\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{WEIGHTS}"
version = "{__version__}"
description = "All files of the trained models of lecture-zoo: Keras, SavedModel, TFLite and ONNX."
readme = "README.md"
authors = [{{name = "The lecture-zoo authors"}}]
license = "MIT"
license-files = ["LICENSE"]
requires-python = ">=3.10"
dependencies = ["lecture-zoo=={__version__}"]

[tool.setuptools]
packages = ["{WEIGHTS_PACKAGE}"]

[tool.setuptools.package-data]
{WEIGHTS_PACKAGE} = ["**/*"]
"""
_INIT = '"""The shipped bundles of lecture-zoo with all files; the package zoo finds them."""\n'


_README = f"""\
# {WEIGHTS}

The trained models of lecture-zoo {__version__} with all files: Keras, SavedModel, TFLite, ONNX.
The package lecture-zoo finds them by itself once this is installed.
"""


def main() -> None:
    """Build all distributions and print their sizes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="folder for the files")
    to = parser.parse_args().to.resolve()
    to.mkdir(parents=True, exist_ok=True)
    for path in [*build_package(to), build_weights(to)]:
        print(size_line(path))


def build_package(to: Path) -> list[Path]:
    """Build the source distribution and, from it, the wheel of the package.

    A wheel that is built in the checkout itself would also have what `build/` kept of earlier ones.

    Args:
        to: folder for the files.
    """
    return _built(ROOT, to)


def build_weights(to: Path) -> Path:
    """Build the wheel with all files of all shipped bundles."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "pyproject.toml").write_text(_PROJECT, encoding="utf-8")
        (project / "README.md").write_text(_README, encoding="utf-8")
        shutil.copyfile(ROOT / "LICENSE", project / "LICENSE")
        shutil.copytree(
            ROOT / "saved_models",
            project / WEIGHTS_PACKAGE,
            ignore=shutil.ignore_patterns("__pycache__", ".*"),
        )
        (project / WEIGHTS_PACKAGE / "__init__.py").write_text(_INIT, encoding="utf-8")
        (wheel,) = _built(project, to, "--wheel")
        return wheel


def size_line(path: Path) -> str:
    """Return the size of a distribution, and for a wheel that of what it installs."""
    line = f"{path.name}: {path.stat().st_size / 1e6:.1f} MB"
    if path.suffix != ".whl":
        return line
    with zipfile.ZipFile(path) as wheel:
        installed = sum(entry.file_size for entry in wheel.infolist())
    return f"{line}, installs {installed / 1e6:.1f} MB"


def _built(project: Path, to: Path, *options: str) -> list[Path]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", *options, "--outdir", folder, str(project)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
        if done.returncode:
            sys.exit(f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return [Path(shutil.move(path, to / path.name)) for path in sorted(Path(folder).iterdir())]


if __name__ == "__main__":
    main()
