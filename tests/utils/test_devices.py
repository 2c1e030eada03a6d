"""What TensorFlow sees, asked for in another process, and why it may see no GPU."""

import pytest

from zoo import ZooError
from zoo.utils import devices
from zoo.utils.devices import no_gpu


def test_tensorflow_names_its_devices():
    seen = devices.devices()
    assert seen["devices"][0] == "CPU:0"
    assert set(seen) == {"devices", "cuda", "cudnn"}


def test_without_tensorflow_it_says_so(monkeypatch):
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ZooError, match="TensorFlow is not installed"):
        devices.devices()


def test_a_tensorflow_that_ends_the_process_is_a_sentence(tmp_path, monkeypatch):
    # Keras is imported first, and imports TensorFlow.
    (tmp_path / "keras.py").write_text("import os\nos._exit(3)\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ZooError, match="TensorFlow fails: exit code 3"):
        devices.devices()


def test_a_tensorflow_that_does_not_answer_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "keras.py").write_text("import time\ntime.sleep(60)\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(devices, "_ANSWER_SECONDS", 2.0)
    with pytest.raises(ZooError, match="does not answer within 2 s"):
        devices.devices()


@pytest.mark.parametrize(
    ("system", "environment", "part"),
    [
        ("Windows", {}, "WSL2"),
        ("Darwin", {}, "on macOS"),
        ("Linux", {"CUDA_VISIBLE_DEVICES": "-1"}, "CUDA_VISIBLE_DEVICES hides all GPUs"),
        ("Linux", {"CUDA_VISIBLE_DEVICES": ""}, "unset it"),
    ],
)
def test_why_there_is_no_gpu(system, environment, part):
    assert part in no_gpu(system, environment)


def test_a_driver_without_cuda_libraries_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert no_gpu("Linux", {}) == ""
    (tmp_path / "nvidia-smi").write_text("", encoding="utf-8")
    (tmp_path / "nvidia-smi").chmod(0o755)
    assert 'pip install "tensorflow[and-cuda]"' in no_gpu("Linux", {"CUDA_VISIBLE_DEVICES": "0"})
