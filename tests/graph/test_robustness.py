"""However a file is spoiled, the answer is a graph or problems in plain words."""

from __future__ import annotations

import copy
import json
import random

import pytest
import yaml

from nbkit.errors import DefinitionError
from nbkit.graph.load import parse_job

ODD = (None, 5, -1, True, 1.5, "", "x", [], {}, [[]], [None], [{}], {"": None}, "{{job.x}}", "{{")
BASE = {
    "name": "etl",
    "parameters": [{"name": "day", "default": "1"}],
    "job_clusters": [{"job_cluster_key": "k", "new_cluster": {"spark_conf": {"a": "b"}}}],
    "schedule": {"quartz_cron_expression": "0 0 0 * * ?", "timezone_id": "UTC"},
    "tasks": [
        {
            "task_key": "load",
            "job_cluster_key": "k",
            "libraries": [{"pypi": {"package": "x"}}],
            "notebook_task": {"notebook_path": "l.ipynb", "base_parameters": {"a": "{{job.id}}"}},
        },
        {
            "task_key": "gate",
            "depends_on": [{"task_key": "load"}],
            "condition_task": {"op": "LESS_THAN", "left": "{{tasks.load.values.n}}", "right": 1},
        },
        {
            "task_key": "each",
            "depends_on": [{"task_key": "gate", "outcome": "true"}],
            "for_each_task": {
                "inputs": "[1, 2]",
                "concurrency": 2,
                "task": {"task_key": "one", "notebook_task": {"notebook_path": "o.ipynb"}},
            },
        },
    ],
}


def places(value, way=()):
    """Return the ways to every value of a document."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return [way, *(place for step, deeper in inner for place in places(deeper, (*way, step)))]


def answer(text, source="job.json"):
    """Return what is wrong with a job; anything but a DefinitionError goes through."""
    try:
        parse_job(text, source=source)
    except DefinitionError as error:
        return str(error)
    return "nothing"


@pytest.mark.parametrize("seed", range(8))
def test_spoiled_documents(seed):
    """Values of the wrong kind at any places never raise anything but a DefinitionError."""
    source = random.Random(seed)
    for _ in range(40):
        document = copy.deepcopy(BASE)
        for _ in range(source.randint(1, 3)):
            *way, last = source.choice(places(document)[1:])
            holder = document
            for step in way:
                holder = holder[step]
            holder[last] = copy.deepcopy(source.choice(ODD))
        assert "pydantic" not in answer(json.dumps(document)).lower()


@pytest.mark.parametrize("source", ["job.json", "job.yml"])
def test_spoiled_text(source):
    """Neither do characters that do not belong."""
    text = json.dumps(BASE, indent=1) if source == "job.json" else yaml.safe_dump(BASE)
    chance = random.Random(3)
    for _ in range(200):
        spoiled = list(text)
        for _ in range(chance.randint(1, 4)):
            spoiled[chance.randrange(len(spoiled))] = chance.choice(
                [
                    "",
                    "{",
                    "}",
                    "[",
                    ",",
                    ":",
                    '"',
                    "\n",
                    "\t",
                    "//",
                    "&a ",
                    "*a",
                    "!x ",
                    "\x01",
                    "? ",
                ]
            )
        answer("".join(spoiled), source)
