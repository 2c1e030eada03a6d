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
DOCUMENTED, RESOURCES = "deep_relu", "--nodes=4 --ntasks-per-node=1 --gpus-per-task=8"
assert DOCUMENTED in WITH_TF_CONFIG
assert RESOURCES in SCRIPT
FOR_TWO_EPOCHS = "deep_relu --epochs 2"
# Where the model does not matter, one whose epochs take a moment.
SMALL = "perceptron --set inputs=2 --batch-size 8 --epochs 40"
ENDLESS = "perceptron --set inputs=2 --batch-size 8 --epochs 1000000"
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")


@pytest.fixture(scope="module")
def cluster():
    with network(4) as hosts, slurm(hosts) as daemons:
        yield daemons


def undisturbed(words, folder):
    """Return the weights of a training on four devices of one process."""
    words = [*words.split(), "--devices", "4", "--run-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "zoo", "train", *words], check=True)
    return weights(folder)


def weights(folder):
    return [weight.tobytes() for weight in zoo.load_model(folder).get_weights()]


class Job:
    """A job that runs a script in a home of its own.

    Args:
        cluster: where it is submitted.
        home: its $HOME.
        script: the text of the script.
        options: of `sbatch`.
    """

    def __init__(self, cluster, home, script, *options):
        home.mkdir(exist_ok=True)
        self.cluster = cluster
        self.folder = home / "runs" / "deep"
        self.output = home / "output"
        (home / "train.sh").write_text(script, encoding="utf-8")
        # Where `zoo` is.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {"HOME": str(home), "PATH": path}
        self.number = cluster.submit(home / "train.sh", self.output, environment, *options)

    def wait_until(self, described):
        """Wait until the output has a line that matches, and return it."""
        while True:
            # The state first: what a job has written is there when it has ended.
            ended = self["JobState"] in ENDED
            if found := re.search(described, self.text):
                return found[0]
            if ended:
                pytest.fail(f"no {described!r}; the job is {self['JobState']}:\n{self.text}")
            time.sleep(0.2)

    def wait_for_restart(self):
        """Wait until SLURM has taken the job back, to start it again."""
        while self["JobState"] != "PENDING" or self["Restarts"] == "0":
            assert self["JobState"] not in ENDED, self.text
            time.sleep(0.2)

    def wait_for_end(self):
        while self["JobState"] not in ENDED:
            time.sleep(0.5)
        return self["JobState"]

    def control(self, *words):
        assert self.cluster.run("scontrol", *words).returncode == 0

    def cancel(self):
        assert self.cluster.run("scancel", self.number).returncode == 0

    @property
    def text(self):
        return self.output.read_text(encoding="utf-8") if self.output.exists() else ""

    def __getitem__(self, key):
        return self.cluster.job(self.number)[key]


def test_the_documented_job_is_requeued_in_mid_training_and_loses_no_bit(
    cluster, tfds_dir, tmp_path, monkeypatch
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tfds_dir))
    expected = undisturbed(FOR_TWO_EPOCHS, tmp_path / "undisturbed")
    job = Job(cluster, tmp_path / "home", SCRIPT.replace(DOCUMENTED, FOR_TWO_EPOCHS))
    job.wait_until(r"epoch 1/2 .*")
    job.control("requeue", job.number)
    job.wait_for_restart()
    resumed = job.wait_until(r"Resuming after .*")
    assert job.wait_for_end() == "COMPLETED", job.text
    assert job["Restarts"] == "1"
    assert "Strategy multi_worker, 4 replicas" in job.text
    print(f"\n{resumed}")
    assert weights(job.folder) == expected


def test_a_job_that_comes_to_its_time_limit_requeues_itself_until_it_is_cancelled(
    cluster, tmp_path
):
    job = Job(cluster, tmp_path, SCRIPT.replace(DOCUMENTED, ENDLESS))
    job.wait_until("epoch +3 ")
    hours, minutes, _ = map(int, job["RunTime"].split(":"))
    job.control("update", f"JobId={job.number}", f"TimeLimit={60 * hours + minutes + 2}")
    job.wait_for_restart()
    assert "Exited with exit code 75" in job.text
    job.control("update", f"JobId={job.number}", "TimeLimit=UNLIMITED")
    job.wait_until("Resuming after .*")
    job.cancel()
    assert job.wait_for_end() == "CANCELLED"
    for host in cluster.network:
        assert not [words for words in host.commands().values() if "zoo train" in words]


def test_a_job_goes_on_when_a_lost_node_is_back(cluster, tmp_path):
    script = SCRIPT.replace(DOCUMENTED, ENDLESS).replace("300 seconds", "1 seconds")
    job = Job(cluster, tmp_path, script)
    job.wait_until("epoch +9 ")
    cluster.network["d"].kill()
    lost = job.wait_until("Lost worker 3 .*;")
    assert "(d:" in lost
    job.wait_for_restart()
    assert "Node failure on d" in job.text
    cluster.start_node("d")
    job.wait_until("Resuming after .*")
    job.cancel()
    assert job.wait_for_end() == "CANCELLED"


def test_two_jobs_share_two_nodes(cluster, tmp_path):
    """With two tasks on each node, each task with GPUs of its own."""
    there = "--nodes=2 --ntasks-per-node=2 --gpus-per-task=2"
    script = SCRIPT.replace(DOCUMENTED, SMALL).replace(RESOURCES, there)
    script = script.replace("srun", "srun sh -c 'echo GPUs: $CUDA_VISIBLE_DEVICES.'\nsrun", 1)
    expected = undisturbed(SMALL, tmp_path / "undisturbed")
    jobs = [Job(cluster, tmp_path / name, script, "--nodelist=a,b") for name in ("one", "two")]
    for job in jobs:
        job.wait_until("Strategy multi_worker, 4 replicas")
        gpus = sorted(re.findall("GPUs: (.*)[.]", job.text))
        # Half of a node's eight, two for each task; which half is up to SLURM.
        halves = ["0,1", "0,1", "2,3", "2,3"], ["4,5", "4,5", "6,7", "6,7"]
        assert gpus in halves
    assert {job["JobState"] for job in jobs} == {"RUNNING"}
    for job in jobs:
        assert job.wait_for_end() == "COMPLETED", job.text
        assert weights(job.folder) == expected


def test_the_command_that_sets_tf_config_itself(cluster, tmp_path):
    script = re.sub("srun .*\n", lambda _: WITH_TF_CONFIG.replace(DOCUMENTED, SMALL), SCRIPT)
    expected = undisturbed(SMALL, tmp_path / "undisturbed")
    job = Job(cluster, tmp_path / "home", script)
    assert job.wait_for_end() == "COMPLETED", job.text
    assert "Strategy multi_worker, 4 replicas" in job.text
    assert weights(job.folder) == expected
