import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.data.oscillators import displacement
from zoo.nn.oscillator import OscillatorEquation
from zoo.nn.physics import Derivatives, derivatives


def exact(t):
    """Return u(t) of mass 1, damping 4, stiffness 400, in TensorFlow."""
    frequency = 396**0.5
    return tf.exp(-2 * t) * (tf.cos(frequency * t) + 2 / frequency * tf.sin(frequency * t))


def built(*coefficients, **options):
    equation = OscillatorEquation(*coefficients, dtype="float64", **options)
    equation.build([(None, 1), (None, 1)])
    return equation


def test_the_data_set_s_closed_form_solves_it():
    t = tf.constant(np.linspace(0, 1, 50)[:, None])
    np.testing.assert_allclose(exact(t), displacement(t.numpy()), atol=1e-12)
    residual = built(1.0, 4.0, 400.0).residual(t, derivatives(exact, t))
    np.testing.assert_allclose(residual, 0, atol=1e-9)
    # And no other oscillator's equation.
    for other in ((1.0, 5.0, 400.0), (1.0, 4.0, 300.0), (2.0, 4.0, 400.0)):
        assert np.abs(built(*other).residual(t, derivatives(exact, t))).max() > 1


def test_the_residual_is_m_times_u_dots_plus_mu_u_dot_plus_k_u():
    u = Derivatives(*(tf.constant([[number]], tf.float64) for number in (2.0, 3.0, 5.0)))
    residual = built(7.0, 11.0, 13.0).residual(tf.zeros((1, 1), tf.float64), u)
    assert float(residual[0, 0]) == 7 * 5 + 11 * 3 + 13 * 2


def test_estimates_are_in_the_coefficients_own_units():
    equation = built(1.0, 4.0, 400.0, estimated=True)
    assert {name: float(v) for name, v in equation.estimates().items()} == {
        "damping": 4,
        "stiffness": 400,
    }
    equation.trainable_weights[0].assign([0.5])
    assert float(equation.estimates()["damping"]) == 2
    assert built(1.0, 4.0, 400.0).estimates() == {}
    assert len(built(1.0, 4.0, 400.0).weights) == 2


def test_values_count_up_to_a_time():
    t = tf.constant([[0.0], [0.3], [0.31], [1.0]])
    np.testing.assert_array_equal(
        built(1.0, 4.0, 400.0, observed_until=0.3).observed(t), [1, 1, 0, 0]
    )


def test_it_comes_back_from_its_config():
    equation = OscillatorEquation(2.0, 3.0, 5.0, True, 0.7, residual_weight=0.1, name="equation")
    again = OscillatorEquation.from_config(equation.get_config())
    assert again.get_config() == equation.get_config()


@pytest.mark.parametrize("option", ["mass", "damping", "stiffness", "end"])
def test_numbers_that_no_oscillator_has_are_refused(option):
    with pytest.raises(zoo.ZooError, match=f"Option '{option}' is -1.0; give a number above 0"):
        zoo.build("pinn_oscillator", **{option: -1.0})
