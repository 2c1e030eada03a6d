import json
import os

import pytest

from zoo.errors import ZooError
from zoo.utils.files import read_json, write_json


@pytest.mark.parametrize("name", [b"caf\xe9", "Kätzchen \u2028".encode(), b"plain"])
def test_paths_of_any_bytes_are_written_and_read_back(tmp_path, name):
    path = os.fsdecode(name)
    write_json(tmp_path / "a.json", {"data_dir": path, path: [path]})
    assert read_json(tmp_path / "a.json") == {"data_dir": path, path: [path]}
    json.loads((tmp_path / "a.json").read_bytes().decode("utf-8", "strict"))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_reported(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ZooError, match=r"a\.json cannot be read as JSON"):
        read_json(tmp_path / "a.json")
