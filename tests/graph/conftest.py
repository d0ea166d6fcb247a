"""Shared by the tests of `nbkit.graph`: short ways to write jobs and to see what is wrong."""

from __future__ import annotations

import json

import pytest

from nbkit.errors import DefinitionError
from nbkit.graph.load import parse_job


def task(key="a", *parents, **fields):
    """Write a notebook task, or another one where `fields` names its type."""
    made = {"task_key": key}
    if not any(name.endswith("_task") for name in fields):
        made["notebook_task"] = {"notebook_path": f"{key}.ipynb"}
    if parents:
        made["depends_on"] = [
            {"task_key": parent} if isinstance(parent, str) else parent for parent in parents
        ]
    return made | fields


def problems_of(settings, **options):
    """Return every problem of a job as (severity, pointer, message), but for notes."""
    text = settings if isinstance(settings, str) else json.dumps(settings)
    try:
        found = parse_job(text, **options).warnings
    except DefinitionError as error:
        found = error.problems
    return [
        (problem.severity, problem.pointer, problem.message)
        for problem in found
        if problem.severity != "note"
    ]


@pytest.fixture(name="task")
def _task():
    return task


@pytest.fixture(name="problems_of")
def _problems_of():
    return problems_of


@pytest.fixture
def graph_of():
    """Return the graph of a job with these tasks."""

    def make(*tasks, **settings):
        return parse_job(json.dumps({"tasks": list(tasks), **settings})).graph

    return make
