"""The model cards of the shipped bundles as pages of the site."""

import re
from pathlib import Path

import zoo
from website.document_pages import readme_tables


def model_pages(root: Path) -> dict[str, str]:
    """Return the pages of all shipped models, and their overview, by path in the site."""
    table = re.sub(r"\(saved_models/(\w+)/README\.md\)", r"(\1.md)", readme_tables(root)[0])
    overview = f"# Models\n\n{table}"
    return {
        "models/index.md": overview,
        **{f"models/{name}.md": _card(root, name) for name in zoo.list_models()},
    }


def model_pictures(root: Path) -> dict[str, Path]:
    """Return the pictures of all model cards, by path in the site."""
    return {
        f"models/{name}-{picture.name}": picture
        for name in zoo.list_models()
        for picture in sorted((root / "saved_models" / name).glob("*.png"))
    }


def _card(root: Path, name: str) -> str:
    text = (root / "saved_models" / name / "README.md").read_text(encoding="utf-8")
    # The block that hubs of models read: YAML between lines of three dashes.
    text = re.sub(r"\A---\n.*?\n---\n+", "", text, flags=re.DOTALL)
    return re.sub(r"\]\((\w+\.png)\)", rf"]({name}-\1)", text)
