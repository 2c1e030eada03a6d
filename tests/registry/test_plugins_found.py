"""How plugins are found, and what becomes of one that is broken or missing."""

import os

import plugin_programs as programs
import pytest

import zoo
from zoo import ZooError, data
from zoo.data import Split, computed_dataset, register_dataset
from zoo.registry import Task, Value, Values, plugins, register_task

VALUES = (Value("y"),)
# One that needs no Keras until it is built.
PLUGIN = '''
import numpy as np
from zoo.data import Split, computed_dataset, register_dataset
from zoo.registry import Recipe, Task, Values, Value, register, register_task

@register_dataset("{name}_data", kind="vector", values=[Value("y")], summary="Nothing.")
def load():
    split = Split(np.zeros((4, 1), "float32"), np.zeros((4, 1)))
    parts = dict.fromkeys(("train", "validation", "test"), split)
    return computed_dataset("{name}_data", "vector", parts, values=[Value("y")])

@register("{name}", task=Values(), dataset="{name}_data", equation="y = 0", output="0",
          recipes={{"r": Recipe(epochs=1, batch_size=1, learning_rate=1.0)}})
def build(units: int = 1):
    """Build nothing."""
'''


@pytest.fixture
def named(monkeypatch):
    """Nothing is named, and what is loaded by a test is forgotten after it."""
    monkeypatch.delenv(plugins.VARIABLE, raising=False)


def listing(*words, **settings):
    """Return what a process that lists models prints, and what it complains of."""
    done = programs.python("-m", "zoo", *words, env=programs.environment(**settings))
    return done.returncode, done.stdout, done.stderr


def test_a_broken_plugin_is_named_in_one_sentence_and_the_rest_works(tmp_path):
    whole, broken = tmp_path / "whole_one.py", tmp_path / "broken_one.py"
    whole.write_text(PLUGIN.format(name="whole"))
    broken.write_text('raise RuntimeError("no\\n\\x1b[31mdisk")')
    code, listed, complaint = listing("list", "--plugin", broken, f"--plugin={whole}")
    assert code == 0
    assert "whole" in listed
    assert "perceptron" in listed
    assert complaint == (f"The plugin {broken.resolve()} cannot be imported (RuntimeError: no).\n")


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("def f(:", "SyntaxError: "),
        ("import no_such_module", "No module named 'no_such_module'"),
        (PLUGIN.format(name="perceptron"), "'perceptron' is registered already"),
        (PLUGIN.format(name="bad").replace("units: int = 1", "units=None"), "needs a default"),
        (PLUGIN.format(name="bad").replace("Build nothing.", ""), "no docstring"),
        (PLUGIN.format(name="bad").replace("task=Values()", "task='values'"), "give a task"),
    ],
)
def test_whatever_a_plugin_raises_is_its_problem_alone(named, monkeypatch, code, problem, tmp_path):
    path = tmp_path / f"plugin_{abs(hash(problem))}.py"
    path.write_text(code)
    before = zoo.list_models()
    monkeypatch.setenv(plugins.VARIABLE, str(path))
    assert zoo.list_models() == before
    (found,) = [plugin for plugin in plugins.load_plugins() if plugin.module == path.stem]
    assert problem in found.problem
    with pytest.raises(ZooError, match="cannot be imported") as caught:
        plugins.check_plugins("runs/a", {path.stem: "1.0"})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (int, "not a class that inherits from Task"),
        (type("Unnamed", (Task,), {}), "has no name"),
        (type("Spaced", (Values,), {"name": "a b"}), "has no name"),
    ],
)
def test_a_kind_of_task_that_is_none_is_refused(kind, message):
    with pytest.raises(ValueError, match=message):
        register_task(kind)


def test_a_model_of_a_kind_of_task_that_is_not_registered_is_refused(tmp_path, monkeypatch):
    code = PLUGIN.format(name="odd").replace("task=Values()", "task=type('Odd', (Values,), {})()")
    path = tmp_path / "odd_one.py"
    path.write_text(code)
    monkeypatch.setenv(plugins.VARIABLE, str(path))
    (found,) = [plugin for plugin in plugins.load_plugins() if plugin.module == "odd_one"]
    assert "decorate the class with register_task" in found.problem


@pytest.mark.parametrize("name", ["nowhere.py", "no_such_module", "no_such_package.part", "a b"])
def test_a_plugin_that_is_not_there_is_bad_input(named, name, tmp_path):
    with pytest.raises(ZooError, match="There is no plugin"):
        plugins.name_plugin(name)
    assert plugins.VARIABLE not in os.environ


