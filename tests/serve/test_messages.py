"""Messages to the page's server: each is read as what was sent, or refused in one sentence."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.models.physics_head import SMOOTH
from zoo.nn.activation_names import NAMES
from zoo.serve import messages
from zoo.serve.settings import CurveSettings, FieldSettings, PlaneSettings

KINDS = (
    messages.Start,
    messages.Step,
    messages.Back,
    messages.Weight,
    messages.Training,
    messages.Predict,
    messages.Join,
)
GOOD = {
    "settings": {"kind": "plane", "data": "own", "points": [[0, 0.5, 1]], "widths": [3, 2]},
    "training": "token",
    "updates": 1,
    "to": 0,
    "layer": 0,
    "row": -1,
    "column": 0,
    "value": 0.5,
    "model": "xor_mlp",
    "artifact": None,
    "code": "ABCD-EFGH",
}
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


def fields_of(kind):
    return {name: GOOD[name] for name in kind.model_fields}


@st.composite
def mutated(draw):
    """A kind, and a good message of it of which some fields are missing, others anything."""
    kind = draw(st.sampled_from(KINDS))
    message = fields_of(kind)
    for name in draw(st.lists(st.sampled_from([*message, "more"]), min_size=1, max_size=4)):
        message.pop(name, None)
        if draw(st.booleans()):
            message[name] = draw(JSON)
    inner = message.get("settings")
    if isinstance(inner, dict) and draw(st.booleans()):
        name = draw(st.sampled_from(list(PlaneSettings.model_fields)))
        message["settings"] = {**inner, name: draw(JSON)}
    return kind, json.dumps(message)


def read(kind, content):
    """What is read of a message; None if it is refused, which takes one sentence."""
    try:
        return messages.read(kind, content)
    except ZooError as error:
        sentence = str(error)
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert len(sentence) < 500
        return None


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_message_is_read(kind):
    found = messages.read(kind, json.dumps(fields_of(kind)))
    # What was read is written and read again as the same.
    assert messages.read(kind, found.model_dump_json()) == found


@settings(max_examples=500, deadline=None, derandomize=True)
@given(mutated())
def test_a_damaged_message_is_read_or_refused(damaged):
    kind, content = damaged
    found = read(kind, content)
    if found is not None:
        assert messages.read(kind, found.model_dump_json()) == found


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(KINDS), st.binary(max_size=200) | JSON.map(json.dumps))
def test_anything_else_is_refused(kind, content):
    assert read(kind, content) is None


PLANE = {"kind": "plane"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data": "circl"}, "The data is 'circl'; choose from and, or, nand, xor, circle, "),
        ({"data": "circl"}, "own (did you mean circle?)."),
        ({"learning_rate": 11}, "The learning rate is 11; give a number from 1e-06 to 10."),
        ({"learning_rate": "1"}, "The learning rate is '1'; give a number from 1e-06 to 10."),
        ({"learning_rate": float("nan")}, "The learning rate is nan; give a number from "),
        ({"seed": 1.5}, "The seed is 1.5; give a whole number from 0 to 2,147,483,647."),
        ({"seed": None}, "The seed is missing; give a whole number from 0 to 2,147,483,647."),
        ({"seed": True}, "The seed is true; give a whole number from 0 to 2,147,483,647."),
        ({"widths": [4, 40]}, "Item 2 of widths is 40; give a whole number from 1 to 32."),
        ({"widths": [1] * 7}, "The widths are a list of 7 items; give a list of 0 to 6 items."),
        (
            {"widths": [4]},
            "The number of widths is 1, and that of activations is 2; give one activation per ",
        ),
        ({"activations": ["tanh", "tnh"]}, "Item 2 of activations is 'tnh'; choose from step, "),
        ({"features": ["x1", "x1"]}, "A feature is given twice; give each once."),
        ({"data": "own"}, "There are no own points; give at least one, or choose other data."),
        ({"points": [[1, 2]]}, "Item 3 of item 1 of points is missing; give a number from "),
        ({"points": [[0, 0, 1]] * 501}, "The points are a list of 501 items; give a list of 0 to "),
        ({"depht": 2}, "There is no field 'depht'; choose from kind, data, "),
        ({"kind": "plan"}, "The kind is 'plan'; choose from curve, field, plane (did you mean "),
        ({"kind": None}, "The kind is missing; choose from curve, field, plane."),
    ],
)
def test_what_is_wrong_with_settings(changes, sentence):
    content = json.dumps({"settings": {**PLANE, **changes}})
    with pytest.raises(ZooError) as caught:
        messages.read(messages.Start, content)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "content", "sentence"),
    [
        (messages.Step, "[1]", "A message must be a JSON object, but this is another JSON value."),
        (messages.Step, "updates", "A message must be a JSON object, but this is not JSON."),
        (messages.Step, b"\xff", "A message must be a JSON object, but this is not JSON."),
        (messages.Step, "[" * 60_000, "A message must be a JSON object, but this is not JSON."),
        (
            messages.Step,
            '{"training": "a", "update": 1}',
            "There is no field 'update'; choose from training, updates (did you mean updates?).",
        ),
        (
            messages.Step,
            '{"training": "a", "updates": 501}',
            "The updates are 501; give a whole number from 0 to 500.",
        ),
        (
            messages.Step,
            '{"training": 7, "updates": 1}',
            "The training is 7; give a text of 1 to 64 characters.",
        ),
        (messages.Start, "{}", "The settings are missing; give an object whose kind is "),
        (messages.Start, '{"settings": []}', "The settings are a list of 0 items; give an object"),
        (
            messages.Weight,
            '{"training": "a", "layer": 0, "row": -2, "column": 0, "value": 1e999}',
            "The row is -2; give a whole number from -1 to 31.",
        ),
    ],
)
def test_what_is_wrong_with_a_message(kind, content, sentence):
    with pytest.raises(ZooError) as caught:
        messages.read(kind, content)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([("model", "a"), ("model", "b")], "The model is given twice; give it once."),
        ([("modle", "a")], "There is no field 'modle'; choose from model, artifact (did you mean "),
        ([("model", "")], "The model is ''; give a text of 1 to 200 characters."),
        ([], "The model is missing; give a text of 1 to 200 characters."),
    ],
)
def test_what_is_wrong_with_a_query(pairs, sentence):
    with pytest.raises(ZooError) as caught:
        messages.read_query(messages.Predict, pairs)
    assert sentence in str(caught.value)


def test_the_page_is_told_what_is_taken():
    found = messages.choices()
    assert list(found) == ["plane", "curve", "field"]
    for kind, schema in (
        ("plane", PlaneSettings),
        ("curve", CurveSettings),
        ("field", FieldSettings),
    ):
        limits = found[kind]
        assert set(limits) == set(schema.model_fields)
        # Each default is what the schema says, each limit is taken, and what is beyond is not.
        good = {name: limit["default"] for name, limit in limits.items()}
        assert schema.model_validate_json(json.dumps(good)) == schema()
        for name, limit in limits.items():
            if "minimum" in limit and "most" not in limit:
                for end, step in (("minimum", -1), ("maximum", 1)):
                    schema.model_validate_json(json.dumps({**good, name: limit[end]}))
                    with pytest.raises(ValueError, match=name):
                        schema.model_validate_json(json.dumps({**good, name: limit[end] + step}))


def test_the_page_offers_all_of_the_lecture_s_activations():
    choices = messages.choices()
    assert tuple(choices["curve"]["activation"]["choices"]) == NAMES
    assert tuple(choices["plane"]["activations"]["choices"]) == NAMES
    assert tuple(choices["field"]["activation"]["choices"]) == SMOOTH
