"""A real training process, stopped by real signals, and the same command again."""

import signal
import subprocess
import sys

import numpy as np
import pytest

import zoo
from zoo import ZooError
from zoo.errors import PREEMPTED
from zoo.training import checkpoints
from zoo.training.checkpoints import Position
from zoo.training.run_folder import RunFolder
from zoo.utils.files import write_json

COMMAND = ["train", "perceptron", "--set", "inputs=2", "--epochs", "60"]
COMMAND += ["--checkpoint-every", "70 steps", "--run-dir"]


@pytest.fixture(scope="module")
def whole(run_zoo, tmp_path_factory):
    """The run folder of a training that was never stopped."""
    folder = tmp_path_factory.mktemp("resume") / "whole"
    assert run_zoo(*COMMAND, folder).returncode == 0
    return folder


@pytest.mark.parametrize("kill", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_training_resumes_to_the_same_weights(kill, whole, run_zoo, tmp_path):
    parts = tmp_path / "parts"
    words = [sys.executable, "-m", "zoo", *COMMAND, parts]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as training:
        for line in training.stdout:
            if line.startswith("epoch"):
                break
        training.send_signal(kill)
    assert training.returncode == (PREEMPTED if kill == signal.SIGTERM else -kill)
    assert not (parts / "results.json").exists()
    resumed = run_zoo(*COMMAND, parts)
    assert resumed.returncode == 0, resumed.stderr
    assert "Resuming after epoch" in resumed.stdout
    for one, other in zip(
        zoo.load_model(whole).get_weights(), zoo.load_model(parts).get_weights(), strict=True
    ):
        assert one.tobytes() == other.tobytes()
    assert (whole / "history.csv").read_bytes() == (parts / "history.csv").read_bytes()


def test_a_torn_checkpoint_is_passed_over_for_the_one_before(tmp_path, caplog):
    for number in (10, 20):
        content = checkpoints.encode(Position(1, number), {"model/0": np.arange(number)})
        checkpoints.save(tmp_path, number, content)
    newest = tmp_path / "step-0000000020.npz"
    whole = newest.read_bytes()
    for torn in (whole[: len(whole) // 2], whole[:-60] + b"\0" * 60, b""):
        newest.write_bytes(torn)
        position, arrays = checkpoints.decode(checkpoints.latest(tmp_path))
        assert position.step == 10
        np.testing.assert_array_equal(arrays["model/0"], np.arange(10))
    changed = bytearray(whole)
    changed[whole.index(np.arange(20).tobytes())] ^= 1
    newest.write_bytes(changed)
    assert checkpoints.decode(checkpoints.latest(tmp_path))[0].step == 10
    assert "is damaged" in caplog.text
    (tmp_path / "step-0000000010.npz").write_bytes(b"")
    with pytest.raises(ZooError, match="No checkpoint"):
        checkpoints.latest(tmp_path)


def test_only_the_newest_two_checkpoints_stay(tmp_path):
    for number in range(5):
        checkpoints.save(tmp_path, number, checkpoints.encode(Position(0, number), {}))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "step-0000000003.npz",
        "step-0000000004.npz",
    ]
    assert checkpoints.latest(tmp_path / "nowhere") == b""


def test_two_trainings_cannot_share_a_folder(tmp_path):
    with RunFolder(tmp_path).lock(), pytest.raises(ZooError, match="Another training"):
        zoo.train("xor_mlp", epochs=1, run_dir=tmp_path)


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "results.json"
    write_json(path, {"accuracy": 0.5})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"accuracy": float("nan")})
    assert path.read_text() == '{\n  "accuracy": 0.5\n}\n'
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]
