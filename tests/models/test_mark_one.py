import numpy as np
import pytest

import zoo


def association(model):
    return model.get_layer("head").get_layer("association")


def test_the_wiring_is_fixed_sparse_and_plus_or_minus_one():
    model = zoo.build("mark_one", association_units=64, excitatory=5, inhibitory=4)
    wiring = association(model).kernel.numpy()
    assert wiring.shape == (400, 64)
    assert ((wiring == 1).sum(axis=0) == 5).all()
    assert ((wiring == -1).sum(axis=0) == 4).all()
    x, y = zoo.data.shapes(200)
    model.fit(x, y, batch_size=1, verbose=0)
    np.testing.assert_array_equal(association(model).kernel, wiring)
    response = model.get_layer("head").get_layer("response").kernel.numpy()
    # Rosenblatt's rule from zero on units that are 0 or 1: every weight is a whole number.
    np.testing.assert_array_equal(response, np.round(response))
    assert np.abs(response).max() > 0


def test_the_wiring_is_a_function_of_its_seed():
    kernels = [
        association(zoo.build("mark_one", association_units=8, wiring_seed=seed)).kernel.numpy()
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert (kernels[0] != kernels[2]).any()


@pytest.mark.parametrize("responses", [2, 8])
def test_several_responses_learn_one_label_each(responses):
    model = zoo.build("mark_one", responses=responses)
    x, y = zoo.data.shapes(64)
    assert model.output_shape == (None, responses)
    model.fit(x, y, batch_size=1, verbose=0)
    assert np.isfinite(model.evaluate(x, y, verbose=0)[0])
