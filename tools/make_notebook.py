"""Make docs/lecture.ipynb from docs/lecture.md: run its blocks of code and keep their outputs.

    python tools/make_notebook.py
    python tools/make_notebook.py --folder FOLDER    # goes on with the trainings in a folder

The presets of the page, which need a page on this machine, are left out. It takes minutes, and
needs CIFAR-10 and cats/dogs (TFDS_DATA_DIR).
"""

import argparse
import os
import re
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "lecture.md"
NOTEBOOK = ROOT / "docs" / "lecture.ipynb"
_PRESETS = "\n## The presets of the page\n"
_CODE = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
# What a machine without the package runs; on others it only lets plots be shown.
_SETUP = """\
# In Colab, first upload both wheels, which `python tools/distributions.py` makes in a checkout.
import importlib.util

if importlib.util.find_spec("zoo") is None:
    %pip install -q --find-links . "lecture-zoo[train]" lecture-zoo-weights
    !zoo data prepare cifar10
    !zoo data prepare cats_vs_dogs
%matplotlib inline"""


def notebook(text: str) -> NotebookNode:
    """Return the notebook of a document, without outputs.

    Args:
        text: Markdown; its blocks of Python become cells of code.

    Raises:
        ValueError: if the document has no part about presets, where the notebook ends.
    """
    lecture, found, _ = text.partition(_PRESETS)
    if not found:
        raise ValueError(f"The document has no heading {_PRESETS.strip()!r}.")
    # Text and code alternate.
    parts = [part.strip("\n") for part in _CODE.split(lecture)]
    cells = [
        (new_code_cell if index % 2 else new_markdown_cell)(part)
        for index, part in enumerate(parts)
        if part
    ]
    cells.insert(0, new_code_cell(_SETUP))
    for number, cell in enumerate(cells):
        # Not random, so that the same document gives the same file.
        cell.id = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def run(made: NotebookNode, folder: Path) -> None:
    """Run the cells in a folder and put their outputs into the notebook, without standard error."""
    from nbclient import NotebookClient

    # Of the kernel: TensorFlow's log would fill the terminal.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    NotebookClient(made, timeout=None, resources={"metadata": {"path": str(folder)}}).execute()
    for cell in made.cells:
        # Times of the execution are different each time.
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
    made.metadata.language_info = {"name": "python"}


def main() -> None:
    """Make the notebook."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="for run folders; by default temporary")
    options = parser.parse_args()
    made = notebook(DOCUMENT.read_text(encoding="utf-8"))
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        run(made, options.folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            run(made, Path(folder))
    nbformat.validate(made)
    NOTEBOOK.write_text(nbformat.writes(made) + "\n", encoding="utf-8")
    print(NOTEBOOK)


if __name__ == "__main__":
    main()
