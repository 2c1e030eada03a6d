"""What a launcher and its workers tell each other first."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from zoo import ZooError
from zoo.training.handshake import from_line, require_resolved, to_line
from zoo.utils.provenance import versions


def test_settings_arrive_where_the_versions_are_the_same():
    assert from_line(to_line('{"name": "xor_mlp"}')) == '{"name": "xor_mlp"}'


@pytest.mark.parametrize("name", ["zoo", "tensorflow", "keras", "numpy"])
def test_another_version_of_a_package_is_named(name):
    line = json.dumps({"versions": {**versions(), name: "0.0.1"}, "settings": ""})
    with pytest.raises(ZooError, match=f"has {name} {versions()[name]}, but 0.0.1 where"):
        from_line(line)


def test_another_python_is_named_before_packages_that_it_lacks():
    line = json.dumps(
        {"versions": {"zoo": "0", "nothing": "1", "python": "2.7.18"}, "settings": ""}
    )
    with pytest.raises(ZooError, match=r"has python 3[.0-9]+, but 2\.7\.18 where"):
        from_line(line)


def test_a_package_that_is_missing_is_named():
    line = json.dumps({"versions": {"no-such-package": "1.0"}, "settings": ""})
    with pytest.raises(ZooError, match=r"has no no-such-package, but 1\.0 where"):
        from_line(line)


@pytest.mark.parametrize("line", ["", "{", "[]", '{"name": "xor_mlp"}', '{"versions": 1}'])
def test_a_line_of_something_else_is_refused(line):
    with pytest.raises(ZooError, match="not what `zoo train --workers`"):
        from_line(line)


def test_addresses_resolve_and_a_name_of_nobody_is_refused():
    require_resolved(["127.0.0.1:1", "[::1]:1", "localhost:1"])
    with pytest.raises(ZooError, match=r"'nobody\.invalid' of worker 1 does not resolve"):
        require_resolved(["127.0.0.1:1", "nobody.invalid:1"])


def test_it_needs_the_standard_library_only():
    # -S: without site-packages.
    program = "import sys; sys.path.insert(0, sys.argv[1]); import zoo.worker"
    words = [sys.executable, "-I", "-S", "-c", program, str(Path(zoo.__file__).parents[1])]
    subprocess.run(words, check=True)


def test_what_follows_the_first_line_is_left_for_the_guard():
    program = "import os; from zoo.training.handshake import read_line; "
    program += "print([read_line(), os.read(0, 100)])"
    done = subprocess.run(
        [sys.executable, "-c", program], input="settings\nkill\n", capture_output=True, text=True
    )
    assert done.stdout == "['settings\\n', b'kill\\n']\n", done.stderr
