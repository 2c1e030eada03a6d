from dataclasses import replace

import pytest

import zoo
from zoo import ZooError
from zoo.registry import parse_option, register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Threshold
from zoo.utils.choices import UnknownNameError


def test_models_are_listed_from_the_perceptron_to_the_deepest_then_those_of_values():
    linear = ["linear_cat_dog", "cifar_softmax"]
    classifiers = ["perceptron", "mark_one", "xor_mlp", *linear, "deep_relu", "joint_classifier"]
    functions = ["universal_approximator", "pinn_oscillator", "pinn_poisson", "pinn_burgers"]
    values = ["linear_regression", "deep_regression", "plane_regressor"]
    values += ["pose_regressor", "box_regressor"]
    assert zoo.list_models() == [*classifiers, "plane_classifier", *functions, *values]
    assert zoo.list_models(task="values") == [*functions, *values]


def test_models_are_listed_by_task_and_data_set():
    assert zoo.list_models(dataset="cifar10") == ["cifar_softmax", "deep_relu"]
    assert zoo.list_models(task="sign") == ["linear_cat_dog"]
    assert zoo.list_models(task="sign", dataset="cifar10") == []


@pytest.mark.parametrize(("former", "now"), [("binary", "threshold"), ("multiclass", "classes")])
def test_a_former_name_of_a_task_is_answered_with_its_name_now(former, now):
    with pytest.raises(UnknownNameError, match=f"now called '{now}'"):
        zoo.list_models(task=former)
    assert zoo.list_models(task=now)


@pytest.mark.parametrize("name", zoo.list_models())
def test_a_description_says_what_there_is_to_know(name):
    spec = zoo.describe(name)
    assert spec.name == name
    assert spec.summary.startswith("Build ")
    assert spec.summary.endswith(".")
    assert "=" in spec.equation
    reached = spec.recipe.solver if spec.recipe.solver != "gradient" else spec.recipe.epochs
    assert str(reached) in spec.recipe.text()


def test_a_wrong_model_name_is_answered_with_the_near_misses():
    with pytest.raises(UnknownNameError, match="did you mean perceptron"):
        zoo.build("perceptrn")
    with pytest.raises(UnknownNameError, match=r"choose from .*deep_relu"):
        zoo.describe("transformer")


def test_a_wrong_option_is_answered_with_the_near_misses():
    with pytest.raises(UnknownNameError, match="did you mean depth"):
        zoo.build("deep_relu", dept=3)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("deep_relu", {"depth": "3"}, "'depth' takes a whole number, not '3'"),
        ("deep_relu", {"depth": True}, "whole number"),
        ("deep_relu", {"depth": -1}, "give 0"),
        ("deep_relu", {"dropout": 1.0}, "from 0 up, below 1"),
        ("deep_relu", {"width": 0}, "'width' is 0"),
        ("deep_relu", {"activation": "relo"}, "did you mean relu"),
        ("deep_relu", {"normalization": "bach"}, "did you mean batch"),
        ("cifar_softmax", {"classes": 1}, "at least 2"),
        ("cifar_softmax", {"grayscale": 1}, "true or false"),
        ("linear_cat_dog", {"size": 0}, "'size' is 0"),
        ("perceptron", {"inputs": 0}, "'inputs' is 0"),
        ("mark_one", {"excitatory": 401}, "400 photocells"),
        ("xor_mlp", {"hidden": 0}, "'hidden' is 0"),
    ],
)
def test_a_wrong_value_is_one_clear_sentence(name, options, message):
    with pytest.raises(ZooError, match=message) as caught:
        zoo.build(name, **options)
    assert "\n" not in str(caught.value)


