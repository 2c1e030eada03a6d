"""The command line as a user types it: real data, real mistakes."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from zoo.bundles.shipped import find_bundle

ROOT = Path(__file__).resolve().parents[2]


def sentence_of(done):
    """Return the one sentence of a refused command, checking that it is one."""
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert "Traceback" not in done.stderr + done.stdout
    return lines[0]


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory, run_zoo):
    """A run made as the README's first command makes one, of the fastest model."""
    folder = tmp_path_factory.mktemp("cli") / "run"
    done = run_zoo("train", "perceptron", "--epochs", 3, "--export", "--run-dir", folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_list_and_describe_say_what_there_is(run_zoo):
    listed = run_zoo("list").stdout
    for name in zoo.list_models():
        assert name in listed
        described = run_zoo("describe", name).stdout
        assert zoo.describe(name).equation in described
    assert "deep_relu" not in run_zoo("list", "--task", "sign").stdout
    assert "cats_vs_dogs" in run_zoo("data", "list").stdout


def test_train_export_and_predict_in_one_command(finished_run):
    folder, output = finished_run
    for message in ("Strategy", "fingerprint", "epoch   3", "Test: loss", "Bundle:", "(it is: "):
        assert message in output
    for file in ("config.json", "history.csv", "results.json", "model.keras"):
        assert (folder / file).is_file()
    config = json.loads((folder / "config.json").read_text())
    assert config["recipe"]["epochs"] == 3
    assert config["seed"] == 0
    history = (folder / "history.csv").read_text().splitlines()
    assert history[0] == "epoch,loss,accuracy,val_loss,val_accuracy"
    assert len(history) == 4
    assert list((folder / "logs").rglob("events.*"))


def test_training_into_a_finished_folder_says_so(finished_run, run_zoo):
    folder, _ = finished_run
    done = run_zoo("train", "perceptron", "--epochs", 3, "--run-dir", folder)
    assert done.returncode == 0
    assert "already trained" in done.stdout


def test_evaluate_takes_a_run_and_a_bundle(finished_run, run_zoo):
    folder, _ = finished_run
    of_run = json.loads(run_zoo("evaluate", folder, "--json").stdout)
    results = json.loads((folder / "results.json").read_text())
    assert of_run["test"]["accuracy"] == pytest.approx(results["test"]["accuracy"], abs=1e-9)
    of_bundle = json.loads(run_zoo("evaluate", folder / "bundle", "--json").stdout)
    assert of_bundle["metrics"]["float32"]["accuracy"] == pytest.approx(
        results["test"]["accuracy"], abs=1e-6
    )


def test_tools_are_the_same_programs(tmp_path):
    words = [sys.executable, ROOT / "tools" / "train.py", "xor_mlp", "--epochs", "2"]
    done = subprocess.run(
        [*words, "--run-dir", tmp_path / "run"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    exported = subprocess.run(
        [sys.executable, ROOT / "tools" / "export.py", tmp_path / "run", "--kinds", "float32"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert exported.returncode == 0, exported.stderr
    assert (tmp_path / "run" / "bundle" / "float32.tflite").is_file()


def test_predict_takes_a_shipped_name_and_photos(photos_dir, run_zoo):
    photo = photos_dir / "cat" / "0.jpg"
    done = run_zoo("predict", "linear_cat_dog", photo, "--json")
    answer = json.loads(done.stdout)
    assert answer["label"] == ("dog" if answer["score"] >= 0 else "cat")
    text = run_zoo("predict", "linear_cat_dog", photo).stdout
    assert f"({answer['score']:+.4f})" in text


def test_a_photo_s_name_may_begin_with_a_dash(photos_dir, tmp_path, run_zoo):
    for name in ("-1", "-hut.jpg"):
        shutil.copy(photos_dir / "cat" / "0.jpg", tmp_path / name)
    done = run_zoo("predict", "linear_cat_dog", "-1", "-hut.jpg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert "Usage" in run_zoo("predict", "-h").stdout


def test_the_best_labels_are_named_with_their_scores(photos_dir, run_zoo):
    photo = photos_dir / "cat" / "0.jpg"
    answer = json.loads(run_zoo("predict", "cifar_softmax", photo, "--json", "--top", 3).stdout)
    assert len(answer["top"]) == 3
    assert answer["top"][0]["label"] == answer["label"]
    assert answer["scores"][answer["label"]] == answer["score"]


def test_predict_takes_numbers_negative_ones_too(run_zoo):
    assert ": 1 (" in run_zoo("predict", "xor_mlp", 0, 1).stdout
    assert ": 0 (" in run_zoo("predict", "xor_mlp", 1, 1).stdout
    assert len(run_zoo("predict", "perceptron", "-1,0.5", "0,-2").stdout.splitlines()) == 2
    assert len(run_zoo("predict", "perceptron", "-1", "-2").stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "perceptrn"], "did you mean perceptron"),
        (["describe", "deep_rel"], "did you mean deep_relu"),
        (["train", "deep_relu", "--set", "dept=3"], "did you mean depth"),
        (["train", "deep_relu", "--set", "depth=two"], "a whole number, not 'two'"),
        (["train", "deep_relu", "--set", "depth"], "option=value"),
        (["train", "xor_mlp", "--epochs", "many"], "--epochs"),
        (["train", "xor_mlp", "--epoch", "3"], "--epoch"),
        (["train"], "model"),
        (["list", "--task", "regression"], "threshold"),
        (["predict", "no_such_bundle", "x.jpg"], "the shipped bundles are"),
        (["predict", "linear_cat_dog", "missing.jpg"], "missing.jpg cannot be opened"),
        (["predict", "linear_cat_dog"], "input"),
        (["predict", "linear_cat_dog", "x.jpg", "--artifact", "int3"], "it has float32"),
        (["predict", "xor_mlp", "a", "b"], "2 numbers"),
        (["predict", "xor_mlp", "1"], "2 numbers"),
        (["export", "nowhere"], "not a run folder"),
        (["evaluate", "nowhere"], "the shipped bundles are"),
        (["evaluate", "./nowhere"], "no folder"),
        (["data", "prepare", "cifar100"], "did you mean cifar10"),
        (["teach"], "teach"),
        (["export", "nowhere", "--input-size", "²x²"], "run folder"),
        (["benchmark", "xor_mlp", "--threads", "²"], "whole numbers"),
        (["predict", "linear_cat_dog", "-no.jpg"], "-no.jpg cannot be opened"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(words, message, tmp_path, run_zoo):
    assert message.lower() in sentence_of(run_zoo(*words, cwd=tmp_path)).lower()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "xor_mlp", "--epochs", "0"], "from 1 up"),
        (["train", "xor_mlp", "--learning-rate", "-1"], "above 0"),
        (["train", "perceptron", "--learning-rate", "0"], "above 0"),
        (["train", "xor_mlp", "--batch-size", "5"], "4 training examples"),
        (["train", "xor_mlp", "--seed", "4294967296"], "from 0 to 4294967295"),
        (["train", "xor_mlp", "--dataset", "blob"], "did you mean blobs"),
        (["train", "xor_mlp", "--dataset", "shapes"], "takes rows of numbers"),
        (["train", "xor_mlp", "--strategy", "gpus"], "did you mean gpu"),
        (["train", "xor_mlp", "--checkpoint-every", "now"], "60 seconds"),
        (["train", "xor_mlp", "--time-budget", "soon"], "give a time such as '90 seconds'"),
        (["train", "xor_mlp", "--time-budget", "1 hour", "--epochs", "3"], "leave one of them out"),
        (["train", "deep_relu", "--data-dir", "nowhere"], "zoo data prepare cifar10"),
        (["train", "deep_relu", "--data-dir", "."], "zoo data prepare cifar10"),
        (["train", "linear_cat_dog", "--dataset", "photos", "--data-dir", "."], "folder"),
        (["train", "xor_mlp", "--run-dir", "/proc/run"], "cannot be written"),
    ],
)
def test_a_training_that_cannot_start_is_one_sentence(words, message, tmp_path, run_zoo):
    done = run_zoo(*words, cwd=tmp_path, CUDA_VISIBLE_DEVICES="")
    assert message in sentence_of(done)
    assert list(tmp_path.iterdir()) == []


def test_what_to_type_next_can_be_typed(finished_run, tmp_path, run_zoo):
    folder, _ = finished_run
    spaced = tmp_path / "my run; here"
    shutil.copytree(folder, spaced)
    shutil.rmtree(spaced / "bundle")
    output = run_zoo("export", spaced, "--kinds", "float32").stdout
    (line,) = (line for line in output.splitlines() if line.startswith("Next: "))
    words = shlex.split(line.removeprefix("Next: ").split(" NUMBER")[0])
    assert words == ["zoo", "predict", str(spaced / "bundle")]


def test_a_run_folder_of_another_model_is_not_touched(finished_run, run_zoo):
    folder, _ = finished_run
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    done = run_zoo("train", "xor_mlp", "--run-dir", folder)
    assert "another training: its model is 'perceptron', not 'xor_mlp'" in sentence_of(done)
    done = run_zoo("train", "perceptron", "--epochs", 2, "--run-dir", folder)
    assert "epochs = 3, not 2" in sentence_of(done)
    assert all(
        path.read_bytes() == content for path, content in before.items() if path.name[0] != "."
    )


def test_a_bundle_s_target_that_cannot_be_written(finished_run, run_zoo):
    folder, _ = finished_run
    assert "cannot be written" in sentence_of(run_zoo("export", folder, "--to", "/proc/bundle"))


def test_unreadable_photos_are_named_and_the_others_answered(photos_dir, tmp_path, run_zoo):
    text = tmp_path / "text.jpg"
    text.write_text("this is not a photo")
    good = photos_dir / "dog" / "1.jpg"
    done = run_zoo("predict", "linear_cat_dog", text, good)
    assert done.returncode == 2
    assert "text.jpg is not a photo" in done.stderr
    assert str(good) in done.stdout
    assert "Traceback" not in done.stderr


def test_a_damaged_bundle_is_refused(tmp_path, run_zoo):
    bundle = tmp_path / "bundle"
    shutil.copytree(find_bundle("linear_cat_dog"), bundle)
    path = bundle / "float32.tflite"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "sha256" in sentence_of(run_zoo("predict", bundle, "x.jpg"))
    (bundle / "manifest.json").unlink()
    assert "no manifest.json" in sentence_of(run_zoo("predict", bundle, "x.jpg"))


def test_training_on_a_folder_of_photos_names_what_it_skipped(photos_dir, tmp_path, run_zoo):
    folder = tmp_path / "photos"
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        for index in range(12):
            shutil.copy(photos_dir / label / f"{index}.jpg", folder / label)
    (folder / "cat" / "torn.jpg").write_bytes((photos_dir / "cat" / "0.jpg").read_bytes()[:500])
    (folder / "dog" / "text.jpg").write_text("woof")
    words = ["train", "linear_cat_dog", "--dataset", "photos", "--data-dir", folder]
    done = run_zoo(*words, "--batch-size", 4, "--epochs", 2, "--run-dir", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "Skipped 2 unreadable photos" in done.stdout
    assert "torn.jpg" in done.stdout
    assert "text.jpg" in done.stdout
    evaluated = json.loads(run_zoo("evaluate", tmp_path / "run", "--json").stdout)
    assert evaluated["dataset"]["name"] == "photos"
