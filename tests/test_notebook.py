"""docs/lecture.ipynb is docs/lecture.md with outputs, and a notebook shows progress in one line."""

import re
from pathlib import Path

import nbformat
import pytest
from make_notebook import DOCUMENT, NOTEBOOK, notebook, run
from nbformat.v4 import new_code_cell, new_notebook


@pytest.fixture(scope="module")
def shipped():
    return nbformat.read(NOTEBOOK, as_version=4)


def outputs(made, kind):
    """Return the content of all outputs of a media type."""
    return [
        output["data"][kind]
        for cell in made.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if kind in output.get("data", {})
    ]


def test_the_notebook_is_the_document(shipped):
    made = notebook(DOCUMENT.read_text(encoding="utf-8"))
    assert [(cell.cell_type, cell.source, cell.id) for cell in shipped.cells] == [
        (cell.cell_type, cell.source, cell.id) for cell in made.cells
    ]


def test_every_cell_was_run_in_order_without_an_error(shipped):
    code = [cell for cell in shipped.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert kinds <= {"display_data", "execute_result", "stream"}


def test_it_has_pictures_and_tables(shipped):
    assert len(outputs(shipped, "image/png")) >= 8
    assert len(outputs(shipped, "text/html")) >= 4
    assert NOTEBOOK.stat().st_size < 2e6


def test_no_output_names_a_folder_of_a_machine(shipped):
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(tmp|home|root|work|usr|Users)/", text)
    assert str(Path.home()) not in text


def test_a_training_in_a_notebook_shows_one_line_and_its_results(tmp_path):
    cells = [
        "import zoo",
        "found = zoo.train('xor_mlp', run_dir='xor', epochs=300)",
        "found",
        "zoo.describe('xor_mlp')",
        "zoo.data.load('xor')",
    ]
    made = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    run(made, tmp_path)
    assert made.cells[0].outputs == []
    (line,) = made.cells[1].outputs
    assert re.fullmatch(r"epoch 300: .*loss \d.*", line["data"]["text/plain"])
    results, described, dataset = outputs(made, "text/html")
    assert "run folder" in results
    assert "3ce66c49ae171355" in results
    assert "recipe lecture" in described
    assert "train examples" in dataset
