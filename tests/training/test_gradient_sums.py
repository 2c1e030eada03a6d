"""How the gradients of several replicas are sent, and what their sums are."""

import json
import subprocess
import sys

import pytest

# Logical devices must be asked for before TensorFlow is first used.
PROGRAM = """
import json, sys
import keras, tensorflow as tf
from zoo.training import precision, strategies
from zoo.training.gradient_sums import sum_of

strategy = strategies.choose("mirrored", int(sys.argv[2])).strategy
with precision.policy(sys.argv[1]), strategy.scope():
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32)])
add = sum_of(model, strategy)

@tf.function
def run():
    def step():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        # 1 + 1 / 128 is a number of bfloat16, as 1 is; half of their sum's last digit is lost.
        return add([tf.fill((64, 32), 1 + tf.cast(replica, tf.float32) / 128), tf.ones((32,))])
    return strategy.run(step)

library = run.get_concrete_function().graph.as_graph_def()
nodes = [node for function in library.library.function for node in function.node_def]
kinds = [
    tf.as_dtype(node.attr["T"].type).name
    for node in [*library.node, *nodes]
    if node.op.startswith("CollectiveReduce")
]
sums = [strategy.experimental_local_results(of)[0] for of in run()]
print(json.dumps([kinds, *([of.dtype.name, float(tf.reduce_max(of))] for of in sums)]))
"""


@pytest.mark.parametrize(
    ("precision", "replicas", "expected"),
    [
        ("float32", 2, [["float32"] * 2, ["float32", 2 + 1 / 128], ["float32", 2]]),
        ("mixed_bfloat16", 2, [["bfloat16"] * 2, ["float32", 2], ["float32", 2]]),
        ("mixed_bfloat16", 1, [[], ["float32", 1], ["float32", 1]]),
    ],
)
def test_gradients_computed_in_bfloat16_are_sent_as_such(precision, replicas, expected):
    words = [sys.executable, "-c", PROGRAM, precision, str(replicas)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # One exchange for all gradients, at the end of which every replica has the sums.
    assert json.loads(done.stdout.splitlines()[-1]) == expected
