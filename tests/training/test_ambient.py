"""What ~/.keras and the environment say of other work neither changes a model nor ends a run."""

import json
import os
import subprocess
import sys

import zoo


def train(folder, **environment):
    words = [sys.executable, "-m", "zoo", "train", "xor_mlp", "--epochs", "2", "--run-dir", folder]
    return subprocess.run(
        words, capture_output=True, text=True, encoding="utf-8", env={**os.environ, **environment}
    )


def test_another_backend_is_refused_with_the_variable_to_set(tmp_path):
    done = train(tmp_path / "run", KERAS_BACKEND="jax")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "'jax'" in line
    assert "set KERAS_BACKEND=tensorflow" in line
    assert "pip" not in line


def test_the_user_s_keras_json_changes_no_weight(tmp_path):
    settings = {"floatx": "float16", "backend": "jax", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings), encoding="utf-8")
    done = train(tmp_path / "other", KERAS_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    zoo.train("xor_mlp", epochs=2, run_dir=tmp_path / "plain")
    one, other = (zoo.load_model(tmp_path / name) for name in ("other", "plain"))
    assert all(weight.dtype == "float32" for weight in one.weights)
    for mine, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        assert mine.tobytes() == theirs.tobytes()