def test_options_are_read_from_text_with_the_type_of_their_default():
    spec = zoo.describe("deep_relu")
    assert parse_option(spec, "depth=3") == ("depth", 3)
    assert parse_option(spec, "dropout=0.5") == ("dropout", 0.5)
    assert parse_option(spec, "grayscale=true") == ("grayscale", True)
    assert parse_option(spec, "activation=elu") == ("activation", "elu")
    for text in ("depth", "depth=two", "grayscale=yes", "dept=2"):
        with pytest.raises(ZooError):
            parse_option(spec, text)


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="registered already"):
        register(
            "perceptron",
            task=Threshold(0.5),
            dataset="xor",
            slides=(2,),
            equation="",
            output="",
            recipes={"lecture": Recipe(epochs=1, batch_size=1, learning_rate=1.0)},
        )(lambda: None)


def _builder(units: int = 2):
    """Build nothing."""


def _without_default(units):
    """Build nothing."""


def _with_default_none(units: int | None = None):
    """Build nothing."""


def _with_any_option(**options):
    """Build nothing."""


_RECIPE = Recipe(epochs=1, batch_size=1, learning_rate=1.0)


@pytest.mark.parametrize(
    ("builder", "changes", "message"),
    [
        (lambda units=2: None, {}, "no docstring"),
        (_without_default, {}, "'units' of model 'new' needs a default"),
        (_with_default_none, {}, "'units' of model 'new' needs a default"),
        (_with_any_option, {}, "'options' of model 'new' needs a default"),
        (_builder, {"task": "binary"}, "such as Threshold"),
        (_builder, {"task": Threshold}, "such as Threshold"),
        (_builder, {"recipes": {}}, "without a recipe"),
        (_builder, {"recipes": {"lecture": None}}, "not a Recipe"),
        (_builder, {"recipes": {"lecture": replace(_RECIPE, options={"width": 3})}}, "'width'"),
        (_builder, {"recipes": {"lecture": replace(_RECIPE, options={"units": "3"})}}, "whole"),
        (_builder, {"output": "{third}"}, "braces"),
        (_builder, {"output": ""}, "without its output"),
        (_builder, {"dataset": None}, "without its dataset"),
        (_builder, {"slides": ("2",)}, "slides"),
        (_builder, {"training_options": ("rate",)}, "no option 'rate'"),
        (_builder, {"name": "./new"}, "letters, digits"),
    ],
)
def test_a_specification_that_is_not_whole_is_refused_when_it_is_registered(
    builder, changes, message
):
    whole = {
        "name": "new",
        "task": Threshold(0.5),
        "dataset": "xor",
        "slides": (2,),
        "equation": "y = x",
        "output": "y",
        "recipes": {"lecture": _RECIPE},
    }
    with pytest.raises(ValueError, match=message) as caught:
        register(**{**whole, **changes})(builder)
    assert "\n" not in str(caught.value)
    assert "new" not in zoo.list_models()


@pytest.mark.parametrize("name", zoo.list_models())
def test_a_models_output_is_told_in_the_words_of_the_labels(name):
    spec = zoo.describe(name)
    message = spec.output_text(("apple", "pear {1}"))
    assert "{first}" not in message
    if isinstance(spec.task, Threshold):
        assert "apple" in message
        assert "pear {1}" in message
        assert "the second label" in spec.output_text()
    assert not {"a cat", "a dog"} & {message[at : at + 5] for at in range(len(message))}


def test_a_recipe_builds_the_optimizer_it_names():
    recipe = Recipe(epochs=1, batch_size=1, learning_rate=0.25, optimizer="adamw", weight_decay=0.1)
    optimizer = recipe.build_optimizer()
    assert float(optimizer.learning_rate) == 0.25
    assert optimizer.weight_decay == 0.1
    falling = Recipe(epochs=1, batch_size=1, learning_rate=0.25, schedule="cosine")
    assert float(falling.build_optimizer(100).learning_rate) == 0.25
    with pytest.raises(ZooError, match="did you mean adam"):
        Recipe(epochs=1, batch_size=1, learning_rate=1.0, optimizer="adm").build_optimizer()
