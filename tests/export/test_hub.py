"""Bundles on a stand-in of the Hugging Face hub, through its own client: pushed, and loaded."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import TOKEN

import zoo
from zoo import edge
from zoo.bundles.front_matter import front_matter, without_front_matter
from zoo.bundles.shipped import find_bundle

SERVER = Path(__file__).resolve().parents[1] / "hub_server.py"
LOAD = """
import sys
from zoo import edge
try:
    model = edge.load(*sys.argv[1:])
    print(model.artifact, model.predict([0, 1]).label)
except edge.BundleError as error:
    sys.exit(str(error))
"""
PUSH = """
import sys
from zoo import ZooError
from zoo.export import hub
try:
    hub.check_access(sys.argv[2])
    print(hub.push(sys.argv[1], sys.argv[2]))
except ZooError as error:
    sys.exit(str(error))
"""


class Client:
    """Runs Python with the stand-in as the hub, and a cache and a token of its own."""

    def __init__(self, address, folder, cache, token=TOKEN):
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("HF_")
        }
        self.environment |= {
            "HF_ENDPOINT": address,
            "HF_HOME": str(cache),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1",
            "COLUMNS": "300",
            **({"HF_TOKEN": token} if token else {}),
        }

    def run(self, *words):
        return subprocess.run(
            [sys.executable, *map(str, words)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=self.environment,
        )

    def requests(self):
        return (self.folder / "requests.txt").read_text(encoding="utf-8").splitlines()


@contextlib.contextmanager
def hub(folder):
    server = subprocess.Popen([sys.executable, SERVER, folder], stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """A client of a hub that has the shipped xor_mlp as student/xor, and the bundle's address."""
    folder, cache = tmp_path_factory.mktemp("hub"), tmp_path_factory.mktemp("cache")
    bundle = shutil.copytree(find_bundle("xor_mlp"), tmp_path_factory.mktemp("bundles") / "xor_mlp")
    card = without_front_matter((bundle / "README.md").read_text(encoding="utf-8"))
    metadata = front_matter(edge.read_manifest(bundle), "mit")
    (bundle / "README.md").write_text(f"{metadata}\n{card}", encoding="utf-8")
    with hub(folder) as found:
        client = Client(found, folder, cache)
        client.bundle = bundle
        done = client.run("-c", PUSH, bundle, "student/xor")
        # Nor a warning about the card's metadata.
        assert (done.returncode, done.stderr) == (0, "")
        client.address = done.stdout.strip()
        yield client


def test_every_file_of_a_bundle_arrives_as_it_is(pushed):
    bundle = pushed.bundle
    commit = pushed.address.partition("@")[2]
    arrived = pushed.folder / "student" / "xor" / commit
    files = {path.relative_to(bundle) for path in bundle.rglob("*") if path.is_file()}
    files = {path for path in files if "__pycache__" not in path.parts}
    assert files == {path.relative_to(arrived) for path in arrived.rglob("*") if path.is_file()}
    assert all((bundle / file).read_bytes() == (arrived / file).read_bytes() for file in files)


@pytest.mark.parametrize("artifact", [None, "int8"])
def test_a_bundle_on_the_hub_answers_as_the_folder_does(pushed, artifact, tmp_path):
    given = [] if artifact is None else [artifact]
    for place in ("hf://student/xor", "hf://student/xor@main", pushed.address):
        done = pushed.run("-c", LOAD, place, *given)
        assert done.returncode == 0, done.stderr
        expected = edge.load(find_bundle("xor_mlp"), artifact)
        assert done.stdout.split() == [expected.artifact, expected.predict([0, 1]).label]


def test_only_what_is_needed_is_downloaded(pushed, tmp_path):
    client = Client(pushed.environment["HF_ENDPOINT"], pushed.folder, tmp_path)
    before = len(client.requests())
    assert client.run("-c", LOAD, "hf://student/xor", "float16").returncode == 0
    names = {line.rpartition("/")[2] for line in client.requests()[before:]}
    assert names == {"manifest.json", "labels.txt", "float16.tflite"}


