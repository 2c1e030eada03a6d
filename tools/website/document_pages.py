"""The README, and an overview of the results, as pages of the site."""

import re
from pathlib import Path

_FIGURES = re.compile(r"<!-- figures: begin -->\n(.*?)<!-- figures: end -->\n", re.DOTALL)


def guide_page(root: Path) -> str:
    """Return the README without its figures, as a page beside those of docs/."""
    text = (root / "README.md").read_text(encoding="utf-8")
    text = _FIGURES.sub(
        "The measured figures: [models](models/index.md), [recipes](results/index.md).\n", text
    )
    title, _, rest = text.partition("\n")
    if not title.startswith("# "):
        raise ValueError("README.md does not begin with its title.")
    return f"# Guide\n{_from_docs(rest)}"


def readme_tables(root: Path) -> tuple[str, str]:
    """Return the README's figures of the shipped models, and those of the recipes.

    Raises:
        ValueError: if the README has no such figures.
    """
    found = _FIGURES.search((root / "README.md").read_text(encoding="utf-8"))
    models, recipes, after = found[1].partition("\n| `zoo train") if found else ("", "", "")
    if not recipes:
        raise ValueError("README.md has no figures of models and recipes.")
    return models, (recipes + after).lstrip()


def results_page(root: Path) -> str:
    """Return the page with the recipes' figures and the list of the other results."""
    lines = ["# Results", "", "## Recipes", "", readme_tables(root)[1], "## Studies", ""]
    for path in sorted((root / "docs" / "results").glob("*.md")):
        if path.name != "index.md":
            lines.append(f"- [{path.stem}]({path.name}): {_first_sentence(path)}")
    return "\n".join([*lines, ""])


def _first_sentence(path: Path) -> str:
    """Return the first sentence of a document that is neither its title nor a table."""
    paragraphs = path.read_text(encoding="utf-8").split("\n\n")
    text = next((one for one in paragraphs if re.match(r"[\w`(\"]", one.strip())), "")
    # Links of the document are relative to it, as those of the page are.
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0].rstrip(":")


def _from_docs(text: str) -> str:
    """Change links that are relative to the checkout into links between pages of the site."""
    text = re.sub(r"\]\(saved_models/(\w+)/README\.md", r"](models/\1.md", text)
    return re.sub(r"\]\(docs/", "](", re.sub(r"\[docs/", "[", text))
