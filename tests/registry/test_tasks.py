import numpy as np
import pytest

from zoo import ZooError
from zoo.registry.tasks import (
    ACCURACY,
    RMSE,
    Classes,
    Limits,
    Sign,
    Threshold,
    Value,
    Values,
    register_task,
    task_names,
    task_of,
)
from zoo.utils.choices import UnknownNameError

_ONE = np.array([[-0.25], [0.5], [2.0]], np.float32)
_THREE = np.array([[0.1, 0.7, 0.2], [0.5, 0.5, 0.0]], np.float32)


@pytest.mark.parametrize(
    ("task", "outputs", "answers"),
    [
        (Threshold(0.5), _ONE, [0, 1, 1]),
        (Sign(), _ONE, [0, 1, 1]),
        (Threshold(2.5), _ONE, [0, 0, 0]),
        # The first of equal ones.
        (Classes(), _THREE, [1, 0]),
        (Values(), _ONE, _ONE.tolist()),
    ],
)
def test_outputs_become_answers_and_figures(task, outputs, answers):
    assert task.predictions(outputs).tolist() == answers
    assert task.agreement(outputs, outputs) == 1.0
    perfect = task.measure(outputs, np.asarray(answers))
    assert list(perfect) == [metric.name for metric in task.metrics]
    best = 1.0 if task.primary.is_share else 0.0
    assert perfect[task.primary.name] == best
    assert task_of({"task": task.name, "output": task.contract()}) == task


def test_errors_are_those_of_their_definitions():
    outputs, y = np.array([[3.0], [4.0]], np.float32), np.array([3.0, 3.0])
    found = Values("relative_l2").measure(outputs, y)
    assert list(found) == ["relative_l2", "rmse", "largest_error"]
    assert found["rmse"] == pytest.approx(np.sqrt(0.5))
    assert found["largest_error"] == 1.0
    assert found["relative_l2"] == pytest.approx(1 / np.sqrt(18))
    assert RMSE.is_better(0.1, 0.2)
    assert ACCURACY.is_better(0.2, 0.1)


def test_values_agree_within_a_share_of_each_ones_range():
    reference = np.array([[0.0, 0.0], [1.0, 100.0]], np.float32)
    near = reference + np.array([0.04, 4.0], np.float32)
    assert Values().agreement(near, reference) == 1.0
    assert Values().agreement(reference + np.array([0.06, 4.0], np.float32), reference) == 0.5


def test_a_threshold_of_several_outputs_is_a_unit_per_label():
    assert Threshold(0.5).for_outputs(1) == Threshold(0.5)
    assert Threshold(0.5).for_outputs(8) == Classes()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Threshold(None), "threshold is None"),
        (lambda: Threshold(float("nan")), "threshold is nan"),
        (lambda: Threshold(True), "threshold is True"),
        (lambda: Values("rsme"), "did you mean rmse"),
        (lambda: Limits(max_drop=-1), "give 0 or more"),
        (lambda: Limits(min_agreement=101), "from 0 to 100"),
        (lambda: register_task(Classes), "'classes' is registered already"),
        (lambda: task_of({"task": "binary", "output": {}}), "now called 'threshold'"),
        (lambda: task_of({"task": "ranks", "output": {}}), "no task 'ranks'"),
    ],
)
def test_what_is_no_task_is_one_sentence(make, message):
    with pytest.raises((ValueError, ZooError), match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_value_has_its_unit_behind_the_number():
    assert Value("ratio").text(1 / 3) == "ratio = 0.333333"
    assert task_names()[:4] == ("threshold", "sign", "classes", "values")
    with pytest.raises(UnknownNameError, match="did you mean values"):
        task_of({"task": "value", "output": {}})
