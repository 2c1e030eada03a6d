"""The Kubernetes Job of docs/distributed.md: a valid one, whose containers train together.

The containers run with `python -m pytest -m slow -s tests/training/test_kubernetes.py`.
"""

import copy
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from document_commands import ROOT
from network.namespaces import missing, network

import zoo
from zoo.training.launcher import PREEMPTED

_SECTION = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
(TEXT,) = re.findall(r"```yaml\n(.*?)```", _SECTION.partition("### Kubernetes\n")[2], re.DOTALL)
SERVICE, JOB = yaml.safe_load_all(TEXT)
POD = JOB["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
WORKERS = JOB["spec"]["completions"]
_, LATEST, _ = map(int, kubernetes_validate.latest_version().split("."))
# The package knows the schemas from 1.25 on.
VERSIONS = [f"1.{minor}" for minor in range(25, LATEST + 1)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", [SERVICE, JOB], ids=lambda resource: resource["kind"])
def test_the_schemas_of_the_api_accept_it(resource, version):
    assert kubernetes_validate.validate(resource, version, strict=True) == version


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "completionmode"), "Indexed"),
        (("spec", "completions"), "four"),
        (("spec", "template", "spec", "subDomain"), "zoo"),
        (("spec", "template", "spec", "containers"), [{"image": "nameless"}]),
        (("spec", "template", "spec", "containers", 0, "volumeMounts", 0, "path"), "/data"),
        (("spec", "template", "spec", "containers", 0, "args"), "one string"),
    ],
)
def test_the_schemas_refuse_a_wrong_field(path, value):
    broken = copy.deepcopy(JOB)
    where = broken
    for key in path[:-1]:
        where = where[key]
    where[path[-1]] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


def test_its_parts_fit_each_other():
    assert JOB["spec"]["completionMode"] == "Indexed"
    assert JOB["spec"]["parallelism"] == WORKERS
    # The label that every pod of a Job carries.
    assert SERVICE["spec"] == {"clusterIP": "None", "selector": {"job-name": name_of(JOB)}}
    assert POD["subdomain"] == name_of(SERVICE)
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == {
        volume["name"] for volume in POD["volumes"]
    }


def name_of(resource):
    return resource["metadata"]["name"]


def host_name(index):
    """Return the name that resolves to a pod of an Indexed Job with a headless service."""
    return f"{name_of(JOB)}-{index}.{POD['subdomain']}"


class Containers:
    """The containers of the Job, each on a host of its own, as process 1 of its processes.

    Args:
        hosts: a network of as many hosts as there are pods.
        folder: what the volume holds.
        epochs: how long they train.
    """

    def __init__(self, hosts, folder, epochs):
        self._hosts = list(hosts)
        self._names = folder / "hosts"
        lines = [f"{host.address} {host_name(index)}" for index, host in enumerate(hosts)]
        self._names.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]), encoding="utf-8")
        (script,) = CONTAINER["args"]
        (mount,) = CONTAINER["volumeMounts"]
        script = script.replace(mount["mountPath"], str(folder))
        self._script = script.replace("deep_relu", f"deep_relu --epochs {epochs}")
        self._outputs = [folder / f"output-{index}" for index in range(WORKERS)]
        self._running = []

    def start(self):
        """Start all, as the Job does at first and after they have failed."""
        for index, (host, output) in enumerate(zip(self._hosts, self._outputs, strict=True)):
            # In the mounts that `ip netns exec` gives every command.
            names = f'mount --bind "{self._names}" /etc/hosts && exec "$@"'
            alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
            with output.open("a") as log:
                self._running.append(
                    host.start(
                        *("sh", "-c", names, "sh", *alone, *CONTAINER["command"], self._script),
                        stdout=log,
                        stderr=log,
                        env={
                            **os.environ,
                            "JOB_COMPLETION_INDEX": str(index),
                            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                        },
                    )
                )

    def evict(self, index):
        """Send SIGTERM to process 1 of a container, as Kubernetes does."""
        unshare = self._running[index].pid
        (first,) = Path(f"/proc/{unshare}/task/{unshare}/children").read_text().split()
        os.kill(int(first), signal.SIGTERM)

    def wait(self):
        """Return the exit codes of all."""
        codes = [container.wait() for container in self._running]
        self._running = []
        return codes

    def wait_until(self, text):
        """Wait until the chief has written a text."""
        while text not in self.text:
            assert {container.poll() for container in self._running} <= {None}, self.text
            time.sleep(0.2)

    @property
    def text(self):
        return self._outputs[0].read_text(encoding="utf-8")


def weights(folder):
    return [weight.tobytes() for weight in zoo.load_model(folder).get_weights()]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(missing() != "", reason=missing() or "none")
def test_the_containers_train_together_and_lose_no_bit_by_an_eviction(tfds_dir, tmp_path):
    (tmp_path / "tfds").symlink_to(tfds_dir)
    words = ["deep_relu", "--epochs", "2", "--devices", str(WORKERS)]
    words += ["--data-dir", str(tfds_dir), "--run-dir", str(tmp_path / "undisturbed")]
    subprocess.run([sys.executable, "-m", "zoo", "train", *words], check=True)
    with network(WORKERS) as hosts:
        containers = Containers(hosts, tmp_path, epochs=2)
        containers.start()
        containers.wait_until("epoch   1")
        containers.evict(2)
        assert containers.wait() == [PREEMPTED] * WORKERS, containers.text
        containers.start()
        assert containers.wait() == [0] * WORKERS, containers.text
    print(f"\n{containers.text}")
    assert "Resuming after epoch 1, step " in containers.text
    assert weights(tmp_path / "runs" / "deep") == weights(tmp_path / "undisturbed")
