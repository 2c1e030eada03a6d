"""`zoo info`, for a bug report."""

import json


def test_a_report_names_versions_devices_folders_and_what_is_missing(run_zoo, tmp_path):
    done = run_zoo("info", TFDS_DATA_DIR=str(tmp_path), CUDA_VISIBLE_DEVICES="-1")
    assert done.returncode == 0, done.stderr
    titles = [line.partition(":")[0] for line in done.stdout.splitlines()]
    for title in ("machine", "memory", "base", "train", "data", "cache", "settings", "devices"):
        assert title in titles
    assert f"{tmp_path}: nothing prepared" in done.stdout
    assert "CPU:0" in done.stdout
    assert "zoo data prepare cifar10" in done.stdout
    assert "No GPU is used: CUDA_VISIBLE_DEVICES hides all GPUs; unset it." in done.stdout


def test_a_report_is_read_by_programs(run_zoo, tfds_dir):
    done = run_zoo("info", "--json", TFDS_DATA_DIR=str(tfds_dir))
    known = json.loads(done.stdout)
    assert known["datasets"] == {"cats_vs_dogs": True, "cifar10": True}
    assert known["tensorflow"]["devices"][0].startswith("CPU:0")
    assert isinstance(known["missing"], list)
