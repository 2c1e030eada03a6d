"""Run folders: names that set them apart, and a model that belongs to its results."""

import pytest

from zoo import ZooError
from zoo.training.run_folder import RunFolder, distinct_names, sha256
from zoo.utils.files import write_json


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["runs/x"], ["x"]),
        (["a/run", "b/run"], ["a/run", "b/run"]),
        (["/a/b/run", "/c/b/run", "/c/run"], ["a/b/run", "c/b/run", "c/run"]),
        (["/run", "/a/run"], ["/run", "a/run"]),
        ([], []),
    ],
)
def test_runs_go_by_the_shortest_end_of_their_path_that_sets_them_apart(paths, names):
    assert distinct_names(paths) == names


def test_names_do_not_depend_on_how_a_folder_is_written():
    assert distinct_names(["a/run/", "./b/../b/run"]) == ["a/run", "b/run"]
    with pytest.raises(ZooError, match="is given twice"):
        distinct_names(["a/run", "./a/run"])


def test_a_model_that_results_were_not_measured_on_is_refused(tmp_path):
    folder = RunFolder(tmp_path)
    with pytest.raises(ZooError, match=r"has no model\.keras"):
        folder.check_model()
    folder.model_path.write_bytes(b"one model")
    # An unfinished run, or one of a version without the hash, is not checked.
    folder.check_model()
    dataset = {"name": "xor", "fingerprint": "0" * 16, "labels": ["0", "1"]}
    results = {"model": "xor_mlp", "dataset": dataset, "examples": {}, "epochs": 1, "test": {}}
    write_json(folder.results_path, results)
    folder.check_model()
    write_json(folder.results_path, {**results, "model_sha256": sha256(folder.model_path)})
    folder.check_model()
    folder.model_path.write_bytes(b"another model")
    with pytest.raises(ZooError, match="sha256 differs"):
        folder.check_model()
