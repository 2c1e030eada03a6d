"""Messages to the playground, damaged and random: each is read, or refused in one sentence."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from playground_settings import SETTINGS
from talk import assert_one_sentence, post_json

from zoo.errors import ZooError
from zoo.serve import messages

STATIC = Path(messages.__file__).parent / "static"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**310)
    | st.floats()
    | st.text(st.characters(codec=None), max_size=100),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = (*SETTINGS, "token", "training", "updates", "do")


@st.composite
def mutated(draw):
    """A good message of which some fields are missing, others anything."""
    message = {**SETTINGS, "training": 1, "updates": 1}
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4)):
        message.pop(name, None)
        if draw(st.booleans()):
            message[name] = draw(JSON)
    return message


def read_all(content):
    """All that the page's server and a worker read of a message; None if they refuse it."""
    try:
        message = messages.read_message(content)
        messages.read_token(message)
        messages.read_training(message)
        messages.read_updates(message)
        return messages.read_settings(message)
    except ZooError as error:
        sentence = str(error)
        assert sentence.endswith((".", "?"))
        assert "\n" not in sentence
        assert len(sentence) < 400
        return None


def is_good_start(content):
    try:
        messages.read_settings(messages.read_message(content))
    except ZooError:
        return False
    return True


@settings(max_examples=500, deadline=None, derandomize=True)
@given(mutated() | JSON)
def test_any_json_is_read_or_refused(message):
    found = read_all(json.dumps(message))
    if found is not None:
        assert found.data in messages.DATA
        assert isinstance(found.learning_rate, float)
        assert 1e-6 <= found.learning_rate <= 10
        assert isinstance(found.depth, int)
        # What was read is read again as the same.
        assert messages.read_settings(vars(found)) == found


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    assert read_all(content) is None


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(["start", "step", "end"]), mutated().map(json.dumps) | st.binary())
def test_the_server_answers_any_message_in_one_sentence(address, what, content):
    content = content if isinstance(content, bytes) else content.encode()
    # A good start would start TensorFlow, which other tests do.
    assume(what != "start" or not is_good_start(content))
    status, answer = post_json(f"{address}api/playground/{what}", content)
    if what == "end" and status == 200:
        assert answer == {}
    else:
        assert_one_sentence((status, answer), status)
        assert status in (400, 410)


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("activation", messages.ACTIVATIONS),
        ("data", messages.DATA),
        ("model", messages.MODELS),
    ],
)
def test_the_page_offers_what_is_taken(name, choices):
    page = (STATIC / "index.html").read_text("utf-8")
    (select,) = re.findall(rf'<select name="{name}">(.*?)</select>', page)
    assert set(re.findall(r"<option[^>]*>(.*?)</option>", select)) == set(choices)
