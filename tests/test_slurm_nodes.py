"""SLURM on hosts to test with: its nodes are apart, count GPUs, and nothing of them is left."""

import pytest
from network.namespaces import has_ended, network
from network.slurm import missing_for_slurm, slurm

pytestmark = pytest.mark.skipif(missing_for_slurm() != "", reason=missing_for_slurm() or "none")


def test_tasks_run_on_the_nodes_and_nothing_is_left():
    with network(2) as hosts:
        with slurm(hosts) as cluster:
            assert sorted(cluster.run("srun", "--nodes=2", "hostname").stdout.split()) == ["a", "b"]
            script = cluster.folder / "sleep.sh"
            script.write_text("#!/bin/bash\nsrun --nodes=2 sleep 600\n", encoding="utf-8")
            job = cluster.submit(script, cluster.folder / "output", {}, "--nodes=2")
            while not all("sleep 600" in " ".join(host.commands().values()) for host in hosts):
                assert cluster.job(job)["JobState"] in ("PENDING", "RUNNING")
            pids = [pid for host in hosts for pid in host.processes()]
        assert all(has_ended(pid) for pid in pids)
        assert not any(host.commands() for host in hosts)
    assert not cluster.folder.exists()


def test_every_task_gets_gpus_of_its_own():
    with network(1) as hosts, slurm(hosts) as cluster:
        words = ("srun", "--ntasks=2", "--gpus-per-task=3", "printenv", "CUDA_VISIBLE_DEVICES")
        assert sorted(cluster.run(*words).stdout.split()) == ["0,1,2", "3,4,5"]


def test_what_sbatch_refuses_is_said():
    with network(1) as hosts, slurm(hosts) as cluster:
        script = cluster.folder / "script"
        script.write_text("no script", encoding="utf-8")
        with pytest.raises(RuntimeError, match="does not look like a batch script"):
            cluster.submit(script, cluster.folder / "output", {})
