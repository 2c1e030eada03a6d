"""SLURM on the hosts of a network: its own controller and a node daemon on every host."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from network.namespaces import Host, Network, missing

PROGRAMS = {
    "ip": "iproute2",
    "munged": "munge",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "srun": "slurm-client",
}
_SECONDS_TO_START = 60.0
_SETTINGS = """\
ClusterName=test
SlurmctldHost={controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A requeued job starts when the credentials of its first start have expired.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n_spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n_slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
# A node that does not answer is given up after so many seconds, its jobs are requeued.
SlurmdTimeout=20
ReturnToService=2
GresTypes=gpu
# More processors than the machine may have.
SlurmdParameters=config_overrides
NodeName={nodes} CPUs=4 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
# Nothing here uses control groups, yet slurmd looks for them, which `ip netns exec` hides.
_CONTROL_GROUPS = "CgroupPlugin=cgroup/v1\n"
_GPUS = 8


def missing_for_slurm() -> str:
    """Return why this process cannot make networks with SLURM; "" if it can."""
    return missing(PROGRAMS)


class Slurm:
    """The daemons of SLURM in a network; see `slurm`.

    The first host runs the controller too. Each node says that it has eight GPUs: devices that
    SLURM counts and assigns, but that nothing can compute on.

    Args:
        network: its hosts are the nodes.
        folder: of the settings, the state and the logs.
    """

    def __init__(self, network: Network, folder: Path):
        self.network = network
        self.folder = folder
        self.controller = next(iter(network))
        self._daemons: list[subprocess.Popen] = []
        self._environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        (folder / "state").mkdir()
        (folder / "munge.key").write_bytes(os.urandom(1024))
        (folder / "munge.key").chmod(0o400)
        settings = _SETTINGS.format(
            controller=self.controller.name,
            folder=folder,
            nodes=",".join(network.hosts),
            gpus=_GPUS,
        )
        (folder / "slurm.conf").write_text(settings, encoding="utf-8")
        (folder / "cgroup.conf").write_text(_CONTROL_GROUPS, encoding="utf-8")
        for number in range(_GPUS):
            # What /dev/null is.
            os.mknod(folder / f"gpu{number}", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        gpus = f"Name=gpu File={folder}/gpu[0-{_GPUS - 1}]\n"
        (folder / "gres.conf").write_text(gpus, encoding="utf-8")

    def start(self) -> None:
        """Start all daemons and wait until every node is idle."""
        files = {"socket": "munge.socket", "key-file": "munge.key", "log-file": "munged.log"}
        files |= {"pid-file": "munged.pid", "seed-file": "munged.seed"}
        # --force, because root owns the folder and nobody else may enter it.
        options = [f"--{option}={self.folder / name}" for option, name in files.items()]
        self._start(self.controller, "munged", "--foreground", "--force", *options)
        self._start(self.controller, "slurmctld", "-D")
        for name in self.network.hosts:
            self.start_node(name)
        until = time.monotonic() + _SECONDS_TO_START
        while set(self.run("sinfo", "-hN", "-o", "%T").stdout.split()) != {"idle"}:
            if time.monotonic() > until:
                raise RuntimeError(f"SLURM did not start: {self.run('sinfo', '-Nl').stdout}")
            time.sleep(0.2)

    def start_node(self, name: str) -> None:
        """Start the daemon of a host, as booting does."""
        self._start(self.network[name], "slurmd", "-D", "-N", name)

    def stop(self) -> None:
        """Kill the daemons and all that runs on the hosts."""
        for host in self.network:
            host.kill()
        for daemon in self._daemons:
            daemon.wait()

    def run(self, *words: object) -> subprocess.CompletedProcess:
        """Run one of SLURM's commands on the controller and return its exit code and output."""
        return self.controller.run(*words, env=self._environment)

    def submit(
        self, script: Path, output: Path, environment: Mapping[str, str], *options: str
    ) -> str:
        """Submit a batch script and return the number of the job.

        Args:
            script: as `sbatch` reads it.
            output: the file that its output goes to.
            environment: variables of the job, besides this process's.
            options: of `sbatch`.
        """
        done = self.controller.run(
            *("sbatch", "--parsable", "--output", output, *options, script),
            env={**self._environment, **environment},
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def job(self, number: str) -> dict[str, str]:
        """Return what `scontrol show job` says, such as {"JobState": "RUNNING"}."""
        words = self.run("scontrol", "--oneliner", "show", "job", number).stdout.split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def _start(self, host: Host, program: str, *words: object) -> None:
        # The daemons know their host by its name; --uts keeps the machine's own.
        command = shlex.join([shutil.which(program) or program, *map(str, words)])
        script = f"hostname {host.name} && exec {command}"
        with (self.folder / f"{host.name}_{program}.log").open("ab") as log:
            self._daemons.append(
                host.start(
                    *("unshare", "--uts", "sh", "-c", script),
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                )
            )


@contextlib.contextmanager
def slurm(network: Network) -> Iterator[Slurm]:
    """Start SLURM on the hosts of a network, with files of its own, and leave nothing of it."""
    with tempfile.TemporaryDirectory(prefix="zoo-slurm-") as folder:
        daemons = Slurm(network, Path(folder))
        try:
            daemons.start()
            yield daemons
        finally:
            daemons.stop()