def test_a_file_must_not_bear_the_name_of_another_module(named, monkeypatch, tmp_path, caplog):
    path = tmp_path / "statistics.py"
    path.write_text("")
    monkeypatch.setenv(plugins.VARIABLE, str(path))
    plugins.load_plugins()
    assert "another module named statistics; rename the file" in caplog.text


def test_installed_packages_are_found_where_keras_is_not(tmp_path):
    site = programs.install(tmp_path)
    code = (
        "import sys; sys.modules.update(keras=None, tensorflow=None); import zoo;"
        "print(zoo.list_models()[-1], zoo.data.list_datasets()[-1],"
        "zoo.data.load('wave').values, 'curve_models.parts' in sys.modules)"
    )
    done = programs.python("-c", code, env=programs.environment(site))
    assert done.stdout.startswith("hat_regression wave (Value(name='height', unit='cm'),) False")
    assert done.stderr == ""


def test_a_plugin_may_ask_for_the_list_it_is_put_on(tmp_path):
    path = tmp_path / "asking.py"
    path.write_text(PLUGIN.format(name="asked") + "import zoo\nassert 'asked' in zoo.list_models()")
    code, listed, complaint = listing("describe", "asked", "--plugin", path)
    assert (code, complaint) == (0, "")
    assert "asked_data" in listed


def _split():
    import numpy as np

    return Split(np.zeros((2, 1), "float32"), np.zeros((2, 1), "float32"))


def _whole(name, values=VALUES, **parts):
    splits = {**dict.fromkeys(("train", "validation", "test"), _split()), **parts}
    return computed_dataset(name, "vector", splits, values=values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "xor"}, "registered already"),
        ({"name": "a b"}, "letters, digits"),
        ({"kind": "sound"}, "no kind of data set 'sound'"),
        ({"summary": " "}, "without a summary"),
        ({"values": ()}, "without labels or values"),
        ({"labels": ("a", "b")}, "or with both"),
        ({"values": ("y",)}, "not `zoo.registry.Value`s"),
        ({"values": (Value("y"), Value("y"))}, "the same name"),
        ({"values": (), "labels": ("a", 1)}, "names must be strings"),
        ({"values": (), "labels": ("a", "b\n")}, "white space"),
    ],
)
def test_a_data_set_that_is_not_whole_is_refused_when_it_is_registered(changes, message):
    whole = {"name": "new", "kind": "vector", "values": (Value("y"),), "summary": "None."}
    with pytest.raises(ValueError, match=message) as caught:
        register_dataset(**{**whole, **changes})(lambda: None)
    assert "\n" not in str(caught.value)
    assert "new" not in data.list_datasets()


def test_a_function_that_cannot_load_a_data_set_is_refused():
    decorate = register_dataset("new", kind="vector", values=[Value("y")], summary="None.")
    with pytest.raises(ValueError, match="takes folder"):
        decorate(lambda folder: None)


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (lambda: [], "was loaded as a list"),
        (lambda: _whole("other"), "has the name 'other'"),
        (lambda: _whole("checked", (Value("z"),)), "has the values"),
        (lambda: _whole("checked", train=Split(_split().x[:0], _split().y[:0])), "no examples"),
        (lambda: _whole("checked", test=Split(_split().x.astype(int), _split().y)), "float32"),
    ],
)
def test_a_data_set_that_is_not_what_it_was_registered_as_is_refused(monkeypatch, load, message):
    from zoo.data import catalog

    monkeypatch.setattr(catalog, "_CATALOG", dict(catalog._CATALOG))
    register_dataset("checked", kind="vector", values=[Value("y")], summary="None.")(load)
    with pytest.raises(ZooError, match=message) as caught:
        data.load("checked")
    assert "\n" not in str(caught.value)


def test_a_data_set_may_lie_in_a_folder_that_the_user_gives(monkeypatch, tmp_path):
    from zoo.data import catalog

    monkeypatch.setattr(catalog, "_CATALOG", dict(catalog._CATALOG))
    given = []

    @register_dataset("filed", kind="vector", values=[Value("y")], summary="None.")
    def load(data_dir):
        given.append(data_dir)
        return _whole("filed")

    data.load("filed", tmp_path)
    assert given == [tmp_path]
    assert data.describe("filed").source == "folder"
