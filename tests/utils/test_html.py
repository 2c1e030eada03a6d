import pytest

from zoo.utils.html import table


@pytest.mark.parametrize("text", ["<script>", "a & b", 'x" onclick="f()'])
def test_names_and_values_are_text(text):
    shown = table(text, {text: text})
    assert text not in shown
    assert shown.count("<tr>") == 1


def test_lines_of_a_value_are_kept_and_other_control_characters_escaped():
    assert "one\ntwo\\x1b" in table("title", {"name": "one\ntwo\x1b"})
