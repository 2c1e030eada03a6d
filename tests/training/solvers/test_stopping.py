"""Every solver in a process of its own, stopped by a real signal, and the same command again."""

import signal
import subprocess
import sys

import pytest

import zoo
from zoo.errors import INTERRUPTED, PREEMPTED
from zoo.registry.solvers import solver_names
from zoo.training.solvers.stoppable import stoppable

# For each solver: a command, the output after which it is stopped, and whether it resumes.
COMMANDS = {
    "gradient": (["cifar_softmax", "--set", "size=8", "--epochs", "4"], "epoch   1", True),
    "exact": (["linear_cat_dog", "--set", "size=32"], "Summed", False),
    "lbfgs": (["cifar_softmax", "--set", "size=8"], "λ", True),
    "construction": (["universal_approximator"], "Placed", False),
    "bfgs": (["pinn_burgers", "--set", "width=8", "--iterations", "600"], "epoch  21", True),
}


def start(solver, folder):
    words = [sys.executable, "-m", "zoo", "train", *COMMANDS[solver][0], "--solver", solver]
    return subprocess.Popen(
        [*words, "--run-dir", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def weights(folder):
    return [weight.tobytes() for weight in zoo.load_model(folder).get_weights()]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tfds_dir):
    """Return a function from a solver to the weights of a training that was not stopped."""
    folder, found = tmp_path_factory.mktemp("undisturbed"), {}

    def of(solver):
        if solver not in found:
            with start(solver, folder / solver) as training:
                _, errors = training.communicate(timeout=600)
            assert training.returncode == 0, errors
            found[solver] = weights(folder / solver)
        return found[solver]

    return of


def test_every_solver_is_stopped_below():
    assert set(COMMANDS) == set(solver_names())


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("solver", COMMANDS)
def test_a_stopped_solver_leaves_nothing_half_written(solver, kind, undisturbed, tmp_path):
    _, moment, resumes = COMMANDS[solver]
    run = tmp_path / "run"
    with start(solver, run) as training:
        for line in training.stdout:
            if line.startswith(moment):
                break
        training.send_signal(kind)
        _, errors = training.communicate(timeout=120)
    assert training.returncode == (PREEMPTED if kind == signal.SIGTERM else INTERRUPTED), errors
    (sentence,) = errors.splitlines()
    assert sentence.startswith("Stopped on request")
    assert not (run / "results.json").exists()
    assert not (run / "model.keras").exists()
    assert {path.name for path in run.iterdir()} <= {
        *("config.json", "history.csv", "checkpoints", "logs", ".lock")
    }
    with start(solver, run) as training:
        output, errors = training.communicate(timeout=600)
    assert training.returncode == 0, errors
    assert ("Resuming" in output) == resumes
    assert weights(run) == undisturbed(solver)


def test_what_a_thread_raises_is_raised_and_what_it_returns_returned():
    assert stoppable(lambda: 3, lambda: None) == 3
    with pytest.raises(ZeroDivisionError):
        stoppable(lambda: 1 / 0, lambda: None)
