"""Random words, files and environments never end in a traceback or an undocumented exit code."""

import contextlib
import copy
import io
import itertools
import json
import os
import shutil
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zoo
from zoo import cli
from zoo.bundles.shipped import find_bundle

# Derandomised: the same examples on every machine, so that a failure is everyone's.
SETTINGS = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# What a command may end with on bad input: never 70, which is for defects.
EXPECTED = {0, 1, 2}

NAMES = st.sampled_from([*zoo.list_models(), "perceptrn", "deep_relu/", "./xor_mlp", "XOR_MLP"])
PLACES = st.sampled_from(
    [
        "./run",
        "./bundle",
        "run/config.json",
        "nowhere",
        ".",
        "..",
        "/",
        "/dev/null",
        "/proc/self/mem",
    ]
)
WORDS = (
    *("", " ", "-", "--", "-1", "²", "0x10", "nan", "-inf", "1e400", "1,2", "0,1", "a=b", "="),
    *("\x1b[31mred", "line\nbreak", "\udcff.jpg", "Kätzchen", "猫", "$x$", "x" * 4000, "*", "~"),
)
ODD = st.sampled_from(WORDS)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
VALUE = st.one_of(NAMES, PLACES, ODD, TEXT)
NUMBER = st.one_of(ODD, st.integers(-3, 10**30).map(str), st.floats().map(str))


def options(**named):
    """Return a strategy of words: some of the options, in any order, with values."""
    pairs = [
        st.just([f"--{name.replace('_', '-')}"])
        if values is None
        else values.map(lambda value, name=name: [f"--{name.replace('_', '-')}", value])
        for name, values in named.items()
    ]
    return st.lists(st.one_of(pairs), max_size=3).map(lambda found: list(itertools.chain(*found)))


def words(*parts):
    """Return a strategy of words: fixed ones, and those of strategies."""
    found = [st.just([part]) if isinstance(part, str) else part.map(_listed) for part in parts]
    return st.tuples(*found).map(lambda lists: list(itertools.chain(*lists)))


def _listed(value):
    return value if isinstance(value, list) else [value]


# No command here can finish something long: what would is refused for one of its words.
COMMANDS = st.one_of(
    words("list", options(task=VALUE, dataset=VALUE)),
    words("describe", VALUE),
    words("predict", VALUE, st.lists(VALUE, max_size=3), options(artifact=VALUE, threads=NUMBER)),
    words("predict", NAMES, st.lists(VALUE, max_size=3), options(json=None)),
    words("data", "list"),
    words("data", "prepare", st.one_of(ODD, TEXT)),
    words("benchmark", VALUE, options(threads=NUMBER, photo=PLACES), "--repeats", "1"),
    words(
        "serve",
        "nowhere",
        options(port=NUMBER, host=VALUE, code=VALUE, address=VALUE, places=NUMBER, read_only=None),
    ),
    words("evaluate", st.one_of(ODD, TEXT), options(data_dir=PLACES)),
    words("verify", st.one_of(ODD, TEXT), options(data_dir=PLACES, max_drop=NUMBER)),
    words("compare", st.lists(PLACES, max_size=3)),
    words("report", PLACES),
    words("export", PLACES, options(input_size=NUMBER, kinds=VALUE, weights=VALUE, onnx=None)),
    words("plot", "curves", st.lists(PLACES, max_size=3)),
    words("plot", st.sampled_from(["confusion", "weights", "boundary", "examples"]), PLACES),
    words("plot", "pipeline", "linear_cat_dog", st.one_of(PLACES, ODD)),
    words("plot", "learning", st.one_of(ODD, TEXT), options(epochs=NUMBER, seed=NUMBER)),
    words(
        "train",
        VALUE,
        options(
            recipe=VALUE,
            set=VALUE,
            dataset=VALUE,
            batch_size=NUMBER,
            learning_rate=NUMBER,
            seed=NUMBER,
            precision=VALUE,
            solver=VALUE,
            penalty=NUMBER,
            checkpoint_every=VALUE,
        ),
        "--epochs",
        "0",
    ),
    st.lists(VALUE, max_size=4),
)
ENVIRONMENT = st.dictionaries(
    st.sampled_from(["ZOO_CACHE_DIR", "TFDS_DATA_DIR", "NO_COLOR", "FORCE_COLOR", "TERM", "LANG"]),
    st.one_of(PLACES, TEXT.filter(lambda text: "\0" not in text)),
    max_size=2,
)


