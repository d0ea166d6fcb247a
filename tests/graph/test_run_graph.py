"""The order of tasks respects every dependency and is the same every time."""

from __future__ import annotations

import json
import random

import pytest

from nbkit.graph.load import parse_job
from nbkit.graph.model import Job
from nbkit.graph.run_graph import RunGraph


def job(**parents):
    """Write a job from task keys with the keys they wait for, separated by spaces."""
    return Job.model_validate(
        {
            "tasks": [
                {"task_key": key, "depends_on": [{"task_key": name} for name in names.split()]}
                for key, names in parents.items()
            ]
        }
    )


@pytest.mark.parametrize(
    ("parents", "order"),
    [
        ({"a": "", "b": "", "c": ""}, "abc"),
        ({"c": "", "a": "", "b": ""}, "cab"),
        ({"c": "b", "b": "a", "a": ""}, "abc"),
        ({"d": "b c", "b": "a", "c": "a", "a": ""}, "abcd"),
        ({"d": "b c", "c": "a", "b": "a", "a": ""}, "acbd"),
        ({"z": "", "b": "z", "a": "", "c": "a"}, "zbac"),
        ({"x": "y", "y": "x", "a": ""}, "axy"),
        ({"a": "zz"}, "a"),
    ],
)
def test_parents_come_first_then_definition_order(parents, order):
    """Among tasks that are ready, the one defined first goes first; cycles go last."""
    assert "".join(RunGraph(job(**parents)).keys) == order


def test_the_ways_through_a_graph():
    """Parents as listed, children and leaves in order, ancestors and descendants at any depth."""
    graph = RunGraph(job(a="", b="a", c="a", d="c b", lone=""))
    assert [parent.task_key for parent in graph.parents("d")] == ["c", "b"]
    assert graph.children("a") == ("b", "c")
    assert graph.leaves == ("d", "lone")
    assert graph.ancestors("d") == {"a", "b", "c"}
    assert graph.ancestors("a") == frozenset()
    assert graph.descendants("a") == {"b", "c", "d"}
    assert graph.is_ancestor("a", of="d")
    assert not graph.is_ancestor("d", of="a")
    assert "a" in graph
    assert "zz" not in graph
    assert graph.task("b").task_key == "b"
    assert graph.cyclic == ()


def test_what_is_wrong_does_not_stop_the_graph():
    """Unknown parents are left out, cycles are known, the first of two tasks counts."""
    tasks = [
        {"task_key": "a", "depends_on": [{"task_key": "zz"}]},
        {"task_key": "a", "description": "second"},
        {"task_key": "b", "depends_on": [{"task_key": "b"}]},
    ]
    graph = RunGraph(Job.model_validate({"tasks": tasks}))
    assert graph.keys == ("a", "b")
    assert graph.parents("a") == ()
    assert graph.task("a").description is None
    assert graph.cyclic == ("b",)


def test_any_definition_order_gives_a_valid_order():
    """Whatever the order of definition, each task comes after all it waits for."""
    source = random.Random(7)
    names = [f"t{number}" for number in range(80)]
    parents = {
        name: " ".join(source.sample(names[:place], min(place, source.randint(0, 3))))
        for place, name in enumerate(names)
    }
    for _ in range(20):
        source.shuffle(names)
        graph = RunGraph(job(**{name: parents[name] for name in names}))
        done: set[str] = set()
        for key in graph.keys:
            assert graph.ancestors(key) <= done
            done.add(key)


def test_a_thousand_tasks_are_no_burden():
    """A chain of 1,000 tasks, each reading the one before, parses with its whole ancestry."""
    tasks = [
        {
            "task_key": f"t{number}",
            "depends_on": [{"task_key": f"t{number - 1}"}] if number else [],
            "notebook_task": {
                "notebook_path": "n.ipynb",
                "base_parameters": {"x": f"{{{{tasks.t{number - 1}.values.n}}}}" if number else ""},
            },
        }
        for number in range(1000)
    ]
    parsed = parse_job(json.dumps({"tasks": tasks}))
    assert parsed.warnings == ()
    assert len(parsed.graph.ancestors("t999")) == 999
