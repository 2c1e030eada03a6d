"""The base install from a built wheel, in an environment that never had TensorFlow."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import venv
from pathlib import Path

import pytest
from benchmarks.live_page import served
from playground_settings import SETTINGS

import zoo
from zoo import edge
from zoo.bundles.shipped import find_bundle

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Return the `bin` folder of a fresh environment with the wheel and nothing more."""
    folder = tmp_path_factory.mktemp("base")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    scripts = folder / "venv" / "bin"
    subprocess.run([scripts / "pip", "install", "-q", wheel], check=True, capture_output=True)
    return scripts


def run(*words, cwd):
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(words, capture_output=True, text=True, cwd=cwd, env=clean)


def test_the_wheel_is_typed(base):
    found = run(base / "python", "-c", "import zoo; print(zoo.__path__[0])", cwd=base)
    assert (Path(found.stdout.strip()) / "py.typed").is_file()


def test_tensorflow_is_not_there_and_not_needed_to_list(base, tmp_path):
    missing = run(base / "python", "-c", "import tensorflow", cwd=tmp_path)
    assert "ModuleNotFoundError" in missing.stderr
    listed = run(base / "zoo", "list", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert "mark_one" in listed.stdout


@pytest.mark.parametrize("name", zoo.list_models())
def test_shipped_bundles_of_the_wheel_answer_as_here(base, name, tmp_path, photos_dir):
    (folder,) = base.parent.glob(f"lib/python*/site-packages/zoo/saved_models/{name}")
    # The wheel leaves out the largest files.
    artifact = edge.default_artifact(edge.of_present_files(folder, edge.read_manifest(folder)))
    model = edge.load(find_bundle(name), artifact)
    takes = model.manifest["input"]
    vector = takes["kind"] == "vector"
    words = [str(photos_dir / "dog" / "3.jpg")]
    if vector:
        words = ["0,1", "1,1"] if takes["shape"][1] == 2 else ["0", "1"]
    done = run(base / "zoo", "predict", name, *words, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for word, line in zip(words, done.stdout.splitlines(), strict=True):
        given = [float(number) for number in word.split(",")] if vector else word
        expected = model.predict(given)
        answer = json.loads(line)
        assert answer.get("label") == expected.label
        found = answer.get("values") or answer["scores"]
        assert list(found.values()) == pytest.approx(expected.scores.tolist(), abs=1e-6)


def test_a_board_can_time_a_bundle(base, tmp_path):
    words = ("benchmark", "linear_cat_dog", "--artifact", "int8", "--repeats", "10", "--json")
    done = run(base / "zoo", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert "tensorflow" not in result["versions"]
    assert result["rows"][0]["inference"]["median"] > 0


@pytest.mark.parametrize(
    "words", [("train", "xor_mlp"), ("verify", "xor_mlp"), ("data", "show", "xor")]
)
def test_a_command_that_needs_tensorflow_says_what_to_install(words, base, tmp_path):
    done = run(base / "zoo", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert "lecture-zoo[train]" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_says_what_to_install_and_then_asks_models_without_tensorflow(base, tmp_path):
    done = run(base / "zoo", "serve", cwd=tmp_path)
    assert done.returncode == 2
    assert "lecture-zoo[serve]" in done.stderr
    extra = ("starlette", "uvicorn", "markdown-it-py", "pydantic", "segno")
    subprocess.run([base / "pip", "install", "-q", *extra], check=True, capture_output=True)
    with served([base / "zoo"], cwd=tmp_path) as address:
        with urllib.request.urlopen(f"{address}api/predict?model=xor_mlp", b"0 1") as response:
            assert json.load(response)["label"] == "1"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(
                urllib.request.Request(
                    f"{address}api/playground/start",
                    json.dumps({"settings": SETTINGS}).encode(),
                    {"Content-Type": "application/json"},
                )
            )
        with refused.value as answer:
            assert "lecture-zoo[train]" in json.load(answer)["error"]
