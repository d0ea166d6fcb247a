"""The notebook's context answers what people read from it, and says what cannot be."""

from __future__ import annotations

import getpass
import json
import os

import pytest

from nbkit import serving as attempt
from nbkit.toolkit.context import NotebookContext
from nbkit.toolkit.dbutils import dbutils


def context_of():
    return dbutils.notebook.entry_point.getDbutils().notebook().getContext()


@pytest.fixture
def job(context):
    attempt.serve(context)
    return context


def test_every_way_leads_to_the_context():
    """By the notebook's entry point, by dbutils' own, and directly."""
    ways = (context_of(), dbutils.entry_point.getDbutils().notebook().getContext())
    for found in (*ways, dbutils.notebook.getContext()):
        assert isinstance(found, NotebookContext)


def test_a_job_knows_who_it_is(job, tmp_path):
    """The notebook's path has no suffix, as on Databricks; numbers are text."""
    found = context_of()
    assert found.notebookPath().get() == str(tmp_path / "me")
    assert found.jobId().get() == "1"
    assert found.jobName().get() == "job"
    assert found.currentRunId().get().id() == 3
    assert found.currentRunId().toString() == "Some(3)"
    assert found.rootRunId().get().id() == 2
    assert found.userName().get() == found.tags().apply("user") == getpass.getuser()
    assert found.tags().get("jobId").get() == "1"
    assert found.tags().get("multitaskParentRunId") == found.tags().apply("jobRunId") == "2"
    assert found.tags().getOrElse("nothing", "else") == "else"
    assert found.tags().contains("taskKey")
    assert "runId" in found.tags().keySet()
    assert found.extraContext().apply("notebook_path") == str(tmp_path / "me")
    assert found.browserHostName().isDefined()
    assert found.workspaceId().nonEmpty()


def test_json_has_the_shape_that_people_take_apart(job):
    """`toJson` nests tags and paths; `safeToJson` has all in `attributes`."""
    document = json.loads(context_of().toJson())
    assert document["currentRunId"] == {"id": 3}
    assert document["tags"]["jobId"] == "1"
    assert document["extraContext"]["notebook_path"].endswith("/me")
    attributes = json.loads(context_of().safeToJson())["attributes"]
    assert attributes["currentRunId"] == attributes["runId"] == "3"
    assert attributes["notebook_path"].endswith("/me")
    assert attributes["clusterId"] == context_of().clusterId().get()


def test_by_hand_there_is_no_job(monkeypatch, tmp_path):
    """Options are empty and false; `get()` says why in one sentence."""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "mine.ipynb"))
    found = context_of()
    assert found.notebookPath().get() == str(tmp_path / "mine")
    assert (found.tags().get("jobRunId") or "none") == "none"
    assert found.jobId().getOrElse(None) is None
    assert found.currentRunId().isEmpty()
    assert json.loads(found.toJson())["currentRunId"] is None
    with pytest.raises(LookupError, match="no jobId here: no job runs the notebook"):
        found.jobId().get()
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert context_of().notebookPath().get() == os.getcwd()  # noqa: PTH109


def test_what_cannot_be_here_says_so():
    """No workspace, no token; a misspelt name gets the nearest."""
    for ask in (context_of().apiUrl(), context_of().apiToken()):
        assert ask.getOrElse(None) is None
        with pytest.raises(LookupError, match="there is no workspace"):
            ask.get()
    with pytest.raises(AttributeError, match="nearest: notebookPath"):
        context_of().notebookPaht()


def test_bindings_are_the_parameters(job):
    """`getCurrentBindings()` is what the notebook was given."""
    assert dbutils.notebook.entry_point.getCurrentBindings() == {"day": "2013-01-01"}
