import numpy as np
import pytest

from zoo.nn.losses import HalfSquaredError, SignAccuracy, SquaredError


def test_half_squared_error_is_summed_over_outputs_and_averaged_over_examples():
    y, f = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 2.0]])
    assert float(HalfSquaredError()(y, f)) == pytest.approx((0.5 + 2.5) / 2, abs=1e-6)


def test_a_class_index_stands_for_its_one_hot_vector():
    f = np.array([[0.2, 0.8, 0.0], [1.0, 0.0, 0.5]])
    by_index = HalfSquaredError()(np.array([1, 0]), f)
    by_vector = HalfSquaredError()(np.array([[0, 1, 0], [1, 0, 0]]), f)
    assert float(by_index) == float(by_vector)


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_labels_of_one_output_come_with_or_without_its_axis(shape):
    y = np.array([1.0, 0.0, 1.0]).reshape(shape)
    f = np.array([[0.0], [0.0], [1.0]])
    assert float(HalfSquaredError()(y, f)) == pytest.approx(1 / 6, abs=1e-6)
    assert float(SquaredError()(y, f)) == pytest.approx(1 / 3, abs=1e-6)


def test_sign_accuracy_decides_at_zero_and_honours_weights():
    metric = SignAccuracy()
    y, f = np.array([-1.0, -1.0, 1.0, 1.0]), np.array([[-0.7], [0.1], [0.0], [-0.1]])
    metric.update_state(y, f)
    assert float(metric.result()) == 0.5
    metric.reset_state()
    metric.update_state(y, f, sample_weight=np.array([1.0, 0.0, 1.0, 0.0]))
    assert float(metric.result()) == 1.0
    again = SignAccuracy.from_config(metric.get_config())
    assert again.name == "accuracy"
