import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_iris

from zoo import ZooError, data
from zoo.data.dataset import SPLITS, with_inputs

_ROWS = "a,b,kind\n" + "".join(f"{n},{n * n % 7}.5,{'xy'[n % 2]}\n" for n in range(20))


@pytest.fixture
def load(tmp_path):
    def load(text, target="kind", name="table.csv"):
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(content)
        return data.load(f"csv:{name}", tmp_path, target=target)

    return load


def _rows(dataset):
    """Return every row with its target and split."""
    return {
        (*map(float, row), *np.ravel(target).tolist(), split)
        for split in SPLITS
        for row, target in zip(getattr(dataset, split).x, getattr(dataset, split).y, strict=True)
    }


def _iris(separator=",", decimal=".", order=range(150)):
    iris = load_iris()
    lines = [separator.join([*iris.feature_names, "species"])]
    for at in order:
        cells = [str(number).replace(".", decimal) for number in iris.data[at]]
        lines.append(separator.join([*cells, str(iris.target_names[iris.target[at]])]))
    return "\n".join(lines) + "\n"


def test_iris_has_named_classes_and_inputs(load):
    dataset = load(_iris(), "species")
    assert dataset.kind == "vector"
    assert dataset.standardize
    assert dataset.labels == ("setosa", "versicolor", "virginica")
    assert dataset.inputs == tuple(load_iris().feature_names)
    for split, rows in (("train", 35), ("validation", 5), ("test", 10)):
        assert np.bincount(getattr(dataset, split).y).tolist() == [rows] * 3
    assert dataset.notes == ("1 of 150 rows repeat another one; equal ones are in the same split.",)
    assert dataset.identity()["target"] == "species"


def test_diabetes_is_a_value_with_a_unit(load):
    found = load_diabetes(scaled=False)
    lines = [",".join([*found.feature_names, "progression (points)"])]
    lines += [
        ",".join(map(str, [*row, y])) for row, y in zip(found.data, found.target, strict=True)
    ]
    dataset = load("\n".join(lines), "progression (points)")
    assert [(value.name, value.unit) for value in dataset.values] == [("progression", "points")]
    assert dataset.train.y.dtype == np.float32
    expected = {
        tuple(map(float, np.float32([*row, y])))
        for row, y in zip(found.data, found.target, strict=True)
    }
    assert {row[:-1] for row in _rows(dataset)} == expected
    assert "214 different whole numbers, which are taken as a value" in dataset.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        _iris(";"),
        _iris("\t"),
        _iris(";", ","),
        _iris("\t", ","),
        "\ufeff" + _iris(),
        _iris().replace("\n", "\r\n"),
        _iris().replace("\n", "\n\n"),
        _iris().replace("setosa", '"setosa"'),
        _iris().replace(",", ", "),
        _iris(order=reversed(range(150))),
        _iris(order=np.random.default_rng(0).permutation(150)),
    ],
)
def test_the_same_table_written_otherwise_is_the_same_data_set(load, text):
    assert load(text, "species").fingerprint == load(_iris(), "species").fingerprint


def test_a_split_depends_on_the_row_alone(load):
    whole, part = load(_iris(), "species"), load(_iris(order=range(10, 150)), "species")
    moved = {row for row in _rows(part) if row not in _rows(whole)}
    # Only those at the borders of the splits, as these are fractions of what there is.
    assert len(moved) <= 6


def test_names_of_columns_change_the_fingerprint(load):
    other = load(_iris().replace("petal width", "petal breadth"), "species")
    assert other.fingerprint != load(_iris(), "species").fingerprint


def test_equal_rows_are_in_one_split(load):
    lines = [f"{n % 25},{n % 5},{'xy'[n % 25 % 2]}" for n in range(500)]
    dataset = load("a,b,kind\n" + "\n".join(lines))
    rows = [{tuple(row) for row in getattr(dataset, split).x} for split in SPLITS]
    assert all(not (one & other) for one, other in itertools.combinations(rows, 2))
    assert sum(map(len, rows)) == 25


def _numbered(targets):
    return "a,t\n" + "".join(f"{n},{target}\n" for n, target in enumerate(targets))


@pytest.mark.parametrize(
    ("targets", "target", "labels"),
    [
        ([3, 5, 8] * 5, "t", ("3", "5", "8")),
        ([3.0, "5", "+8"] * 5, "t", ("3", "5", "8")),
        ([-1, 1] * 5, "t", ("-1", "1")),
        ([-1, 1] * 5, "t:value", ()),
        ([0.5, 1] * 5, "t", ()),
        (range(30), "t", ()),
        ([n % 30 for n in range(120)], "t", ()),
        ([n % 30 for n in range(120)], "t:class", tuple(map(str, range(30)))),
        ([1, 2, 3, 4], "t", ()),
        (["1", "2", "draw", "draw"] * 5, "t", ("1", "2", "draw")),
        (["Käse", "Brot und Butter"] * 5, "t", ("Brot und Butter", "Käse")),
    ],
)
def test_what_the_target_is_taken_for(load, targets, target, labels):
    dataset = load(_numbered(targets), target)
    assert dataset.labels == labels
    assert bool(dataset.values) != bool(labels)


