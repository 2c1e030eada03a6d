import pytest

import zoo
from zoo.models.physics_head import SMOOTH
from zoo.nn.activation_names import NAMES

PHYSICS = [name for name in zoo.list_models() if 13 in zoo.describe(name).slides]


@pytest.mark.parametrize("activation", NAMES)
@pytest.mark.parametrize("name", PHYSICS)
def test_activations_without_a_second_derivative_are_refused(name, activation):
    if activation in SMOOTH:
        zoo.build(name, activation=activation)
        return
    with pytest.raises(zoo.ZooError, match=r"second derivative is 0.*choose from sigmoid, elu"):
        zoo.build(name, activation=activation)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activation": "tanhh"}, "tanhh"),
        ({"depth": 0}, "'depth' is 0; give"),
        ({"width": 0}, "'width' is 0; give"),
    ],
)
def test_options_out_of_their_range_are_refused(options, message):
    for name in PHYSICS:
        with pytest.raises(zoo.ZooError, match=message):
            zoo.build(name, **options)