def test_the_command_line_and_predict_py_take_the_address(pushed):
    done = pushed.run("-m", "zoo", "predict", "hf://student/xor", "0", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["label"] == "1"
    program = find_bundle("xor_mlp") / "predict.py"
    alone = pushed.run("-I", program, "--bundle", "hf://student/xor", "0", "1")
    assert alone.returncode == 0, alone.stderr
    assert ": 1 (" in alone.stdout


def test_what_was_loaded_once_is_loaded_without_the_hub(pushed, tmp_path):
    client = Client(pushed.environment["HF_ENDPOINT"], pushed.folder, tmp_path)
    assert client.run("-c", LOAD, "hf://student/xor").returncode == 0
    client.environment["HF_HUB_OFFLINE"] = "1"
    assert client.run("-c", LOAD, "hf://student/xor").returncode == 0
    other = client.run("-c", LOAD, "hf://student/xor", "int8")
    assert other.returncode == 1
    assert "the hub cannot be reached, and int8.tflite is not in its cache" in other.stderr


@pytest.mark.parametrize("file", ["float32.tflite", "manifest.json"])
def test_a_file_that_was_changed_on_the_hub_is_not_run(pushed, file, tmp_path):
    bundle = pushed.folder / "student" / "xor"
    commit = (bundle / "main").read_text()
    path = bundle / commit / file
    before = path.read_bytes()
    changed = bytearray(before)
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)
    try:
        client = Client(pushed.environment["HF_ENDPOINT"], pushed.folder, tmp_path)
        done = client.run("-c", LOAD, "hf://student/xor")
    finally:
        path.write_bytes(before)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "is damaged" in done.stderr


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("hf://student/nothing", "there is no such repository, or it is private"),
        ("hf://student/xor@v9", "it has no revision v9"),
        ("hf://", "write hf://USER/REPO"),
        ("hf://a/b/c", "write hf://USER/REPO"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_sentence(pushed, place, problem):
    done = pushed.run("-c", LOAD, place)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert f"{place} cannot be loaded from the hub: {problem}" in line


def test_a_repository_that_is_no_bundle_is_one_sentence(pushed):
    folder = pushed.folder / "student" / "words"
    (folder / ("0" * 40)).mkdir(parents=True)
    (folder / "main").write_text("0" * 40)
    done = pushed.run("-c", LOAD, "hf://student/words")
    (line,) = done.stderr.strip().splitlines()
    assert "it has no manifest.json; give a repository that is a bundle." in line


def test_a_bundle_is_pushed_again_over_the_older_one(pushed, tmp_path):
    done = pushed.run("-c", PUSH, find_bundle("perceptron"), "student/again")
    assert done.returncode == 0, done.stderr
    done = pushed.run("-c", PUSH, find_bundle("xor_mlp"), "student/again")
    assert done.returncode == 0, done.stderr
    first = pushed.run("-c", LOAD, "hf://student/again")
    assert first.stdout.split() == ["float32", "1"], first.stderr


@pytest.mark.parametrize(
    ("repository", "token", "problem"),
    [
        ("student/xor", None, "needs a token to write student/xor; run: hf auth login"),
        ("student/xor", "hf_wrong", "your token may not write there; run: hf auth login"),
        ("teacher/xor", TOKEN, "your token may not write there; run: hf auth login"),
        ("xor", TOKEN, "xor is no repository; write USER/REPO."),
        ("a/b/c", TOKEN, "a/b/c is no repository; write USER/REPO."),
    ],
)
def test_what_may_not_be_pushed_is_one_sentence(pushed, repository, token, problem, tmp_path):
    client = Client(pushed.environment["HF_ENDPOINT"], pushed.folder, tmp_path, token)
    done = client.run("-c", PUSH, find_bundle("xor_mlp"), repository)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert problem in line


def test_a_card_that_the_hub_refuses_is_one_sentence(pushed, tmp_path):
    bundle = shutil.copytree(pushed.bundle, tmp_path / "xor_mlp")
    (bundle / "README.md").write_text("---\nmodel-index: 3\n---\n", encoding="utf-8")
    done = pushed.run("-c", PUSH, bundle, "student/refused")
    (line,) = done.stderr.strip().splitlines()
    assert "Invalid metadata in README.md" in line


def test_without_the_hub_s_client_the_sentence_says_what_to_install(pushed, tmp_path):
    (tmp_path / "huggingface_hub.py").write_text("raise ImportError('No such module')\n")
    client = Client(pushed.environment["HF_ENDPOINT"], pushed.folder, tmp_path)
    client.environment["PYTHONPATH"] = str(tmp_path)
    done = client.run("-c", LOAD, "hf://student/xor")
    (line,) = done.stderr.strip().splitlines()
    assert line.endswith("run: pip install huggingface_hub")
    done = client.run("-c", PUSH, find_bundle("xor_mlp"), "student/xor")
    (line,) = done.stderr.strip().splitlines()
    assert line.endswith('run: pip install "lecture-zoo[hub]"')


def test_a_command_that_needs_a_folder_says_how_to_download_one(run_zoo):
    done = run_zoo("verify", "hf://student/xor")
    assert done.returncode == 2
    assert "hf download USER/REPO --local-dir FOLDER" in done.stderr


@pytest.mark.slow
def test_a_run_is_exported_and_pushed_by_one_command(pushed, tmp_path):
    zoo.train("xor_mlp", run_dir=tmp_path / "run")
    done = pushed.run("-m", "zoo", "export", tmp_path / "run", "--push", "student/trained")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Pushed: ")]
    loaded = pushed.run("-c", LOAD, line.removeprefix("Pushed: "))
    assert loaded.stdout.split() == ["float32", "1"], loaded.stderr
    refused = pushed.run("-m", "zoo", "export", tmp_path / "run", "--push", "nobody")
    assert refused.returncode == 2
    assert "write USER/REPO" in refused.stderr
