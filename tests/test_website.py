"""The site builds without a warning, every link in it leads somewhere, and it is complete."""

import functools
import html.parser
import http.server
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import typer.main
from accessibility import violations
from website.cli_page import commands

import zoo
from zoo.cli import app

ROOT = Path(__file__).resolve().parents[1]


class Page(html.parser.HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.anchors = [], [], {""}
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.anchors |= {found.get("id"), found.get("name")}
        target = found.get("href") or found.get("src")
        if target:
            (self.links if tag == "a" else self.loaded).append(target)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and prints nothing."""

    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    build = ["-m", "mkdocs", "build", "--strict", "-f", "tools/website/mkdocs.yml", "-d", folder]
    done = subprocess.run(
        [sys.executable, *build],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """Page by its path."""
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_link_leads_to_a_page_and_a_place_in_it(site, pages):
    broken = []
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            address, anchor = urldefrag(link)
            if urlsplit(link).scheme or path.name == "404.html":
                continue
            target = (path.parent / unquote(address)).resolve() if address else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (
                target in pages and unquote(anchor) not in pages[target].anchors
            ):
                broken.append((path.relative_to(site).as_posix(), link))
    assert broken == []
    assert sum(len(page.links) for page in pages.values()) > 1000


def test_every_page_is_reached_from_the_first_one(site, pages):
    found, waiting = set(), [site / "index.html"]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            links = [urldefrag(link)[0] for link in pages[path].links if not urlsplit(link).scheme]
            targets = {(path.parent / unquote(address)).resolve() for address in links if address}
            waiting += targets & set(pages)
    assert found == {path for path in pages if path.name != "404.html"}


def test_nothing_is_fetched_from_another_server(pages):
    loaded = {address for page in pages.values() for address in page.loaded}
    assert {address for address in loaded if urlsplit(address).netloc} == set()


def test_every_command_and_option_is_in_the_reference(site):
    text = (site / "cli.html").read_text(encoding="utf-8")
    for words, command, context in commands(typer.main.get_command(app)):
        assert f'id="{"-".join(words)}"' in text
        for param in command.get_params(context):
            for option in param.opts if param.param_type_name == "option" else []:
                assert re.search(rf"[\s>,]{re.escape(option)}[\s<,]", text), (words, option)


def test_every_model_has_its_card(site):
    for name in zoo.list_models():
        card = (site / "models" / f"{name}.html").read_text(encoding="utf-8")
        assert f"zoo train {name} --recipe" in card


def test_every_public_name_is_in_the_reference(site):
    text = (site / "api" / "zoo.html").read_text(encoding="utf-8")
    for name in set(zoo.__all__) - {"__version__", "data", "edge", "testing"}:
        assert re.search(rf'<h2 id="[\w.]+\.{name}"', text), name


@pytest.fixture(scope="module")
def address(site):
    """The address of a server of the site."""
    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
)
def test_axe_finds_nothing_on_any_page(browser, address, site, pages, scheme, width):
    viewport = {"width": width, "height": 800}
    context = browser.new_context(color_scheme=scheme, viewport=viewport)
    found = {}
    for path in sorted(pages):
        page = context.new_page()
        page.goto(f"{address}{path.relative_to(site)}")
        if complaints := violations(page):
            found[path.name] = complaints
        page.close()
    context.close()
    assert found == {}


FOCUSED = """() => {
    const one = document.activeElement;
    // The switch of colours is drawn by its label; in a field of text there is the cursor.
    const style = getComputedStyle(one.matches(".md-option") ? one.nextElementSibling : one);
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return {
        target: one.getAttribute("href") || one.outerHTML.slice(0, 200),
        shown: ring || style.boxShadow !== "none" || one.matches("input[type=text]"),
        opens: one.matches("label[for]"),
        end: one === document.body,
    };
}"""


@pytest.mark.slow
def test_the_keyboard_reaches_every_page_and_shows_where_it_is(browser, address):
    page = browser.new_page()
    page.goto(f"{address}index.html")
    links = page.query_selector_all("nav.md-nav--primary a[href]")
    pages = {link.get_attribute("href") for link in links}
    assert len(pages) > 20
    reached = {}
    for _ in range(400):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["end"]:
            break
        reached[focused["target"]] = focused["shown"]
        if focused["opens"]:
            page.keyboard.press("Enter")
            page.wait_for_timeout(500)
    page.close()
    assert sorted(pages - set(reached)) == []
    assert [target for target, shown in reached.items() if not shown] == []
