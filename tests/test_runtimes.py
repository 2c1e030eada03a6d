"""Other runtimes that people have on their boards, each in an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from shipped_files import SHIPPED_FILES

import zoo
from zoo import edge
from zoo.bundles.shipped import find_bundle

ROOT = Path(__file__).resolve().parents[1]


def environment(folder, python, *packages):
    """Return the python of a fresh virtual environment with these packages, or skip."""
    if python == sys.executable:
        venv.create(folder, with_pip=True)
    else:
        subprocess.run([python, "-m", "venv", folder], check=True, capture_output=True)
    program = folder / "bin" / "python"
    words = [program, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"pip install {' '.join(packages)} failed: {done.stderr[-300:]}")
    return program


def old_python():
    """Return a Python 3.8, the oldest that edge.py speaks, if there is one."""
    homes = sorted((Path.home() / ".pyenv" / "versions").glob("3.8.*/bin/python"))
    return str(homes[-1]) if homes else shutil.which("python3.8")


@pytest.fixture(scope="module", params=["3.8 2.13.0", "3.11 2.14.0"])
def tflite_runtime(request, tmp_path_factory):
    version, package = request.param.split()
    python = old_python() if version == "3.8" else sys.executable
    if python is None:
        pytest.skip("no Python 3.8 here: pyenv install 3.8")
    if version != "3.8" and sys.version_info[:2] != (3, 11):
        pytest.skip("tflite_runtime 2.14 has no wheel for this Python")
    numpy = "numpy<1.25" if version == "3.8" else "numpy==1.26.4"
    folder = tmp_path_factory.mktemp("tflite_runtime")
    return environment(folder, python, f"tflite_runtime=={package}", numpy, "pillow")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), SHIPPED_FILES)
def test_tflite_runtime_answers_as_litert_does(name, kind, tflite_runtime, photos_dir):
    bundle = find_bundle(name)
    takes = edge.read_manifest(bundle)["input"]
    words = ["0,1", "1,1", "0.3,-2"] if takes["shape"][1] == 2 else ["0", "1", "0.3"]
    if takes["kind"] == "image":
        words = [str(path) for path in sorted(photos_dir.rglob("*.jpg"))[:8]]
    done = subprocess.run(
        [tflite_runtime, bundle / "predict.py", "--artifact", kind, "--json", *words],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    model = edge.load(bundle, kind)
    for line, word in zip(done.stdout.splitlines(), words, strict=True):
        is_photo = takes["kind"] == "image"
        given = word if is_photo else edge.parse_rows([word], takes["shape"][1])[0]
        expected = model.predict(given)
        answer = json.loads(line)
        # Older kernels round int8 sums elsewhere, a few steps of 1/256 in the end.
        tolerance = 1e-5 if kind in ("float32", "float16") else 0.05
        assert answer.get("label") == expected.label
        found = answer.get("values") or answer["scores"]
        np.testing.assert_allclose(list(found.values()), expected.scores, atol=tolerance)


MEDIAPIPE = """
import json, sys
import mediapipe as mp
from mediapipe.tasks import python
from mediapipe.tasks.python import vision
options = vision.ImageClassifierOptions(
    base_options=python.BaseOptions(model_asset_path=sys.argv[1]), max_results=3
)
with vision.ImageClassifier.create_from_options(options) as classifier:
    for path in sys.argv[2:]:
        found = classifier.classify(mp.Image.create_from_file(path))
        print(json.dumps([[c.category_name, c.score] for c in found.classifications[0].categories]))
"""


@pytest.mark.slow
def test_mediapipe_classifies_with_an_exported_file(tfds_dir, photos_dir, tmp_path):
    from zoo.export.bundle import export_run

    run = tmp_path / "run"
    zoo.train("cifar_softmax", data_dir=str(tfds_dir), epochs=1, run_dir=run)
    bundle = export_run(run, tmp_path / "bundle", kinds=["float32", "int8"], frame=(96, 96))
    python = environment(tmp_path / "venv", sys.executable, "mediapipe")
    photos = []
    for path in sorted(photos_dir.rglob("*.jpg"))[:4]:
        # MediaPipe resizes with a filter of its own: give it what needs no resizing.
        from PIL import Image

        photos.append(tmp_path / f"{path.stem}.png")
        Image.fromarray(edge.fit_frame(edge.decode(path), 96, 96)).save(photos[-1])
    for kind in ("float32", "int8"):
        words = [python, "-c", MEDIAPIPE, bundle / f"{kind}.tflite", *photos]
        done = subprocess.run(
            words, capture_output=True, text=True, env={**os.environ, "GLOG_minloglevel": "2"}
        )
        assert done.returncode == 0, done.stderr[-2000:]
        model = edge.load(bundle, kind)
        answers = [json.loads(ln) for ln in done.stdout.splitlines() if ln.startswith("[")]
        for categories, photo in zip(answers, photos, strict=True):
            expected = model.predict(photo)
            assert categories[0][0] == expected.label
            assert categories[0][1] == pytest.approx(expected.score, abs=0.02)
