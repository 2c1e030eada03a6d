"""The SLURM job of docs/distributed.md, on four hosts with SLURM's own daemons.

Run with `python -m pytest -m slow -s tests/training/test_slurm.py`.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from document_commands import ROOT
from network.namespaces import network
from network.slurm import missing_for_slurm, slurm

import zoo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

if REASON := missing_for_slurm():
    pytestmark.append(pytest.mark.skip(reason=REASON))

_SECTION = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
_SECTION = _SECTION.partition("### SLURM\n")[2].partition("\n### ")[0]
# The batch script, and the command that sets TF_CONFIG itself.
SCRIPT, WITH_TF_CONFIG = re.findall(r"```\n(.*?)```", _SECTION, re.DOTALL)
EPOCHS = 2


@pytest.fixture(scope="module")
def cluster():
    with network(4) as hosts, slurm(hosts) as daemons:
        yield daemons


@pytest.fixture(scope="module")
def undisturbed(tfds_dir, tmp_path_factory):
    """The weights of the documented training on four devices of one process."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    words = ["deep_relu", "--epochs", EPOCHS, "--devices", 4, "--run-dir", folder]
    command = [sys.executable, "-m", "zoo", "train", *map(str, words)]
    subprocess.run(command, check=True, env={**os.environ, "TFDS_DATA_DIR": str(tfds_dir)})
    return weights(folder)


def weights(folder):
    return [weight.tobytes() for weight in zoo.load_model(folder).get_weights()]


class Job:
    """A job that runs a documented script in a home of its own.

    Args:
        cluster: where it is submitted.
        home: its $HOME.
        script: the text of the script.
    """

    def __init__(self, cluster, home, script):
        self.cluster = cluster
        self.folder = home / "runs" / "deep"
        self.output = home / "output"
        (home / "train.sh").write_text(script, encoding="utf-8")
        # Where `zoo` is.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.number = cluster.submit(
            home / "train.sh", self.output, {"HOME": str(home), "PATH": path}
        )

    def wait_until(self, described, count=1):
        """Wait until the output has a line that matches, for the given time."""
        while True:
            # The state first: what a job has written is there when it has ended.
            ended = self.state in ENDED
            lines = re.findall(described, self.text)
            if len(lines) >= count:
                return lines[count - 1]
            if ended:
                pytest.fail(f"no {described!r}; the job is {self.state}:\n{self.text}")
            time.sleep(0.2)

    def wait_for_end(self):
        while self.state not in ENDED:
            time.sleep(0.5)
        return self.state

    @property
    def text(self):
        return self.output.read_text(encoding="utf-8") if self.output.exists() else ""

    @property
    def state(self):
        return self.cluster.job(self.number)["JobState"]


ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")


def test_the_documented_job_is_requeued_in_mid_training_and_loses_no_bit(
    cluster, undisturbed, tmp_path
):
    job = Job(cluster, tmp_path, SCRIPT.replace("deep_relu", f"deep_relu --epochs {EPOCHS}"))
    job.wait_until(r"epoch +1/.*")
    assert cluster.run("scontrol", "requeue", job.number).returncode == 0
    resumed = job.wait_until(r"Resuming after .*")
    assert job.wait_for_end() == "COMPLETED", job.text
    assert cluster.job(job.number)["Restarts"] == "1"
    assert "Strategy multi_worker, 4 replicas" in job.text
    print(f"\n{job.text}\n{resumed}")
    assert weights(job.folder) == undisturbed
