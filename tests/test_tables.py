"""Prediction from tables: numbers by name, whole CSV files, and what is wrong with either."""

import contextlib
import csv
import gzip
import io
import json
import lzma
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from zoo import ZooError, edge
from zoo.bundles.shipped import find_bundle
from zoo.data import load

NAMED, UNNAMED, LABELS = "deep_regression", "xor_mlp", "perceptron"


@pytest.fixture(scope="module")
def model():
    return edge.load(find_bundle(NAMED))


def predict(name, *words):
    return edge.main(["--bundle", str(find_bundle(name)), *map(str, words)])


def table(path, *lines, end="\n"):
    path.write_bytes(end.join(lines).encode())
    return path


def test_numbers_may_be_given_by_name_in_any_order(model, capsys):
    assert model.inputs == ("x1", "x2")
    assert edge.read_manifest(find_bundle(NAMED))["input"]["description"].endswith(": x1, x2")
    expected = model.predict([1.5, -2.0])
    assert model.predict({"x2": -2.0, "x1": 1.5}).values == expected.values
    assert predict(NAMED, "x2=-2", "x1=1.5", "--json") == 0
    assert json.loads(capsys.readouterr().out)["values"] == expected.values
    assert predict(NAMED, "1.5", "-2") == 0
    assert capsys.readouterr().out.startswith("1.5 -2: y = ")


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        (NAMED, ["x1=1"], "x2 was not given; the inputs are x1, x2."),
        (NAMED, ["x1=1", "x2=2", "x1=3"], "'x1' was given twice; the inputs are x1, x2."),
        (NAMED, ["x1=1", "y2=2"], "no input 'y2' (did you mean x2?); the inputs are x1, x2."),
        (NAMED, ["x1=1", "height=2"], "There is no input 'height'; the inputs are x1, x2."),
        (NAMED, ["x1=1", "x2=two"], "'two' for 'x2' is not a number; write x2=0.5."),
        (NAMED, ["x1=1", "2"], "'2' has no name, but other numbers do"),
        (NAMED, ["x1=1,5", "x2=2"], "'1,5' for 'x1' is not a number; write x1=1.5."),
        (NAMED, ["x1=1,000.5", "x2=2"], "'1,000.5' for 'x1' is not a number; write x1=0.5."),
        (NAMED, ["1,5", "2"], "takes 2 numbers, as in 0 0: x1, x2; write decimals with a point"),
        (NAMED, ["x1=1", "x2=nan"], "is not finite"),
        (NAMED, ["x1=1", "x2=-1e39"], "The input -1e+39 is too large for float32; give numbers"),
        (NAMED, ["1", "2", "3"], "the model takes 2 numbers, as in 0 0: x1, x2."),
        (NAMED, ["abc"], "'abc' is not a list of 2 numbers; write numbers as 0 1 or 0,1 or x1=0."),
        (UNNAMED, ["a=1", "b=2"], "inputs have no names; give 2 numbers by position."),
        (UNNAMED, ["0", "1", "--top", "2"], "xor_mlp has a single output"),
        (UNNAMED, ["0", "1", "--artifact", "onnx"], "(onnxruntime runs it); it has float32, "),
        (UNNAMED, [], "give either inputs or --csv FILE"),
        (UNNAMED, ["0", "1", "--csv", "a.csv"], "give either inputs or --csv FILE"),
        ("linear_cat_dog", ["--csv", "a.csv"], "linear_cat_dog takes photos"),
    ],
)
def test_what_is_wrong_with_numbers_is_one_sentence(name, words, message, capsys, run_zoo):
    code = 2
    with contextlib.suppress(SystemExit):
        code = predict(name, *words)
    assert code == 2
    out, err = capsys.readouterr()
    assert message in err
    assert (out, err.count("\n")) == ("", 1)
    done = run_zoo("predict", name, *words)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_model_of_one_number_speaks_of_one():
    with pytest.raises(edge.InputError, match=r"'abc' is not a number; write numbers as 0\.5"):
        edge.parse_rows(["abc"], 1)
    with pytest.raises(edge.InputError, match=r"takes 1 number, as in 0; write decimals with"):
        edge.parse_rows(["1,2"], 1)


def test_numbers_by_name_need_a_model_with_names():
    with pytest.raises(edge.InputError, match="inputs of xor_mlp have no names"):
        edge.load(find_bundle(UNNAMED)).predict({"a": 0, "b": 1})


@pytest.mark.parametrize(
    ("delimiter", "decimal", "end"), [(",", ".", "\n"), (";", ",", "\r\n"), ("\t", ".", "\n")]
)
def test_a_csv_is_answered_as_its_rows_are(delimiter, decimal, end, model, tmp_path, capsys):
    rows = load("gaussian").test.x[:1500]
    lines = [
        delimiter.join([str(b).replace(".", decimal), f"person {at}", str(a).replace(".", decimal)])
        for at, (a, b) in enumerate(rows)
    ]
    header = delimiter.join([" x2 ", "name", '"x1"'])
    path = table(tmp_path / "table.csv", header, lines[0], "", *lines[1:], end=end)
    assert predict(NAMED, "--csv", path) == 0
    out, err = capsys.readouterr()
    assert "ignored the columns name" in err
    answers = list(csv.reader(io.StringIO(out)))
    assert answers[0] == ["y"]
    found = np.array(answers[1:], np.float32)
    np.testing.assert_array_equal(found, model.raw(rows))


