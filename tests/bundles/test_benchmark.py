"""`zoo benchmark` measures in fresh processes, and refuses what it cannot measure."""

import json

import pytest

from zoo import ZooError, edge
from zoo.bundles.benchmark import benchmark
from zoo.bundles.shipped import find_bundle


def test_every_artifact_and_number_of_threads_gets_a_row(run_zoo):
    words = ("benchmark", "xor_mlp", "--threads", "1,2", "--repeats", 20, "--json")
    result = json.loads(run_zoo(*words).stdout)
    assert result["machine"]
    assert {(row["artifact"], row["threads"]) for row in result["rows"]} == {
        (kind, threads) for kind in ("float32", "float16", "dynamic", "int8") for threads in (1, 2)
    }
    for row in result["rows"]:
        inference = row["inference"]
        assert 0 < inference["median"] <= inference["p90"] <= inference["p99"]
        assert row["load"] > 0
        # Numpy, Pillow and the interpreter take this much; TensorFlow would take ten times it.
        assert 20 < row["peak_memory"] < 150
        assert row["decode"] == {}


def test_a_photo_s_decoding_is_told_apart(photos_dir, run_zoo):
    photo = next(photos_dir.rglob("*.jpg"))
    (row,) = benchmark(find_bundle("linear_cat_dog"), ["int8"], repeats=10, photo=photo)
    assert row["decode"]["median"] > 0
    table = run_zoo("benchmark", "linear_cat_dog", "--artifact", "int8", "--repeats", 10)
    assert "int8" in table.stdout
    assert "Medians of 10" in table.stdout


def test_what_cannot_be_measured_is_refused(tmp_path, run_zoo):
    bundle = find_bundle("xor_mlp")
    with pytest.raises(ZooError, match="10 or more"):
        benchmark(bundle, ["float32"], repeats=1)
    with pytest.raises(ZooError, match="no artifact 'int4'"):
        benchmark(bundle, ["int4"])
    with pytest.raises(edge.InputError):
        benchmark(bundle, ["float32"], photo=tmp_path / "none.jpg")
    done = run_zoo("benchmark", "xor_mlp", "--threads", "many")
    assert done.returncode == 2
    assert "whole numbers" in done.stderr
