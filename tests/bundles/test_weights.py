"""The base install has the files of a board; the weights' distribution completes its bundles."""

import compileall
import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from zoo.bundles.shipped import WEIGHTS, WEIGHTS_PACKAGE, find_bundle, list_shipped

ROOT = Path(__file__).resolve().parents[2]
# What the base install of this package may take on a board, in bytes.
MOST = 15 * 10**6


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder of packages with zoo as the wheel installs it, by the patterns in setup.cfg."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(ROOT / "zoo", folder / "zoo", ignore=shutil.ignore_patterns("__pycache__"))
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    taken, left_out = (
        {
            path.relative_to(ROOT / "saved_models")
            for pattern in config[f"options.{section}"]["zoo.saved_models"].split("\n")
            if pattern and not pattern.startswith("#")
            for path in (ROOT / "saved_models").glob(pattern)
        }
        for section in ("package_data", "exclude_package_data")
    )
    assert taken > left_out > set()
    for path in taken - left_out:
        target = folder / "zoo" / "saved_models" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "saved_models" / path, target)
    return folder


@pytest.fixture
def with_weights(installed, tmp_path):
    """The same with the weights of one model, as lecture-zoo-weights installs them."""
    package = tmp_path / WEIGHTS_PACKAGE
    shutil.copytree(find_bundle("xor_mlp"), package / "xor_mlp")
    (package / "__init__.py").touch()
    return tmp_path


def run(*words, path, **options):
    folders = os.pathsep.join(map(str, path))
    environment = os.environ | {"PYTHONPATH": folders, "COLUMNS": "300"}
    return subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        **options,
    )


def found_bundle(path, name="xor_mlp"):
    code = f"from zoo.bundles.shipped import find_bundle; print(find_bundle({name!r}))"
    done = run("-c", code, path=path, cwd=path[0])
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def test_a_board_installs_little(installed):
    assert compileall.compile_dir(installed / "zoo", quiet=1)
    total = sum(path.stat().st_size for path in installed.rglob("*") if path.is_file())
    assert total < MOST, f"{total:,} bytes"


def test_every_shipped_model_answers_from_the_base_install(installed):
    code = (
        "from zoo import edge; from zoo.bundles.shipped import find_bundle, list_shipped\n"
        "for name in list_shipped(): print(name, edge.load(find_bundle(name)).artifact)"
    )
    done = run("-c", code, path=[installed], cwd=installed)
    assert done.returncode == 0, done.stderr
    artifacts = dict(line.split() for line in done.stdout.splitlines())
    assert list(artifacts) == list_shipped()
    assert artifacts["xor_mlp"] == "float32"
    assert artifacts["deep_relu"] == "int8"


def test_a_file_that_is_left_out_names_what_to_install(installed):
    words = ("predict", "deep_relu", "no.jpg", "--artifact", "float16")
    done = run("-m", "zoo", *words, path=[installed], cwd=installed)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "float16.tflite of deep_relu is not part of the base install" in line
    assert line.endswith(f'pip install "{WEIGHTS}=={zoo.__version__}"')


@pytest.mark.parametrize("words", [("verify", "xor_mlp"), ("evaluate", "xor_mlp")])
def test_a_command_that_needs_the_weights_names_what_to_install(words, installed):
    done = run("-m", "zoo", *words, path=[installed], cwd=installed)
    assert done.returncode == 2
    assert f'run: pip install "{WEIGHTS}=={zoo.__version__}"' in done.stderr
    assert "Traceback" not in done.stderr


def test_the_weights_are_found_once_they_are_installed(installed, with_weights):
    assert found_bundle([installed]).parent.parent == installed / "zoo"
    found = found_bundle([installed, with_weights])
    assert found == with_weights / WEIGHTS_PACKAGE / "xor_mlp"
    assert found_bundle([installed, with_weights], "perceptron").parent.parent == installed / "zoo"


def test_weights_of_another_version_are_not_taken(installed, with_weights):
    manifest = with_weights / WEIGHTS_PACKAGE / "xor_mlp" / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert found_bundle([installed, with_weights]).parent.parent == installed / "zoo"
    done = run("-m", "zoo", "verify", "xor_mlp", path=[installed, with_weights], cwd=installed)
    assert done.returncode == 2
    assert "the weights of this version" in done.stderr


PRETRAINED = """
import sys, numpy, zoo
try:
    model = zoo.build("xor_mlp", pretrained=True)
    print(model.predict(numpy.array([[0.0, 1.0]]), verbose=0)[0, 0] > 0.5)
except zoo.ZooError as error:
    sys.exit(str(error))
"""


@pytest.mark.slow
def test_pretrained_weights_come_with_their_distribution(installed, with_weights):
    alone = run("-c", PRETRAINED, path=[installed], cwd=installed)
    assert alone.stderr.strip().endswith(f'run: pip install "{WEIGHTS}=={zoo.__version__}"')
    both = run("-c", PRETRAINED, path=[installed, with_weights], cwd=installed)
    assert both.stdout.strip() == "True", both.stderr
