"""Bundles that the version before has exported, of format 2, still answer everywhere."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo import data, edge
from zoo.export.measure import evaluate_bundle
from zoo.registry.tasks import Classes, Threshold, task_of
from zoo.serve.inference import ModelServer
from zoo.serve.listing import model_summary

FORMER = Path(__file__).parent / "bundles_v2"


@pytest.mark.parametrize(
    ("name", "artifact", "task", "names"),
    [
        ("classes", "int8", Classes(), ["circle", "square"]),
        ("threshold", "float32", Threshold(0.5), ["output"]),
    ],
)
def test_a_bundle_of_the_version_before_answers(name, artifact, task, names, tmp_path):
    bundle = FORMER / name
    written = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    assert written["format"] == 2
    manifest = edge.read_manifest(bundle)
    assert manifest["format"] == edge.FORMAT
    assert task_of(manifest) == task
    assert manifest["output"]["names"] == names
    # The manifest's own figure, measured anew through its file.
    dataset = data.load(manifest["dataset"]["name"])
    stated = written["artifacts"][artifact]["accuracy"]
    # The other files are not in the folder.
    manifest["artifacts"] = {artifact: manifest["artifacts"][artifact]}
    alone = shutil.copytree(bundle, tmp_path / name)
    manifest["sha256"] = edge.manifest_digest(manifest)
    (alone / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    found = evaluate_bundle(alone, dataset)
    assert found[artifact]["accuracy"] == pytest.approx(stated, abs=1e-3)

    model, x = edge.load(bundle, artifact), dataset.test.x[:20]
    index = edge.decide(manifest["output"], model.raw(np.ascontiguousarray(x)))
    labels = [model.labels[at] for at in index]
    assert len(set(labels)) == 2
    assert [model.predict(example).label for example in x] == labels
    asked = ModelServer({name: bundle}).predict(name, artifact, x[0])
    assert asked["label"] == labels[0]
    assert (
        model_summary(name, edge.read_manifest(bundle))["artifacts"][artifact]["accuracy"] == stated
    )


def test_this_versions_predict_py_reads_a_bundle_of_the_version_before(tmp_path):
    bundle = FORMER / "threshold"
    words = [sys.executable, "-I", edge.__file__, "--bundle", bundle, "--artifact", "float32"]
    done = subprocess.run([*words, "0,1", "2,-2", "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    model = edge.load(bundle, "float32")
    assert [answer["label"] for answer in answers] == [
        model.predict(x).label for x in ([0, 1], [2, -2])
    ]


@pytest.mark.parametrize("number", [1, 4, "2", True, None])
def test_other_formats_are_refused_in_a_sentence(number, tmp_path):
    bundle = shutil.copytree(FORMER / "threshold", tmp_path / "bundle")
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    manifest["format"] = number
    manifest["sha256"] = edge.manifest_digest(manifest)
    (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(edge.BundleError, match=r"reads 2 and 3\.$"):
        edge.load(bundle)
