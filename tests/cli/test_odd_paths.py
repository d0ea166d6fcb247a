"""A path of any kind is a job or one clear line; a project that one may only read can be read."""

from __future__ import annotations

import os
import socket

import pytest

GOOD = {
    "name": "job",
    "tasks": [{"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}],
}
ORDINARY = "" if os.geteuid() else "setpriv --bounding-set=-all --inh-caps=-all "
"""Root may write anywhere, unless it lets go of that."""


@pytest.fixture
def place(project):
    """A folder with one of each kind."""
    project.write("job.json", GOOD)
    (project.root / "folder").mkdir()
    (project.root / "loop").symlink_to("loop")
    (project.root / "loop.json").symlink_to("loop.json")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(project.root / "sock"))
    listener.close()
    return project


NAMES = [
    "loop",
    "loop.json",
    "sock",
    "folder",
    "job.json/below.json",
    "job.json/below.ipynb",
    "none.ipynb",
    "x" * 300,
    f"{'x' * 300}.json:key",
    "x/" * 3000,
    "nul\0name.json",
    "new\nline.json",
    "file:///nothing%E9.json",
    " --target ",
    "~nobody/x",
    ":",
    "::",
    "/",
    "/dev/null",
]


@pytest.mark.parametrize("command", ["validate", "run"])
@pytest.mark.parametrize("named", NAMES, ids=ascii)
def test_an_odd_path_instead_of_a_job(command, named, place, nbkit):
    """One line says which place it is and what is wrong there."""
    said = nbkit(command, named)

    assert said.status == 2
    assert len((said.out + said.err).splitlines()) <= 4


@pytest.mark.parametrize("field", ["notebook", "python", "sql"])
@pytest.mark.parametrize(
    "named", [each for each in NAMES if not each.startswith("/dev")], ids=ascii
)
def test_an_odd_path_within_a_job(field, named, place, nbkit):
    """It is a problem of its task, beside all the others."""
    block = {
        "notebook": {"notebook_task": {"notebook_path": named}},
        "python": {"spark_python_task": {"python_file": named}},
        "sql": {"sql_task": {"warehouse_id": "w", "file": {"path": named}}},
    }[field]
    tasks = [
        {"task_key": "a", **block},
        {"task_key": "b", "notebook_task": {"notebook_path": "no"}},
    ]
    place.write("odd.json", {"name": "odd", "tasks": tasks})

    said = nbkit("validate", "odd.json")

    assert said.status == 2
    assert "tasks[0]" in said.out
    assert "There is no notebook no" in said.out


def test_a_project_that_one_may_only_read(place):
    """Looking at its runs, and at what would run, changes nothing in it."""
    assert place.nbkit("run", "job.json").status == 0
    before = sorted(each for each in place.root.rglob("*"))
    place.shell("chmod -R a-w .")
    looks = ("runs", "show 1", "review 1 --no-open", "review --no-open", "validate job.json")
    try:
        said = place.shell(" && ".join(f"{ORDINARY}nbkit {look}" for look in looks))
    finally:
        place.shell("chmod -R u+w .")

    assert said.status == 0, said.err
    assert sorted(each for each in place.root.rglob("*")) == before
