"""The wheels, built and installed: what a board gets, and what the weights' wheel adds."""

import csv
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import distributions
import pytest

import zoo
from zoo import edge
from zoo.bundles.shipped import WEIGHTS, find_bundle

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
# What the package may take on a board, in bytes.
MOST = 15 * 10**6
PRETRAINED = """
import sys, numpy, zoo
from zoo.bundles.shipped import find_bundle
print(zoo.__file__, find_bundle("xor_mlp"))
try:
    model = zoo.build("xor_mlp", pretrained=True)
    print(model.predict(numpy.array([[0.0, 1.0]]), verbose=0)[0, 0] > 0.5)
except zoo.ZooError as error:
    sys.exit(str(error))
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """The wheel of the package and that of the weights."""
    folder = tmp_path_factory.mktemp("dist")
    (package,) = (path for path in distributions.build_package(folder) if path.suffix == ".whl")
    weights = distributions.build_weights(folder)
    for path in (package, weights):
        print(distributions.size_line(path))
    return package, weights


@pytest.fixture(scope="module")
def board(wheels, tmp_path_factory):
    """The folder of programs of an empty environment in which only the package was installed."""
    folder = tmp_path_factory.mktemp("board")
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    install(programs, wheels[0])
    return programs


def install(programs, *words):
    done = run(programs / "python", "-m", "pip", "install", "-q", *words)
    assert done.returncode == 0, done.stderr


def run(*words, **options):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= options.pop("env", {})
    return subprocess.run(
        [*map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        **options,
    )


def installed_bytes(programs):
    """Return the bytes of all files that pip has recorded for the package, compiled ones too."""
    code = (
        "import importlib.metadata as m; d = m.distribution('lecture-zoo');"
        "print(d.locate_file(''), d.read_text('RECORD'), sep='\\n')"
    )
    # Isolated from this folder, where a checkout may have metadata of its own.
    place, *record = run(programs / "python", "-I", "-c", code).stdout.splitlines()
    files = [Path(place) / row[0] for row in csv.reader(record) if row]
    return sum(path.stat().st_size for path in files)


def test_a_board_installs_little(board):
    total = installed_bytes(board)
    print(f"installed: {total:,} bytes")
    assert 5 * 10**6 < total < MOST


def test_a_photo_is_predicted_from_the_wheel_alone(board, tmp_path, photos_dir):
    photo = photos_dir / "dog" / "3.jpg"
    done = run(board / "zoo", "predict", "deep_relu", photo, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    expected = edge.load(find_bundle("deep_relu"), "int8").predict(photo)
    answer = json.loads(done.stdout)
    assert answer["label"] == expected.label
    assert list(answer["scores"].values()) == pytest.approx(expected.scores.tolist(), abs=1e-6)


def test_the_weights_complete_the_package(board, wheels, tmp_path, photos_dir):
    words = ("predict", "deep_relu", photos_dir / "dog" / "3.jpg", "--artifact", "float16")
    alone = run(board / "zoo", *words, cwd=tmp_path)
    assert alone.returncode == 2
    assert f"{WEIGHTS}=={zoo.__version__}" in alone.stderr
    install(board, "--no-index", wheels[1])
    try:
        both = run(board / "zoo", *words, cwd=tmp_path)
        assert both.returncode == 0, both.stderr
    finally:
        run(board / "python", "-m", "pip", "uninstall", "-q", "-y", WEIGHTS)


def test_pretrained_models_find_the_weights(wheels, tmp_path):
    """With this environment's TensorFlow, and nothing of this checkout."""
    for wheel, folder in zip(wheels, ("package", "weights"), strict=True):
        target = ("--target", tmp_path / folder)
        done = run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", *target, wheel)
        assert done.returncode == 0, done.stderr
    package, weights = tmp_path / "package", tmp_path / "weights"
    alone = run(sys.executable, "-c", PRETRAINED, cwd=tmp_path, env={"PYTHONPATH": str(package)})
    assert str(package) in alone.stdout
    assert f'run: pip install "{WEIGHTS}=={zoo.__version__}"' in alone.stderr
    path = os.pathsep.join(map(str, (package, weights)))
    both = run(sys.executable, "-c", PRETRAINED, cwd=tmp_path, env={"PYTHONPATH": path})
    assert both.returncode == 0, both.stderr
    where, answer = both.stdout.splitlines()
    assert str(weights) in where
    assert answer == "True"
