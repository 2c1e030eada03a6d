"""Settings of a training: applied, or rejected with an error before the data is loaded."""

import dataclasses
import json
import os
from pathlib import Path

import keras
import pytest
import typer

import zoo
from zoo import ZooError
from zoo.cli import app
from zoo.registry.recipes import Augmentation, Recipe
from zoo.registry.solvers import load_solver
from zoo.training import Training, checkpoints, precision
from zoo.training.cluster import find
from zoo.training.reporter import Silent
from zoo.utils.choices import UnknownNameError

NAMED = [(name, recipe) for name in zoo.list_models() for recipe in zoo.describe(name).recipes]
PLAIN = Recipe(epochs=1, batch_size=4, learning_rate=0.1)
NOWHERE = {"dataset": "photos", "data_dir": "/nowhere"}


class Heard(Silent):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


@pytest.mark.parametrize(("name", "recipe"), NAMED)
def test_every_recipe_says_only_what_its_model_honours(name, recipe):
    chosen = Training(name, recipe=recipe).choose_recipe(zoo.describe(name))
    model = zoo.build(name, **chosen.options)
    load_solver(chosen.solver).check(model, chosen)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("xor_mlp", {"label_smoothing": 0.1}, "label_smoothing out of the recipe"),
        ("linear_cat_dog", {"label_smoothing": 0.1}, "is trained with SquaredError"),
        ("deep_relu", {"warmup": 0.1}, "warmup is 0.1, but it is only for schedule cosine"),
        ("deep_relu", {"optimizer": "adam", "weight_decay": 0.1}, "is only for optimizer adamw"),
        ("deep_relu", {"weight_decay": 0.1}, "is only for optimizer adamw"),
        ("deep_relu", {"optimizer": "adam", "momentum": 0.9}, "is only for optimizer sgd"),
        ("deep_relu", {"components": 3}, "is only for whitening above 0"),
        ("deep_relu", {"penalty": 1.0}, "is only for --solver exact or lbfgs"),
        ("deep_relu", {"optimizer": "adamm"}, "did you mean adam"),
        ("deep_relu", {"schedule": "steps"}, "choose from constant, cosine"),
        ("deep_relu", {"averaging": 1.5}, "give a decay from 0 to 1"),
        ("deep_relu", {"momentum": -0.1}, "momentum is -0.1"),
        ("deep_relu", {"whitening": -1.0}, "whitening is -1.0"),
        ("deep_relu", {"augmentation": Augmentation(shift=-1)}, "shift is -1"),
        ("deep_relu", {"augmentation": Augmentation(zoom=float("nan"))}, "zoom is nan"),
        ("deep_relu", {"augmentation": Augmentation(contrast=1.5)}, "contrast is 1.5; give a frac"),
        ("deep_relu", {"augmentation": Augmentation(unmixed=0.1)}, "only for mixup or cutmix abo"),
        ("deep_relu", {"augmentation": Augmentation(mixup=1, unmixed=1.0)}, "unmixed part is 1.0"),
        ("deep_relu", {"learning_rate": float("inf")}, "learning rate is inf"),
        ("deep_relu", {"learning_rate": 0.0}, "learning rate is 0.0"),
        ("deep_relu", {"epochs": 0}, "epochs is 0"),
        ("deep_relu", {"options": {"dropout": float("nan")}}, "dropout is nan"),
        ("linear_cat_dog", {"solver": "exact", "penalty": float("inf")}, "penalty is inf"),
        ("linear_cat_dog", {"solver": "exact", "momentum": 0.9}, "is only for --solver gradient"),
        ("linear_cat_dog", {"solver": "exact", "precision": "mixed_float16"}, "precision is mixed"),
        ("cifar_softmax", {"solver": "lbfgs", "penalty": 0.0}, "takes a number above 0"),
        ("cifar_softmax", {"solver": "lbfgs", "label_smoothing": 0.1}, "is only for --solver grad"),
        ("cifar_softmax", {"solver": "lbfgs", "augmentation": Augmentation(flip=True)}, "augmenta"),
        ("cifar_softmax", {"solver": "newton"}, "There is no solver 'newton'"),
        ("deep_relu", {"solver": "exact"}, "use --solver gradient for"),
        ("deep_relu", {"solver": "lbfgs"}, "use --solver gradient for"),
        ("xor_mlp", {"augmentation": Augmentation(flip=True)}, "Augmentation is for photos"),
        ("xor_mlp", {"whitening": 1.0}, "a model that takes photos"),
        ("mark_one", {"whitening": 1.0}, "a trainable dense layer"),
    ],
)
def test_what_cannot_be_honoured_is_refused_before_data(name, changes, message, tmp_path):
    recipe = dataclasses.replace(PLAIN, **changes)
    with pytest.raises(ZooError, match=message):
        zoo.train(name, recipe=recipe, run_dir=tmp_path / "a" / "run", **NOWHERE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epoch": 3}, "zoo.train has no setting 'epoch'; did you mean epochs"),
        ({"size": 3}, r"'size' is an option of linear_cat_dog, .* give options=\{'size': 3\}"),
        ({"class_weight": "even"}, "no class_weight 'even'; choose from none, balanced"),
        ({"optimizer": "adm"}, "no optimizer 'adm'; did you mean adam"),
        ({"patience": -1}, "patience is -1"),
        ({"solver": "exact", "optimizer": "adam"}, "--optimizer is only for --solver gradient"),
        ({"solver": "exact", "patience": 3}, "--patience is only for --solver gradient"),
        ({"solver": "exact", "class_weight": "balanced"}, "--class-weight is only for --solver g"),
        ({"start_timeout": float("nan")}, "start timeout is nan"),
        ({"penalty": float("nan"), "solver": "exact"}, "penalty is nan"),
        (
            {"learning_rate": 0.1, "solver": "exact"},
            "--learning-rate is only for --solver gradient",
        ),
        ({"source": "disk"}, "no source 'disk'; choose from auto, memory, stream"),
        ({"jit": "maybe"}, "jit"),
        ({"precision": "float16"}, "precision"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_before_data(settings, message, tmp_path):
    with pytest.raises(ZooError, match=message):
        zoo.train("linear_cat_dog", run_dir=tmp_path / "run", **NOWHERE, **settings)
    assert list(tmp_path.iterdir()) == []


def test_whitening_needs_a_bias_to_be_folded_into():
    model = zoo.build("deep_relu", size=4, width=8)
    first = model.get_layer("head").layers[0]
    without = keras.layers.Dense.from_config({**first.get_config(), "use_bias": False})
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    head = keras.Sequential([without], name="head")
    other = keras.Model(image, head(model.get_layer("preprocessing")(image)), name="other")
    with pytest.raises(ZooError, match="that has a bias; other does not"):
        load_solver("gradient").check(other, dataclasses.replace(PLAIN, whitening=1.0))


@pytest.mark.parametrize("whitening", [0.0, 1.0])
def test_half_precision_scales_the_loss_with_and_without_whitening(
    whitening, small_photos, tmp_path
):
    run = tmp_path / "run"
    recipe = Recipe(epochs=1, batch_size=16, learning_rate=1e-3, precision="mixed_float16")
    zoo.train(
        "deep_relu",
        recipe=dataclasses.replace(recipe, whitening=whitening),
        options={"size": 4, "width": 8},
        dataset="photos",
        data_dir=small_photos,
        run_dir=run,
    )
    _, arrays = checkpoints.decode(checkpoints.latest(run / "checkpoints"))
    # Keras begins with a scale of 2¹⁵ and counts the steps since it last changed.
    assert any(array.shape == () and float(array) >= 2**10 for array in arrays.values())


def test_classes_and_batches_follow_the_data_unless_set(photos_dir, tmp_path):
    options = {"size": 4, "width": 8}
    data = {"dataset": "photos", "data_dir": os.path.relpath(photos_dir), "epochs": 1}
    heard = Heard()
    zoo.train("deep_relu", options=options, run_dir=tmp_path / "run", reporter=heard, **data)
    config = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    (message,) = (sentence for sentence in heard.sentences if sentence.startswith("Set by"))
    assert f"classes={config['options']['classes']}" in message
    assert config["options"]["classes"] == 2
    assert f"batches of {config['recipe']['batch_size']}" in message
    assert 32 < config["recipe"]["batch_size"] < 128
    # A relative folder means another one once the command is given elsewhere.
    assert Path(config["data_dir"]).is_absolute()
    assert Path(config["data_dir"]).samefile(photos_dir)
    for name, setting, remedy in (
        ("deep_relu", {"options": {**options, "classes": 5}}, "--set classes=2"),
        ("deep_relu", {"options": options, "batch_size": 4096}, "smaller --batch-size"),
        ("perceptron", {}, "choose another --dataset"),
    ):
        with pytest.raises(ZooError, match=remedy):
            zoo.train(name, run_dir=tmp_path / "refused", **data, **setting)
    with pytest.raises(ZooError, match="--set inputs=2"):
        zoo.train("perceptron", options={"inputs": 3}, run_dir=tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


def test_the_precision_that_was_recorded_wins_over_a_new_measurement(tmp_path):
    # Whatever this machine would measure, one of the two was recorded otherwise.
    for recorded in ("mixed_bfloat16", "float32"):
        run = tmp_path / recorded
        zoo.train("perceptron", epochs=1, precision=recorded, run_dir=run)
        zoo.train("perceptron", epochs=2, precision="auto", run_dir=run)
        config = json.loads((run / "config.json").read_text(encoding="utf-8"))
        assert (config["precision"], config["recipe"]["epochs"]) == (recorded, 2)


def test_precision_auto_is_what_the_measured_ratio_says(tmp_path):
    heard = Heard()
    zoo.train("perceptron", epochs=1, precision="auto", run_dir=tmp_path / "run", reporter=heard)
    config = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    (message,) = (sentence for sentence in heard.sentences if sentence.startswith("Precision"))
    ratio = None
    flags = (
        set(Path("/proc/cpuinfo").read_text().split()) if Path("/proc/cpuinfo").is_file() else ()
    )
    assert precision.has_bfloat16() == any("bf16" in flag for flag in flags)
    if precision.has_bfloat16():
        ratio = float(message.partition("takes ")[2].partition(" ")[0])
    else:
        assert "no bfloat16 instructions" in message
    assert message.startswith(f"Precision {precision.by_time_ratio(ratio)}:")
    assert config["precision"] == precision.by_time_ratio(ratio)
    assert precision.by_time_ratio(precision.MAX_TIME_RATIO / 2) != precision.by_time_ratio(1.0)


def test_a_program_that_changed_what_keras_builds_is_reported(tmp_path):
    keras.config.set_floatx("float16")
    try:
        with pytest.raises(ZooError, match=r"floatx is set to 'float16'.*set_floatx\('float32'\)"):
            zoo.train("xor_mlp", epochs=1, run_dir=tmp_path / "run")
    finally:
        keras.config.set_floatx("float32")


def test_without_a_folder_every_training_gets_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = {zoo.train("xor_mlp", epochs=epochs)["run_dir"] for epochs in (1, 1, 2)}
    assert len(folders) == 3
    assert all((tmp_path / folder / "results.json").is_file() for folder in folders)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"TF_CONFIG": cluster_of}, message)
        for cluster_of, message in (
            ("{", "TF_CONFIG is invalid"),
            ("[]", "TF_CONFIG is invalid"),
            (
                '{"cluster": {"worker": ["a:99999"]}, "task": {"type": "worker", "index": 0}}',
                "65535",
            ),
            ('{"cluster": {"worker": ["a:0"]}, "task": {"type": "worker", "index": 0}}', "65535"),
            (
                '{"cluster": {"worker": ["a:²"]}, "task": {"type": "worker", "index": 0}}',
                "host:port",
            ),
            ('{"cluster": {"worker": [5]}, "task": {"type": "worker", "index": 0}}', "host:port"),
            (
                '{"cluster": {"worker": ["a:1", "a:1"]}, "task": {"type": "worker", "index": 0}}',
                "'a:1' twice",
            ),
            (
                '{"cluster": {"worker": ["a:1"]}, "task": {"type": [], "index": 0}}',
                "TF_CONFIG is invalid",
            ),
        )
    ]
    + [
        ({"SLURM_STEP_NUM_TASKS": "abc"}, "SLURM_STEP_NUM_TASKS is 'abc'"),
        ({"SLURM_STEP_NUM_TASKS": "-3"}, "SLURM_STEP_NUM_TASKS is '-3'"),
        ({"SLURM_STEP_NUM_TASKS": "²"}, "SLURM_STEP_NUM_TASKS is '²'"),
    ],
)
def test_a_cluster_that_cannot_be_is_one_sentence(environment, message):
    with pytest.raises(ZooError, match=message):
        find(environment)