def test_several_values(load):
    text = "a,x (mm),b,y (mm)\n" + "".join(f"{n},{n}.5,{-n},{n * n}\n" for n in range(20))
    dataset = load(text, "y (mm), x (mm)")
    assert [value.name for value in dataset.values] == ["y", "x"]
    assert dataset.inputs == ("a", "b")
    at = int(np.flatnonzero(dataset.train.x[:, 0] == 4)[0]) if 4 in dataset.train.x[:, 0] else None
    if at is not None:
        assert dataset.train.y[at].tolist() == [16, 4.5]
    assert dataset.train.y.shape == (14, 2)


def test_it_is_found_again_by_what_a_run_records(load, tmp_path, monkeypatch):
    dataset = load(_iris(), "species")
    place = data.location("csv:table.csv", tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = data.load_again(dataset.identity(), place)
    assert again.identity() == dataset.identity()


_MISTAKES = {
    "no target": (_ROWS, None, "needs the column to predict, --target COLUMN", "are a, b, kind"),
    "unknown target": (_ROWS, "knd", "no column 'knd'; did you mean kind?", "are a, b, kind"),
    "target without its unit": ("a,q (mm)\n1,2\n", "q", "'q'; did you mean q (mm)? Its columns"),
    "target twice": (_ROWS, "a,a", "names a column twice"),
    "class and value": (_ROWS, "a,b:class", "names classes and another column"),
    "only the target": ("kind\nx\ny\n", "kind", "has one column, kind"),
    "all are targets": (_ROWS, "a,b,kind", "no column but the target"),
    "empty file": ("", "kind", "is empty"),
    "blank file": (" \n\n", "kind", "is empty"),
    "header only": ("a,b,kind\n", "kind", "has a header, but no rows"),
    "no header": ("1,2,3\n4,5,6\n", "1", "only numbers in its first line"),
    "no header, decimal comma": ("1,5;2\n4;5\n", "2", "only numbers in its first line"),
    "unnamed column": (",a,kind\n0,1,x\n", "kind", "no name for column 1", "index=False"),
    "column twice": ("a,a,kind\n0,1,x\n", "kind", "two columns named a"),
    "unprintable name": ("a\x1b,kind\n0,x\n", "kind", "not printable"),
    "empty cell": (_ROWS.replace("\n3,", "\n,"), "kind", "line 5, column a: the cell is empty"),
    "empty target": (_ROWS + "1,2,\n", "kind", "line 22, column kind: the cell is empty"),
    "blank target": (_ROWS + "1,2,  \n", "kind", "line 22, column kind: the cell is empty"),
    "nan": (_ROWS.replace("\n3,", "\nNaN,"), "kind", "line 5, column a: 'NaN' is a gap"),
    "NA": (_ROWS.replace("\n3,", "\nNA,"), "kind", "line 5, column a: 'NA' is a gap"),
    "nan target": (_ROWS + "1,2,nan\n", "kind", "line 22, column kind: 'nan' is a gap"),
    "inf": (_ROWS.replace("\n3,", "\n-inf,"), "kind", "line 5, column a: '-inf' is not finite"),
    "too large": (_ROWS.replace("\n3,", "\n1e39,"), "kind", "line 5, column a: 1e39 is too large"),
    "far too large": (_ROWS.replace("\n3,", "\n1e999,"), "kind", "line 5, column a: 1e999 is too"),
    "text": (_ROWS.replace("\n3,", "\nthree,"), "kind", "line 5, column a: 'three' is text"),
    "text column": (_ROWS, "a", "line 2, column kind: 'x' is text", "remove the column or encode"),
    "thousands": (_ROWS.replace("\n3,", "\n1_000,"), "kind", "line 5, column a: '1_000' is text"),
    "decimal comma": ("a;t\n1,5;2,5\n2,5;x\n", "t:value", "line 3, column t: 'x' is text"),
    "both decimals": ("a;t\n1,5;2\n2.5;3\n", "t", "line 3, column a: '2.5' is text"),
    "long row": (_ROWS.replace("\n3,", "\n3,3,"), "kind", "line 5: it has 4 cells", "header has 3"),
    "short row": (_ROWS + "1,2\n", "kind", "line 22: it has 2 cells, but the header has 3"),
    "after a line break": (
        'a,kind\n1,"x\ny"\n\nthree,z\n', "kind", "line 5, column a: 'three' is text"
    ),
    "stray text in a value": (_numbered([*range(30), "high"]), "t", "line 32, column t: 'high' is"),
    "inf in a value": (_numbered([*range(30), "inf"]), "t", "line 32, column t: 'inf' is not fin"),
    "large value": (_numbered([*range(30), "1e60"]), "t", "line 32, column t: 1e60 is too large"),
    "text as a value": (_ROWS, "kind:value", "line 2, column kind: 'x' is text"),
    "no class": (_numbered([0.5, 1] * 9), "t:class", "the number 0.5 in the column t, which is no"),
    "one class": ("a,kind\n1,x\n2,x\n3,x\n4,x\n", "kind", "only one class, x"),
    "rare class": (
        _ROWS + "1,2,z\n", "kind", "has 1 different row of the class z", "at least 3 are needed"
    ),
    "repeated rows": ("a,kind\n" + "1,x\n2,y\n" * 9, "kind", "1 different row of the class x"),
    "few values": (_numbered([0.5, 1.5]), "t", "has 2 different rows, but at least 3 are needed"),
    "class name": (_ROWS + '1,2,"a\x07b"\n', "kind", "class name that has a character"),
    "Latin-1": (
        "a,Größe\n1,2\n".encode("latin-1"), "a", "not UTF-8 text, as line 1 has the byte 0x"
    ),
    "Latin-1 class": (_ROWS.encode() + b"1,2,K\xe4se\n", "kind", "not UTF-8 text", "0xe4"),
    "UTF-16": (_ROWS.encode("utf-16"), "kind", "is UTF-16 text; save it as UTF-8"),
    "binary": (b"\x7fELF\0\0\0\0", "kind", "is no text, as it has zero bytes"),
    "spreadsheet": (b"PK\x03\x04\0\0\0\0", "kind", "is a spreadsheet or a zip archive; save the"),
    "comma in a number": (
        _ROWS.replace("\n3,", '\n"3,5",'), "kind", "line 5, column a: '3,5' has a comma; write"
    ),
    "long line": (b"x" * 2**21, "kind", "a first line of more than 1 MiB"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", _MISTAKES)
def test_every_mistake_is_one_sentence(load, mistake):
    text, target, *parts = _MISTAKES[mistake]
    with pytest.raises(ZooError) as error:
        load(text, target)
    sentence = str(error.value)
    assert all(part in sentence for part in parts), sentence
    assert "\n" not in sentence
    assert sentence.endswith((".", ")."))


def test_arrays_given_as_a_table_are_named(tmp_path):
    np.savez(tmp_path / "arrays.npz", x=np.eye(3), y=np.arange(3))
    with pytest.raises(ZooError, match=r"arrays\.npz is for --dataset npz:FILE\."):
        data.load("csv:arrays.npz", tmp_path, target="a")


def test_a_place_that_is_no_file_is_one_sentence(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for name, part in (("none.csv", "There is no file"), ("folder.csv", "is a folder")):
        with pytest.raises(ZooError, match=part):
            data.load(f"csv:{name}", tmp_path, target="a")


def test_the_command_line_says_it_and_ends_with_2(load, run_zoo, tmp_path):
    with pytest.raises(ZooError):
        load(_ROWS.replace("\n3,", "\nthree,"))
    words = ["train", "cifar_softmax", "--dataset", "csv:table.csv", "--target", "kind"]
    done = run_zoo(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "line 5, column a: 'three' is text" in done.stderr
    assert not (tmp_path / "runs").exists()


_CELLS = st.one_of(
    st.text(max_size=4),
    st.floats().map(str),
    st.integers(-5, 5).map(str),
    st.sampled_from(["", '"', "nan", "x", "y", "1,5", "\n", "'", "\r", "1e400", "\ufeff", "٣"]),
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.tuples(
            st.sampled_from([",", ";", "\t"]), st.lists(st.lists(_CELLS, max_size=4), max_size=12)
        ).map(
            lambda table: "\n".join([table[0].join(["a", "b", "t"]), *map(table[0].join, table[1])])
        ),
    ),
    st.sampled_from(["t", "a", "a,b", "t:class", "t:value", "", ",", None]),
)
def test_any_content_is_a_data_set_or_one_sentence(load, content, target):
    content = content if isinstance(content, bytes) else content.encode(errors="surrogatepass")
    try:
        dataset = load(content, target)
    except ZooError as error:
        dataset, sentence = None, str(error)
        assert sentence.isprintable()
    assert dataset is None or np.isfinite(dataset.train.x).all()


def test_a_column_whose_differences_float32_loses_is_refused(load):
    rows = [f"{1_700_000_000 + 60 * n},{n},{'xy'[n % 2]}" for n in range(60)]
    with pytest.raises(ZooError, match="column seconds: the numbers, such as 1700000000, are too"):
        load("seconds,n,kind\n" + "\n".join(rows))
    with pytest.raises(ZooError, match=r"such as 100000000.*subtract a constant"):
        load("n,price\n" + "\n".join(f"{n},{1e8 + n / 2}" for n in range(60)), "price")
    # Large, but as different as large.
    assert len(load("n,kind\n" + "\n".join(f"{n * 1e9},{'xy'[n % 2]}" for n in range(60))).train)


def test_columns_are_found_by_name_in_another_table(load):
    dataset = load(_iris(), "species")
    names = dataset.inputs[::-1][:3]
    other = with_inputs(dataset, names)
    assert other.inputs == names
    np.testing.assert_array_equal(other.test.x, dataset.test.x[:, [3, 2, 1]])
    with pytest.raises(ZooError, match="has no input 'width', which the model takes; it has sepal"):
        with_inputs(dataset, ["width"])
