"""What a command sets before it imports TensorFlow."""

import pytest

from zoo.utils.processes import run_python
from zoo.utils.quiet import quiet_logger

PREPARES = """
import os
from zoo.utils.quiet import prepare_keras
prepare_keras()
print(*(os.environ[name] for name in ("TF_FORCE_GPU_ALLOW_GROWTH", "KERAS_BACKEND")))
"""


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ({}, "true tensorflow"),
        ({"TF_FORCE_GPU_ALLOW_GROWTH": "false"}, "false tensorflow"),
        ({"KERAS_BACKEND": "jax"}, "true jax"),
    ],
)
def test_memory_of_a_gpu_grows_with_use_unless_the_user_says_otherwise(given, printed, monkeypatch):
    for name in ("TF_FORCE_GPU_ALLOW_GROWTH", "KERAS_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    assert run_python("-c", PREPARES, environment=given).stdout.strip() == printed


def test_tensorflow_s_logger_is_quiet_for_a_while(caplog):
    import tensorflow as tf

    logger = tf.get_logger()
    level = logger.level
    with quiet_logger():
        logger.info("Assets written")
        logger.error("not written")
    assert caplog.messages == ["not written"]
    assert logger.level == level