def end_of(command, folder, environment=()):
    """Run `zoo COMMAND` in a folder, in this process, and check how it ends."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch("sys.argv", ["zoo", *command]),
        mock.patch.dict(os.environ, environment),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        cli.main()
    message = f"zoo {command}: {ended.value.code}\n{out.getvalue()}\n{err.getvalue()}"
    assert ended.value.code in EXPECTED, message
    assert "Traceback" not in message
    assert "\x1b[31mred" not in out.getvalue() + err.getvalue(), message
    if ended.value.code == 2:
        lines = err.getvalue().splitlines()
        assert all(line.startswith("error: ") for line in lines), message
    return ended.value.code


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A real run, the smallest there is."""
    folder = tmp_path_factory.mktemp("fuzz")
    zoo.train("perceptron", epochs=1, run_dir=folder / "run")
    return folder


@pytest.fixture(scope="module")
def place(finished, tmp_path_factory):
    """A folder with a run that has lost its model, and a shipped bundle."""
    folder = tmp_path_factory.mktemp("place")
    shutil.copytree(finished / "run", folder / "run")
    (folder / "run" / "model.keras").unlink()
    shutil.copytree(find_bundle("perceptron"), folder / "bundle")
    return folder


@settings(SETTINGS, max_examples=400)
@given(command=COMMANDS, environment=ENVIRONMENT)
def test_words_and_environments(command, environment, place):
    end_of(command, place, environment)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ODD),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(ODD, inner, max_size=2)),
    max_leaves=4,
)


@st.composite
def damaged_json(draw, content):
    """Return the text of a JSON file of which one part is gone or another, or which is cut."""
    whole = json.loads(content)
    kind = draw(st.sampled_from(["part", "gone", "all", "cut", "bytes"]))
    if kind == "cut":
        return content[: draw(st.integers(0, len(content) - 1))].encode()
    if kind == "bytes":
        return draw(st.binary(max_size=20))
    if kind == "all":
        return json.dumps(draw(JSON)).encode()
    changed = copy.deepcopy(whole)
    holder = changed
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = draw(st.sampled_from(keys))
        deeper = isinstance(holder[key], (dict, list)) and holder[key]
        if not deeper or draw(st.booleans()):
            break
        holder = holder[key]
    if kind == "gone":
        del holder[key]
    else:
        holder[key] = draw(JSON)
    return json.dumps(changed).encode()


def damage(data, path: Path):
    """Replace a file's content by a damaged one; return what it was."""
    content = path.read_bytes()
    if path.suffix == ".json":
        path.write_bytes(data.draw(damaged_json(content.decode())))
    else:
        at = data.draw(st.integers(0, len(content)))
        path.write_bytes(content[:at] + data.draw(st.binary(max_size=8)) + content[at + 3 :])
    return content


@settings(SETTINGS, max_examples=150)
@given(
    data=st.data(),
    name=st.sampled_from(["config.json", "results.json", "history.csv"]),
    command=st.sampled_from(
        [
            ["evaluate", "./run"],
            ["report", "./run"],
            ["compare", "./run"],
            ["export", "./run"],
            ["plot", "curves", "./run"],
            ["plot", "boundary", "./run"],
        ]
    ),
)
def test_damaged_files_of_a_run(data, name, command, place):
    # Without its model, so that what is not refused for its damage ends soon.
    path = place / "run" / name
    content = damage(data, path)
    try:
        end_of(command, place)
    finally:
        path.write_bytes(content)


@settings(SETTINGS, max_examples=100)
@given(
    data=st.data(),
    name=st.sampled_from(["manifest.json", "labels.txt", "float32.tflite"]),
    command=st.sampled_from([["predict", "./bundle", "0", "1"], ["evaluate", "./bundle"]]),
)
def test_damaged_files_of_a_bundle(data, name, command, place):
    path = place / "bundle" / name
    content = damage(data, path)
    try:
        end_of(command, place)
    finally:
        path.write_bytes(content)
