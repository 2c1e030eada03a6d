import psutil
import pytest

from zoo.utils import memory


def test_available_memory_is_within_what_the_machine_has():
    assert 0 < memory.available_bytes() <= psutil.virtual_memory().total


def test_what_a_container_may_use_is_available_and_no_more(tmp_path, monkeypatch):
    write_limit(tmp_path, "memory.max", "memory.current")
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path)
    monkeypatch.setattr(memory, "_own_groups", lambda: [("", "/")])
    assert memory.available_bytes() == 500000


def write_limit(folder, limit, usage):
    (folder / limit).write_text("1000000\n", encoding="utf-8")
    (folder / usage).write_text("700000\n", encoding="utf-8")
    (folder / "memory.stat").write_text("anon 5\ninactive_file 200000\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("groups", "mount", "limit", "usage"),
    [
        ([("", "/app/job")], "app", "memory.max", "memory.current"),
        (
            [("cpu", "/app"), ("memory,hugetlb", "/app/job")],
            "memory/app",
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
        ),
        # What a container sees: the host's path, and the limit at the root.
        ([("", "/host/only/here")], "", "memory.max", "memory.current"),
    ],
)
def test_the_limit_of_a_control_group_above_holds(tmp_path, groups, mount, limit, usage):
    folder = tmp_path / mount
    folder.mkdir(parents=True, exist_ok=True)
    write_limit(folder, limit, usage)
    assert memory._left_of_limits(groups, tmp_path) == [500000]
    (folder / limit).write_text("max\n", encoding="utf-8")
    assert memory._left_of_limits(groups, tmp_path) == []
