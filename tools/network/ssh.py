"""An OpenSSH server on every host of a network, and a client's settings that reach them."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from network.namespaces import Host, Network, missing

PROGRAMS = {
    "ip": "iproute2",
    "tc": "iproute2",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
_SECONDS_TO_START = 30.0
_SERVER = """\
ListenAddress {address}
HostKey {key}
AuthorizedKeysFile {authorized}
PidFile none
# The folder of temporary files is everybody's; the files of this server are not.
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
"""
_CLIENT = """\
Host *
  User root
  IdentityFile {key}
  IdentitiesOnly yes
  UserKnownHostsFile {known}
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
  BatchMode yes
"""


def missing_for_ssh() -> str:
    """Return why this process cannot make networks with ssh; "" if it can."""
    return missing(PROGRAMS)


class Servers:
    """The ssh servers of a network; see `ssh_servers`.

    Args:
        network: whose hosts have servers.
        folder: of the keys and settings.
    """

    def __init__(self, network: Network, folder: Path):
        self.network = network
        self.folder = folder
        self._running: dict[str, subprocess.Popen] = {}
        for name in ("client", *network.hosts):
            make_key(folder / f"{name}_key")
        for name in network.hosts:
            self.accept_keys(name)
        keys = {
            name: (folder / f"{name}_key.pub").read_text(encoding="utf-8") for name in network.hosts
        }
        known = "".join(f"{name} {key}" for name, key in keys.items())
        (folder / "known_hosts").write_text(known, encoding="utf-8")
        text = _CLIENT.format(key=folder / "client_key", known=folder / "known_hosts")
        (folder / "ssh_config").write_text(text, encoding="utf-8")

    @property
    def remote_shell(self) -> str:
        """The command that runs another one on a host, for `zoo train --remote-shell`."""
        return shlex.join(["ssh", "-F", str(self.folder / "ssh_config")])

    def run(self, start: str, end: str, command: str) -> subprocess.CompletedProcess:
        """Run a command on one host from another one, and return its exit code and output."""
        words = [*shlex.split(self.remote_shell), end, command]
        return self.network[start].run(*words)

    def start(self, name: str, hidden: Mapping[Path, Path | None] | None = None) -> None:
        """Start, or start again, the server of a host, and wait until it answers.

        Args:
            name: of the host.
            hidden: folders that the sessions of this server see otherwise than the machine does:
                as another folder, or empty (None).
        """
        self.stop(name)
        host, folder = self.network[name], self.folder
        settings = folder / f"{name}_sshd_config"
        authorized = folder / f"{name}_authorized_keys"
        text = _SERVER.format(
            address=host.address, key=folder / f"{name}_key", authorized=authorized
        )
        settings.write_text(text, encoding="utf-8")
        server = shlex.join([shutil.which("sshd") or "sshd", "-D", "-e", "-f", str(settings)])
        # `ip netns exec` gives each command its own mounts: the machine does not see these ones.
        # The server insists on an empty folder /run/sshd.
        script = ["mount -t tmpfs run /run", "mkdir /run/sshd"]
        # What bash runs at the start of a session belongs to the user, and may take long or lock.
        script.append('if [ -e "$HOME/.bashrc" ]; then mount --bind /dev/null "$HOME/.bashrc"; fi')
        for path, other in (hidden or {}).items():
            what = f"-t tmpfs hidden {shlex.quote(str(path))}"
            if other is not None:
                what = f"--bind {shlex.quote(str(other))} {shlex.quote(str(path))}"
            script.append(f"mount {what}")
        with (folder / f"{name}_log").open("a", encoding="utf-8") as log:
            self._running[name] = host.start(
                "sh",
                "-ec",
                "\n".join([*script, f"exec setpriv --pdeathsig KILL {server}"]),
                stdout=log,
                stderr=log,
            )
        self._wait_for(host)

    def stop(self, name: str) -> None:
        """Kill the server of a host; its sessions go on."""
        if server := self._running.pop(name, None):
            server.kill()
            server.wait()

    def refuse_keys(self, name: str) -> None:
        """Let a host refuse the client's key, as it does a stranger's."""
        (self.folder / f"{name}_authorized_keys").write_text("", encoding="utf-8")

    def accept_keys(self, name: str) -> None:
        """Undo `refuse_keys`."""
        key = (self.folder / "client_key.pub").read_text(encoding="utf-8")
        (self.folder / f"{name}_authorized_keys").write_text(key, encoding="utf-8")

    def log(self, name: str) -> str:
        """Return what the server of a host has written."""
        return (self.folder / f"{name}_log").read_text(encoding="utf-8")

    def _wait_for(self, host: Host) -> None:
        until = time.monotonic() + _SECONDS_TO_START
        while not host.run("ss", "-Hltn", "sport = :22").stdout:
            ended = self._running[host.name].poll() is not None
            if ended or time.monotonic() > until:
                raise RuntimeError(f"the ssh server of {host.name} failed: {self.log(host.name)}")
            time.sleep(0.05)


def make_key(path: Path) -> None:
    """Make a key without a passphrase: the private one at a path, the public one at path.pub."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(words, check=True, capture_output=True)


@contextlib.contextmanager
def ssh_servers(network: Network) -> Iterator[Servers]:
    """Start an ssh server on every host, each with its own key, and leave nothing of them.

    They end with the network's namespaces, if not before.
    """
    with tempfile.TemporaryDirectory(prefix="zoo-ssh-") as folder:
        servers = Servers(network, Path(folder))
        try:
            for name in network.hosts:
                servers.start(name)
            yield servers
        finally:
            for name in network.hosts:
                servers.stop(name)
