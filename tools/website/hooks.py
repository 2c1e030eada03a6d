"""Adds the pages that are made from the package to the site; called by MkDocs."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT)]

from mkdocs.structure.files import File

from website.api_pages import api_pages
from website.cli_page import cli_page
from website.document_pages import guide_page, results_page
from website.model_pages import model_pages, model_pictures


def made_pages():
    """Return the text of every page that is made from the package, by its path in the site."""
    return {
        "guide.md": guide_page(ROOT),
        "cli.md": cli_page(),
        "results/index.md": results_page(ROOT),
        **model_pages(ROOT),
        **api_pages(),
    }


def on_config(config):
    """Replace the names of folders in the navigation by their pages."""
    pages = {*made_pages(), *(f"results/{path.name}" for path in ROOT.glob("docs/results/*.md"))}
    folders = {
        # An index comes first.
        folder: sorted(
            (page for page in pages if page.startswith(f"{folder}/")),
            key=lambda page: (not page.endswith("/index.md"), _place(page)),
        )
        for folder in ("models", "api", "results")
    }
    config.nav = _filled(config.nav, folders)
    return config


def _filled(nav, folders):
    if isinstance(nav, list):
        return [_filled(entry, folders) for entry in nav]
    if isinstance(nav, dict):
        return {title: _filled(entry, folders) for title, entry in nav.items()}
    return folders.get(nav, nav)


def _place(page):
    """Return what pages of a folder are sorted by: models as in the lecture, others by name."""
    import zoo

    name = Path(page).stem
    models = zoo.list_models()
    return (models.index(name) if name in models else len(models), name)


def on_files(files, config):
    """Add the pages and the pictures of the model cards."""
    for path, text in made_pages().items():
        files.append(File.generated(config, path, content=text))
    for name in ("site.css", "site.js"):
        files.append(File.generated(config, name, abs_src_path=str(Path(__file__).parent / name)))
    for path, picture in model_pictures(ROOT).items():
        files.append(File.generated(config, path, abs_src_path=str(picture)))
    return files


def on_page_content(html, **_):
    """Make empty headers of tables, as in their first columns, ordinary cells."""
    return re.sub(r"<th( [^>]*)?></th>", "<td></td>", html)
