"""The Python API of pipelines, and the commands on it: what they ask for, without running it."""

from __future__ import annotations

import json
import os

import pytest
from typer.testing import CliRunner

import nbkit
from nbkit.api import Run, pipelines
from nbkit.api.pipelines import Update
from nbkit.cli.main import program
from nbkit.errors import DefinitionError, UsageError
from nbkit.settings import Settings

SPEC = "name: shop\nlibraries:\n  - file: {path: a.sql}\n"


@pytest.fixture
def shop(project):
    """A pipeline in a project that is not that of the current folder."""
    folder = project.root / "shop"
    folder.mkdir()
    (folder / "spark-pipeline.yml").write_text(SPEC)
    (folder / "a.sql").write_text("CREATE MATERIALIZED VIEW a AS SELECT 1 AS n;")
    return folder


def record(result="SUCCESS", **attempt):
    """What is on record of an update."""
    task = {"task_key": "update", "attempts": [attempt] if attempt else []}
    return {"run_id": 7, "run_name": "shop", "state": {"result_state": result}, "tasks": [task]}


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """The job that an update was made of, and how it was to be run; nothing runs."""
    found = {"record": record()}

    def run(job, **how):
        found["job"], found["how"] = json.loads(job.read_text()), how
        return Run(found["record"], tmp_path, tmp_path / "runs" / "7")

    monkeypatch.setattr(pipelines, "run_job", run)
    return found


def test_an_update_is_a_run_of_one_task(shop, project, asked, tmp_path):
    """What was asked for is in its block; what was not is left out; nothing in the environment."""
    before = dict(os.environ)
    update = pipelines.run(shop, show="nothing", keep=False)
    task = {"task_key": "update", "pipeline_task": {"pipeline_id": str(shop)}}
    assert asked["job"] == {"name": "shop", "tasks": [task]}
    assert (asked["how"]["show"], asked["how"]["keep"]) == ("nothing", False)
    assert asked["how"]["settings"].root == project.root
    assert isinstance(update, Update)
    assert (update.run_id, update.succeeded, update.datasets) == (7, True, {})

    pipelines.run(
        f"{shop}/spark-pipeline.yml",
        refresh=["b+"],
        full_refresh=("a",),
        parameters={"day": 3, "dry": True},
        lineage=tmp_path / "x" / "lineage.jsonl",
    )
    assert asked["job"]["tasks"][0]["pipeline_task"] == {
        "pipeline_id": f"{shop}/spark-pipeline.yml",
        "full_refresh_selection": ["a"],
        "refresh_selection": ["b+"],
        "parameters": {
            "day": "3",
            "dry": "true",
            "nbkit.lineage.file": str(tmp_path / "x" / "lineage.jsonl"),
        },
    }
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"full_refresh_all": True, "refresh": ["a"]}, "leaves nothing to choose"),
        ({"full_refresh_all": True, "full_refresh": ["a"]}, "leaves nothing to choose"),
        ({"refresh": []}, "names no dataset; without it all are refreshed"),
        ({"refresh": "orders"}, r"refresh is a list of names: \['orders'\]"),
        ({"full_refresh": "orders"}, r"full_refresh is a list of names: \['orders'\]"),
        ({"parameters": {1: 1}}, "a parameter's name is text"),
    ],
)
def test_what_makes_no_sense_raises(shop, asked, given, message):
    """And nothing runs."""
    with pytest.raises(UsageError, match=message):
        pipelines.run(shop, **given)
    assert "job" not in asked


def test_wrong_settings_are_found_without_spark(shop):
    """`validate` returns what is wrong; where something is to be done with it, it raises."""
    (shop / "spark-pipeline.yml").write_text("name: shop\nlibrareis: []\n")
    found = [str(each) for each in pipelines.validate(shop)]
    assert found == ["librareis: is no setting of a pipeline; nearest: libraries"]
    for ask in (pipelines.run, pipelines.graph, pipelines.events):
        with pytest.raises(DefinitionError, match="nearest: libraries"):
            ask(shop)
    with pytest.raises(DefinitionError, match="nearest: libraries"):
        pipelines.preview(shop, "a")
    with pytest.raises(UsageError, match="there is no pipeline"):
        pipelines.validate(shop / "nope.yml")


def test_events_of_an_update_that_goes_on(shop, project):
    """The newest of them, from its file: nobody asks for Spark where there is no log yet."""
    assert pipelines.events(shop) == []
    folder = project.root / ".nbkit" / "pipelines" / "shop"
    folder.mkdir(parents=True)
    lines = [json.dumps({"message": f"«{number}»"}) for number in range(5)]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    assert [each["message"] for each in pipelines.events(shop, limit=2)] == ["«3»", "«4»"]
    assert pipelines.events(shop, limit=0) == []


def test_one_process_has_the_spark_of_one_project(shop, project, monkeypatch):
    """Another project's pipeline would be resolved against the wrong tables."""
    from nbkit.toolkit import session as module

    monkeypatch.setattr(module, "_is_live", lambda _: True)
    monkeypatch.setattr(module.session, "_spark", object())
    monkeypatch.setattr(module.session, "root", project.root / "other")
    with pytest.raises(UsageError, match="the Spark of another project"):
        pipelines.graph(shop)


WRONG = {"failure": {"error": "DefinitionError", "message": "a.sql:1: …"}}
OTHER = {"failure": {"error": "UpdateFailedError", "message": "DefinitionError: no"}}


@pytest.mark.parametrize(
    ("attempt", "result", "status"),
    [
        ({}, "SUCCESS", 0),
        (WRONG, "FAILED", 2),
        (OTHER, "FAILED", 1),
        ({}, "CANCELED", 130),
        ({}, "MAXIMUM_CONCURRENT_RUNS_REACHED", 1),
    ],
)
def test_the_command_says_how_it_ended(shop, asked, attempt, result, status):
    """A pipeline that is wrong is wrong usage; it goes by the error's class, not by its text."""
    asked["record"] = record(result, **attempt)
    arguments = ["pipeline", "run", str(shop), "--json", "--quiet", "--refresh", "a, b+"]
    said = CliRunner().invoke(program, arguments)
    assert said.exit_code == status
    assert json.loads(said.stdout) == asked["record"]
    assert asked["job"]["tasks"][0]["pipeline_task"]["refresh_selection"] == ["a", "b+"]
    assert asked["how"]["show"] == "quiet"


def test_an_update_tells_of_its_datasets():
    """By their names, from its last attempt."""
    told = [{"id": "s.a", "state": "COMPLETED", "rows": 3}, {"id": "s.b", "state": "FAILED"}]
    update = Update(record("FAILED", datasets=told, **OTHER), Settings.of().root, None)
    assert update.datasets["s.a"]["rows"] == 3
    assert list(update.datasets) == ["s.a", "s.b"]
    assert not update.invalid


def test_it_is_part_of_the_public_api():
    """With a docstring for each."""
    assert nbkit.api.pipelines is pipelines
    assert all(getattr(pipelines, name).__doc__ for name in pipelines.__all__)
