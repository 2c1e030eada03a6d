"""Which of TensorFlow's errors say that another worker was lost."""

import socket

import pytest
import tensorflow as tf

from zoo.training.cluster import Cluster, WorkerLostError, explaining_lost_workers


@pytest.fixture
def cluster():
    """A cluster whose other worker answers, as after an outage."""
    with socket.create_server(("127.0.0.1", 0)) as peer:
        addresses = ("127.0.0.1:1", f"127.0.0.1:{peer.getsockname()[1]}")
        yield Cluster({"worker": addresses}, "worker", 0)


@pytest.mark.parametrize("kind", ["Unavailable", "Aborted", "Cancelled", "DeadlineExceeded"])
def test_a_connection_that_is_back_was_lost_all_the_same(kind, cluster):
    error = getattr(tf.errors, f"{kind}Error")(None, None, "of a collective operation")
    with (
        pytest.raises(WorkerLostError, match="Lost another worker; the same command") as lost,
        explaining_lost_workers(cluster),
    ):
        raise error
    assert lost.value.__cause__ is error


def test_an_error_of_the_model_is_not_explained_by_a_lost_worker(cluster):
    error = tf.errors.InvalidArgumentError(None, None, "shapes")
    with pytest.raises(tf.errors.InvalidArgumentError), explaining_lost_workers(cluster):
        raise error


def test_any_error_names_a_worker_that_does_not_answer():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    cluster = Cluster({"worker": ("127.0.0.1:1", address)}, "worker", 0)
    with pytest.raises(WorkerLostError, match="Lost worker 1"), explaining_lost_workers(cluster):
        raise tf.errors.InternalError(None, None, "socket closed")
