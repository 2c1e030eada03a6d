"""Whether the workers of a training have the same software, settings and data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from zoo.errors import ZooError
from zoo.training.agreement import Agreement
from zoo.training.cluster import Cluster
from zoo.training.handshake import version_difference
from zoo.training.run_folder import first_difference
from zoo.utils.provenance import versions


def require_same_software(agreement: Agreement, cluster: Cluster) -> None:
    """Check that all workers have the chief's versions; all must call this at the same point.

    Raises:
        ZooError: in every worker, naming the first whose versions differ.
    """
    chief = json.loads(agreement.broadcast(json.dumps(versions()).encode()))
    difference = version_difference(chief, versions())
    _require_none(agreement, cluster, f"has {difference} on the chief's host" * bool(difference))


def require_same_training(
    agreement: Agreement, cluster: Cluster, chief: Mapping[str, Any], own: Mapping[str, Any]
) -> None:
    """Check that all workers have the chief's config; all must call this at the same point.

    Args:
        agreement: communication between the workers.
        cluster: the workers.
        chief: the chief's config.json.
        own: this worker's.

    Raises:
        ZooError: in every worker, naming the first whose settings or data differ.
    """
    sentence = ""
    if difference := first_difference(own, chief):
        key, found = difference
        sentence = f"has other settings or data than the chief: its {key} is {found}"
    _require_none(agreement, cluster, sentence)


def _require_none(agreement: Agreement, cluster: Cluster, fault: str) -> None:
    faults = [found.decode() for found in agreement.gather(fault.encode())]
    for name, found in zip(cluster.names(), faults, strict=True):
        if found:
            raise ZooError(
                f"{name[0].upper()}{name[1:]} {found}; start the same command with the same "
                "environment and data on every host."
            )
