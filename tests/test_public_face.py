import subprocess
import sys

import pytest

import zoo

HEAVY = ("tensorflow", "keras", "tensorflow_datasets", "matplotlib", "ai_edge_litert", "PIL")


@pytest.mark.parametrize(
    "program",
    [
        "import zoo",
        "import zoo; zoo.list_models(); zoo.describe('deep_relu').options",
        "import zoo.cli",
        "import zoo.data; zoo.data.load('xor'); zoo.data.load('shapes')",
    ],
)
def test_listing_and_loading_computed_data_imports_nothing_heavy(program):
    check = f"{program}\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("imports", ["import zoo, keras", "import keras, zoo"])
def test_keras_itself_loads_a_saved_model_in_either_order_of_the_imports(imports):
    program = f"""{imports}
import warnings
from zoo.bundles.shipped import find_bundle
warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
for name in zoo.list_models():
    model = keras.models.load_model(find_bundle(name) / "model.keras")
    print(model.name, model.loss is not None)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines() == [f"{name} True" for name in zoo.list_models()], done.stderr


@pytest.mark.parametrize(
    "call", ["zoo.build('xor_mlp')", "zoo.train('xor_mlp')", "zoo.load_model('model.keras')"]
)
def test_without_keras_a_program_is_told_what_to_install(call):
    program = (
        "import sys, zoo\nsys.modules['keras'] = sys.modules['tensorflow'] = None\n"
        f"try:\n    {call}\nexcept zoo.ZooError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == ""
    assert "lecture-zoo[train]" in done.stdout
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("module", ["zoo", "zoo.cli"])
def test_a_command_that_computes_nothing_starts_without_numpy(module):
    check = f"import sys, {module}; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_every_public_name_is_there():
    for name in zoo.__all__:
        assert getattr(zoo, name) is not None


def test_an_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="bild"):
        zoo.bild  # noqa: B018
