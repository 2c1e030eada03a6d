"""Reports are read back as a browser would: whole, with nothing to fetch."""

import base64
import io
import json
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import ZooError, edge
from zoo.export.bundle import export_run
from zoo.plots import sources
from zoo.reports.report import compare, report
from zoo.training import data_dir
from zoo.utils.files import write_json


class Page(HTMLParser):
    """What a page shows, and what it would fetch."""

    EMPTY = ("meta", "img", "br")

    def __init__(self, path):
        super().__init__()
        self.pictures, self.fetched, self.headings, self.texts, self.open = [], [], [], [], []
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in self.EMPTY:
            self.open.append(tag)
        for key in ("src", "href", "data", "action"):
            address = attributes.get(key, "")
            if address.startswith("data:image/png;base64,"):
                assert attributes["alt"]
                content = base64.b64decode(address.split(",")[1])
                self.pictures.append(np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))
            elif address:
                self.fetched.append(address)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            assert "url(" not in data
            assert "@import" not in data
            return
        self.texts.append(data)
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports") / "first"
    zoo.train("perceptron", epochs=3, run_dir=folder)
    return folder


def test_a_report_has_everything_inside(run):
    export_run(run, kinds=["float32"])
    page = Page(report(run))
    assert page.fetched == []
    assert len(page.pictures) == 4
    for picture in page.pictures:
        assert 0.005 < (picture != 255).any(axis=-1).mean() < 0.95
    assert {"Result", "Data", "Decision boundary", "Exported files", "Settings"} <= set(
        page.headings
    )
    results = json.loads((run / "results.json").read_text())
    assert f"{results['test']['accuracy']:.4g}" in page.texts
    assert "float32" in page.texts


@pytest.mark.parametrize(("name", "pictures"), [("pinn_oscillator", 4), ("deep_regression", 3)])
def test_a_report_shows_the_field_of_a_grid_of_points(name, pictures, tmp_path):
    zoo.train(name, solver="gradient", epochs=2, run_dir=tmp_path / "run")
    page = report(tmp_path / "run")
    assert len(Page(page).pictures) == pictures
    assert ("Solution, reference and error" in page.read_text(encoding="utf-8")) == (pictures == 4)


@pytest.fixture(scope="module")
def real_report(tmp_path_factory, tfds_dir):
    folder = tmp_path_factory.mktemp("cifar10")
    options = {"size": 4, "grayscale": False}
    zoo.train("cifar_softmax", options=options, epochs=1, run_dir=folder / "run")
    return report(folder / "run", folder / "page.html")


def test_a_report_of_real_photos(real_report):
    page = Page(real_report)
    assert page.fetched == []
    assert "Weights W as images" in page.headings
    assert "airplane" in page.texts
    assert "1,000" in page.texts


def test_a_report_opens_from_disk_with_the_network_off(real_report, browser):
    context = browser.new_context(offline=True, viewport={"width": 375, "height": 812})
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(real_report.as_uri())
    page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
    assert page.locator("img").count() >= 3
    assert page.inner_text("h1")
    assert {url for url in asked if not url.startswith("data:")} == {real_report.as_uri()}
    assert complaints == []
    context.close()


def test_runs_are_compared(run, tmp_path):
    zoo.train("perceptron", epochs=2, learning_rate=0.5, run_dir=tmp_path / "second")
    page = Page(compare([run, tmp_path / "second"], tmp_path / "compare.html"))
    assert page.fetched == []
    assert len(page.pictures) == 1
    assert {"first", "second"} <= set(page.texts)
    assert {"recipe: epochs", "recipe: learning rate"} <= set(page.texts)
    assert not any("dataset" in text for text in page.texts)


def test_runs_whose_folders_have_the_same_name_stay_apart(run, tmp_path):
    shutil.copytree(run, tmp_path / run.name)
    page = Page(compare([run, tmp_path / run.name], tmp_path / "compare.html"))
    names = {text for text in page.texts if text.endswith(f"/{run.name}")}
    assert len(names) == 2


def test_settings_are_read_without_json(run, tmp_path):
    page = Page(report(run, tmp_path / "page.html"))
    assert {"recipe: epochs", "dataset: name", "versions: keras"} <= set(page.texts)
    assert not any("{" in text or "[" in text for text in page.texts)


@pytest.fixture(scope="module")
def photos_of_several_sizes(tmp_path_factory):
    """Drawn photos of two classes with names as people give them, each of another size."""
    folder = tmp_path_factory.mktemp("several sizes")
    random = np.random.default_rng(0)
    for label in ("$5_{", "猫"):
        (folder / label).mkdir()
        for index in range(12):
            pixels = random.integers(0, 256, (20 + index, 30 - index, 3), np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{index}.png")
    return folder


def test_a_report_of_own_photos_of_several_sizes(photos_of_several_sizes, tmp_path):
    zoo.train(
        "linear_cat_dog",
        dataset="photos",
        data_dir=photos_of_several_sizes,
        epochs=1,
        batch_size=4,
        run_dir=tmp_path / "run",
    )
    page = Page(report(tmp_path / "run"))
    assert len(page.pictures) == 4
    assert {"$5_{", "猫"} <= set(page.texts)
    # What is measured later finds the photos where they lay.
    bundle = export_run(tmp_path / "run", kinds=["float32"])
    assert sources.open_source(bundle).data_dir == str(photos_of_several_sizes)
    assert data_dir.recorded_data_dir(bundle, edge.read_manifest(bundle)) == str(
        photos_of_several_sizes
    )


def test_text_from_outside_cannot_become_markup(run, tmp_path):
    config = json.loads((run / "config.json").read_text())
    write_json(run / "config.json", config | {"machine": "<script>alert(1)</script>"})
    page = Page(report(run, tmp_path / "page.html"))
    assert "<script>alert(1)</script>" in page.texts
    assert "<script>" not in (tmp_path / "page.html").read_text()


def test_an_unfinished_run_has_no_report(run, tmp_path):
    (tmp_path / "config.json").write_bytes((run / "config.json").read_bytes())
    with pytest.raises(ZooError, match="is not finished"):
        report(tmp_path)
    with pytest.raises(ZooError, match="not a run folder"):
        compare([run, tmp_path / "nowhere"], tmp_path / "compare.html")
