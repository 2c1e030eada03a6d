"""How the tests talk to the page."""

import json
import urllib.error
import urllib.request


def call(address, content=None, headers=None):
    """Return the status and what was answered, parsed."""
    request = urllib.request.Request(address, content, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def post_json(address, message, headers=None):
    """Post a message and return the status and what was answered, parsed."""
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    return call(address, content, {"Content-Type": "application/json", **(headers or {})})


def assert_one_sentence(found, status, *words):
    code, answer = found
    assert code == status, answer
    assert set(answer) == {"error"}
    assert "\n" not in answer["error"]
    assert answer["error"].endswith((".", "?"))
    for word in words:
        assert word in answer["error"]