def test_labels_and_scores_are_columns_of_the_answers(tmp_path, capsys):
    path = table(tmp_path / "table.csv", "across,up", "1.5,0.5", "-1,-1")
    assert predict(LABELS, "--csv", path) == 0
    out, err = capsys.readouterr()
    assert "ignored" not in err
    assert out == "label,output\norange,1.0\nblue,0.0\n"
    assert predict(LABELS, "--csv", path, "--json") == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["line"], first["label"]) == (2, "orange")
    assert (second["line"], second["scores"]) == (3, {"output": 0.0})


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        (NAMED, ["x1,x2", "1,2", "", "3,abc"], "line 4, column x2: 'abc' is not a number"),
        (NAMED, ["x1,x2", "1,"], "line 2, column x2: the cell is empty"),
        (NAMED, ["x1,x2", "1,nan"], "line 2, column x2: 'nan' is not finite"),
        (NAMED, ["x1,x2", "-1e39,1"], "line 2, column x1: '-1e39' is too large for float32"),
        (NAMED, ["x1,x2", "1"], "line 2: it has 1 cells, and the header 2"),
        (NAMED, ["x1,z", "1,2"], "has no column x2"),
        (NAMED, ["x1,X2", "1,2"], "no column x2 (did you mean X2?)"),
        (NAMED, ["x1,x2,x2", "1,2,3"], "has more than one column x2"),
        (NAMED, ["1,2", "3,4"], "only numbers in its first line; add a line with the names"),
        (NAMED, ["x1,x2"], "has a header, but no rows"),
        (NAMED, [""], "is empty; give a header and rows"),
        (NAMED, ["x1,x2", '"1,2'], "line 2: it is not CSV"),
        (UNNAMED, ["a,b,c", "1,2,3"], "has 3 columns; the model takes 2 numbers by position"),
    ],
)
def test_what_is_wrong_with_a_csv_is_one_sentence_and_nothing_is_printed(
    name, lines, message, tmp_path, capsys
):
    path = table(tmp_path / "table.csv", *lines)
    assert predict(name, "--csv", path) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert out == ""
    assert err.count("error: ") == 1


def zipped(text):
    """Return a zip archive, as spreadsheets are."""
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("xl/worksheets/sheet1.xml", text)
        return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            gzip.compress(b"x1,x2\n1,2\n"),
            "is compressed by gzip; give the file that gunzip makes",
        ),
        (lzma.compress(b"x1,x2\n1,2\n"), "is compressed by xz; give the file that unxz makes"),
        (zipped("<row/>"), "is a spreadsheet or a zip archive; save the table as CSV in UTF-8."),
    ],
    # Compressed bytes have the time in them, and names of tests must not.
    ids=["gzip", "xz", "zip"],
)
def test_a_file_of_another_format_is_named(content, message, tmp_path, capsys):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert predict(NAMED, "--csv", path) == 2
    assert capsys.readouterr().err.startswith(f"error: {path} {message}")
    with pytest.raises(ZooError, match=message):
        load("csv:table.csv", tmp_path, target="x1")


@pytest.mark.parametrize("content", [b"x1,x2\n\xff\xfe,1\n", None])
def test_a_file_that_is_no_text_or_not_there_is_refused(content, tmp_path, capsys):
    path = tmp_path / "table.csv"
    if content is not None:
        path.write_bytes(content)
    assert predict(NAMED, "--csv", path) == 2
    assert "table.csv" in capsys.readouterr().err


def test_both_programs_predict_a_csv_alike(tmp_path, run_zoo):
    path = table(tmp_path / "table.csv", "x2,x1,other", "1,2,3", "-1,-2,-3")
    done = run_zoo("predict", NAMED, "--csv", path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 3
    words = [sys.executable, "-I", find_bundle(NAMED) / "predict.py", "--csv", path]
    alone = subprocess.run(words, capture_output=True, text=True)
    assert alone.stdout == done.stdout, alone.stderr


@pytest.mark.parametrize(
    "names", [["x1"], ["x1", "x1"], ["x1", ""], ["x1", 2], "x1", {"x1": 1, "x2": 2}]
)
def test_names_that_are_not_one_per_input_are_damage(names, tmp_path):
    manifest = edge.read_manifest(find_bundle(NAMED))
    manifest["input"]["names"] = names
    manifest["sha256"] = edge.manifest_digest(manifest)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "labels.txt").write_text("y\n", encoding="utf-8")
    with pytest.raises(edge.BundleError, match="is damaged: "):
        edge.read_manifest(tmp_path)