def test_unknown_names_are_still_value_errors(tmp_path):
    with pytest.raises(UnknownNameError):
        zoo.train("xor_mlp", epoch=1, run_dir=tmp_path / "run")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"run_dir": Path("runs/a b"), "options": {"width": 8, "activation": "tanh"}, "seed": 3},
        {"recipe": "best", "penalty": 0.5, "learning_rate": 1e-3, "profile": True},
        {"recipe": dataclasses.replace(PLAIN, augmentation=Augmentation(flip=True, shift=2))},
        {"recipe": zoo.describe("deep_relu").recipes["best"], "data_dir": "äöü"},
    ],
)
def test_settings_come_back_from_json_as_they_were(settings):
    training = Training("deep_relu", **settings)
    line = training.to_json()
    assert len(line.splitlines()) == 1
    again = Training.from_json(line)
    assert Path(again.run_dir or "") == Path(training.run_dir or "")
    assert dataclasses.replace(again, run_dir=training.run_dir) == training


def test_settings_that_are_none_are_one_sentence():
    for text in ("", "[]", "{", '{"epochs": 3}', '{"name": "xor_mlp", "epoch": 3}'):
        with pytest.raises(ZooError, match="not the settings of a training"):
            Training.from_json(text)


def test_the_command_line_has_every_setting_with_its_help():
    command = typer.main.get_command(app).commands["train"]
    options = {parameter.name: parameter for parameter in command.params}
    for of in dataclasses.fields(Training):
        assert of.name in options
        if of.name != "name":
            assert options[of.name].help.startswith(of.metadata["help"])
            word = {"options": "--set", "start_from": "--from"}.get(
                of.name, "--" + of.name.replace("_", "-")
            )
            assert options[of.name].opts == [word]


@pytest.mark.parametrize("name", ["jit", "checkpoint_every", "profile", "precision"])
def test_a_setting_that_a_solver_ignores_is_refused(name, tmp_path):
    given = {
        "jit": "on",
        "checkpoint_every": "5 steps",
        "profile": True,
        "precision": "mixed_float16",
    }
    word = "--" + name.replace("_", "-")
    solvers = "gradient( or bfgs)?"
    with pytest.raises(ZooError, match=f"{word} is only for --solver {solvers}, not for exact"):
        zoo.train(
            "linear_cat_dog", solver="exact", run_dir=tmp_path, **{name: given[name]}, **NOWHERE
        )


def test_label_smoothing_of_logits_is_refused():
    x = keras.Input((2,), name="x")
    model = keras.Model(x, keras.Sequential([keras.layers.Dense(3)], name="head")(x), name="other")
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.raises(ZooError, match="Label smoothing is for softmax"):
        load_solver("gradient").check(model, dataclasses.replace(PLAIN, label_smoothing=0.1))
