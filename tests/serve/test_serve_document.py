"""docs/serve.md says what the server does."""

import re
from pathlib import Path

import pytest
import typer.main

from zoo.cli.serve import serve
from zoo.serve import headers, limits, messages, sessions, uploads
from zoo.serve.joining import _GUESSES, _GUESSES_PER_SECOND, _SECONDS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "serve.md").read_text("utf-8")


@pytest.mark.parametrize("limit", [*limits.LIMITS.values(), limits.ANY], ids=lambda one: one.what)
def test_each_limit(limit):
    assert f"| {limit.what} | {limit.capacity} | {limits._often(limit.rate)} |" in DOCUMENT


def test_the_limits_of_all():
    text = " ".join(DOCUMENT.split())
    assert f"at most {sessions.PLACES_PER_CLIENT} trainings and {limits.MAX_AT_ONCE} up" in text
    assert f"photos of {limits.MAX_BYTES_AT_ONCE / 1e6:.0f} MB under way" in text
    assert f"{uploads.MAX_UPLOAD_BYTES / 2**20:.0f} MB per photo" in text
    assert f"{messages.MAX_MESSAGE_BYTES / 2**10:.0f} kB per message" in text
    assert f"{limits.BODY_SECONDS:.0f} seconds for a body" in text
    assert f"silent for {sessions.IDLE_SECONDS:.0f} seconds" in text
    assert f"{sessions.PLACES_PER_WORKER} places per worker" in text
    assert f"one in {1 / _GUESSES_PER_SECOND:.0f} seconds; while" in text
    assert _GUESSES == 10
    assert f"tries {_GUESSES_PER_SECOND * 86400:,.0f} codes a day" in text
    assert f"stays in for {_SECONDS / 3600:.0f} hours" in text


def test_the_policy():
    assert headers.POLICY in " ".join(DOCUMENT.split())


def test_each_option():
    app = typer.Typer(add_completion=False)
    app.command()(serve)
    options = {name for option in typer.main.get_command(app).params for name in option.opts}
    written = set(re.findall(r"^\| `(--[a-z-]+)", DOCUMENT, re.MULTILINE))
    assert written == {name for name in options if name.startswith("--")} - {"--help"}


def test_the_code_is_one_of_so_many():
    from zoo.serve.access import _ALPHABET, _LENGTH

    assert (len(_ALPHABET), _LENGTH) == (31, 8)
    assert "31⁸ ≈ 8.5 · 10¹¹" in DOCUMENT
    assert round(31**8 / 1e11, 1) == 8.5
