"""Publish a bundle on the Hugging Face hub, from which `edge.load("hf://USER/REPO")` reads it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from zoo.errors import ZooError
from zoo.utils.text import printable


def check_access(repository: str) -> None:
    """Check that a bundle can be published, before much time is spent on making it.

    Args:
        repository: USER/REPO.

    Raises:
        ZooError: if the name is not of that form, huggingface_hub is not installed, or the hub
            does not know the user.
    """
    with _hub_errors(repository):
        from huggingface_hub import HfApi
        from huggingface_hub.utils import validate_repo_id

        validate_repo_id(repository)
        if repository.count("/") != 1:
            raise ZooError(f"{printable(repository)} is no repository; write USER/REPO.")
        HfApi().whoami()


def push(bundle: str | Path, repository: str) -> str:
    """Upload all files of a bundle to a model repository in one commit; return its address.

    The repository is created, and is public, unless it exists. Other files in it stay.

    Args:
        bundle: the bundle's folder.
        repository: USER/REPO.

    Returns:
        "hf://USER/REPO@COMMIT", for `zoo.edge.load`.

    Raises:
        ZooError: as `check_access`, or if the hub refuses the upload.
    """
    with _hub_errors(repository):
        from huggingface_hub import HfApi

        hub = HfApi()
        hub.create_repo(repository, exist_ok=True)
        commit = hub.upload_folder(
            repo_id=repository,
            folder_path=Path(bundle),
            ignore_patterns=["__pycache__/**", ".*"],
            commit_message="Upload a bundle of lecture-zoo",
        )
    return f"hf://{repository}@{commit.oid}"


@contextlib.contextmanager
def _hub_errors(repository: str) -> Iterator[None]:
    """Turn the exceptions of huggingface_hub into one sentence."""
    try:
        from huggingface_hub import errors
    except ImportError as error:
        raise ZooError(
            f"The hub needs huggingface_hub, which cannot be imported ({error}); "
            'run: pip install "lecture-zoo[hub]"'
        ) from error
    name = printable(repository)
    try:
        yield
    except ZooError:
        raise
    except errors.HFValidationError as error:
        raise ZooError(f"{name} is no repository; write USER/REPO.") from error
    except errors.LocalTokenNotFoundError as error:
        raise ZooError(f"The hub needs a token to write {name}; run: hf auth login") from error
    except Exception as error:
        # The hub's client lets exceptions of its own libraries through.
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in (401, 403):
            problem = "your token may not write there; run: hf auth login"
        else:
            problem = printable(" ".join(str(error).split()))[:300] or type(error).__name__
        raise ZooError(f"{name} cannot be written on the hub: {problem}") from error
