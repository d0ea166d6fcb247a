"""Random pipelines over random histories, as data: the same seed is the same case.

All rows have the columns `id`, `k`, `n` and `t`, under names that a case chooses; so any dataset
can read any other. A step of a case holds the code as it is then, what is new in the sources, what
is asked of the update, and how often it is killed.
"""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

NAMES = (
    {"id": "id", "k": "k", "n": "n", "t": "t", "s": "s", "op": "op", "late": "late"},
    {"id": "i-d", "k": "k.x", "n": "größe", "t": "t`x", "s": "s", "op": "op", "late": "Später"},
    {"id": "ID", "k": "select", "n": "n'n", "t": "🙂", "s": "seq", "op": "Op", "late": "a.b"},
)
KEYS = [None, "a", "b", "A", "new,paid", "it's"]
TEXTS = [None, "x", "X", "Box #1001", "1.10", "a,b", "{t}", ":p", "é", "back\\slash", 'q"q']
NUMBERS = [None, -3, 0, 1, 2, 2, 5, 9_007_199_254_740_993]
FORMATS = ("json", "csv", "parquet")
FORMS = ("plain", "group", "join", "left", "union", "distinct", "semi", "anti", "window")
STYLES = ("frame", "text", "sql", "view")

Node = dict[str, Any]


def case(seed: int, steps: int = 4, most: int = 9) -> dict[str, Any]:
    """Return a pipeline, the history of its sources and code, and what becomes of its updates.

    Args:
        seed: the same is the same case.
        steps: updates that come to their end.
        most: datasets that there are at most.
    """
    dice = Random(seed)
    sources: dict[str, Node] = {
        "grows": {"kind": "delta"},
        "files": {"kind": "files", "format": dice.choice(FORMATS)},
        "changes": {"kind": dice.choice(["delta", "files"]), "format": dice.choice(FORMATS)},
        "edited": {"kind": "delta"},
    }
    nodes = _nodes(dice, most)
    found = []
    numbers = iter(range(1, 10_000))
    for at in range(steps):
        if at:
            nodes = _edited(dice, nodes)
        kills = [_kill(dice) for _ in range(dice.choice([0, 1, 1, 2]))]
        news = [_news(dice, sources, numbers, late=at > 1) for _ in range(1 + len(kills))]
        found.append({"nodes": nodes, "full": _full(dice, at, nodes), "kills": kills, "news": news})
    return {"seed": seed, "names": dice.choice(NAMES), "sources": sources, "steps": found}


def until(whole: dict[str, Any], step: int, name: str) -> dict[str, Any]:
    """Return a case up to a step, with one dataset and all that it reads."""
    nodes = {each["name"]: each for each in whole["steps"][step]["nodes"]}
    wanted, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one in nodes and one not in wanted:
            wanted.add(one)
            waiting += reads(nodes[one])
    kept = deepcopy(whole)
    kept["steps"] = kept["steps"][: step + 1]
    for each in kept["steps"]:
        each["nodes"] = [node for node in each["nodes"] if node["name"] in wanted]
        if isinstance(each["full"], list):
            each["full"] = [one for one in each["full"] if one in wanted]
    return kept


def reads(node: Node) -> list[str]:
    """Return the names of what a dataset reads."""
    return [
        name for query in node["queries"] for name in (query["from"], query.get("other")) if name
    ]


def _nodes(dice: Random, most: int) -> list[Node]:
    """Return datasets, each after what it reads."""
    nodes: list[Node] = []
    appended, whole = ["grows", "files"], ["grows", "files", "edited"]
    for at in range(dice.randint(5, most)):
        name, kind = f"d{at}", dice.choice(["stream", "stream", "view", "mv", "mv", "cdc"])
        node: Node = {"name": name, "kind": kind, "style": dice.choice(STYLES), "rules": []}
        if kind == "cdc":
            node |= {"queries": [{"from": "changes"}], "scd": dice.choice([1, 2])}
        elif kind == "stream":
            chosen = dice.sample(appended, dice.choice([1, 1, 1, 2]))
            node["queries"] = [_query(dice, one) for one in chosen]
            node["raw"] = chosen == ["files"] and dice.random() < 0.7
            node["rules"] = _rules(dice, _actions(node))
            if node["raw"]:
                node["queries"] = [{"from": "files", "ops": []}]
            appended.append(name)
        elif kind == "view" and dice.random() < 0.5:
            node |= {"streaming": True, "queries": [_query(dice, dice.choice(appended))]}
            node["rules"] = _rules(dice, ["warn", "drop"])
            appended.append(name)
        else:
            query = _query(dice, dice.choice(whole))
            query["form"] = dice.choice(FORMS)
            if query["form"] in {"join", "left", "union", "semi", "anti"}:
                query["other"] = dice.choice(whole)
            node["queries"] = [query]
            node["rules"] = _rules(
                dice, ["warn", "drop"] if kind == "view" else ["warn", "drop", "quarantine"]
            )
        if not node.get("streaming"):
            whole.append(name)
        nodes.append(node)
    return nodes


def _query(dice: Random, name: str) -> dict[str, Any]:
    return {"from": name, "ops": [_op(dice) for _ in range(dice.choice([0, 1, 1, 2]))]}


def _op(dice: Random) -> list[Any]:
    if dice.random() < 0.5:
        return ["filter", predicate(dice)]
    return dice.choice(
        [
            ["set", "n", ["plus", dice.choice([1, 2, -1])]],
            ["set", "n", ["or", dice.choice([0, 7])]],
            ["set", "t", ["with", dice.choice(["#1", "#2", "'", "\\", "{x}", ",", "?"])]],
            ["set", "t", ["or", dice.choice(["-", "none"])]],
            ["set", "id", ["plus", dice.choice([1000, 2000])]],
        ]
    )


def predicate(dice: Random) -> list[Any]:
    """Return a condition; it is NULL where what it looks at is."""
    return dice.choice(
        [
            ["n", ">", dice.choice([-4, 0, 1, 2])],
            ["n", "<=", dice.choice([1, 2, 5])],
            ["id", "mod", dice.choice([2, 3])],
            ["t", "=", dice.choice(TEXTS[1:])],
            ["t", "in", dice.sample(TEXTS[1:], 3)],
            ["k", "in", dice.sample(KEYS[1:], 2)],
            ["k", "there", None],
            ["n", "there", None],
        ]
    )


def _rules(dice: Random, actions: list[str]) -> list[list[Any]]:
    names = dice.sample(["positive", "it's", "a, b", "ü 1", "`odd`"], dice.choice([0, 0, 1, 2]))
    return [[name, predicate(dice), dice.choice(actions)] for name in names]


def _actions(node: Node) -> list[str]:
    """Return what rules may do; `create_streaming_table` and views know no quarantine."""
    quarantines = node["kind"] != "view" and len(node["queries"]) == 1
    return ["warn", "drop", "quarantine"] if quarantines else ["warn", "drop"]


def _edited(dice: Random, nodes: list[Node]) -> list[Node]:
    """Return the code after an edit: one more rule or operation, another one, or one less."""
    nodes = deepcopy(nodes)
    for node in dice.sample(nodes, min(len(nodes), dice.choice([0, 1, 2, 3]))):
        if node["kind"] == "cdc" or node.get("raw"):
            continue
        actions = _actions(node)
        what = dice.choice(["ops", "rules", "rules", "style"])
        if what == "style":
            node["style"] = dice.choice(STYLES)
        elif what == "rules":
            node["rules"] = _rules(dice, actions)
        else:
            query = dice.choice(node["queries"])
            query["ops"] = [*query["ops"][1:], _op(dice)]
    dice.shuffle(nodes)
    return nodes


def _full(dice: Random, at: int, nodes: list[Node]) -> Any:
    """Return whether all begin anew, or which; None for an ordinary update."""
    if not at or dice.random() < 0.6:
        return None
    stored = [each["name"] for each in nodes if each["kind"] != "view"]
    return dice.choice(["all", dice.sample(stored, min(2, len(stored))) or None])


def _kill(dice: Random) -> dict[str, Any]:
    """Return when an update dies: after so many new files of logs, or so much of its time."""
    when: dict[str, Any] = {"files": dice.randint(1, 25)}
    if dice.random() < 0.4:
        when = {"seconds": round(dice.uniform(0.5, 12), 2)}
    return {**when, "driver": dice.random() < 0.2}


def _news(
    dice: Random, sources: dict[str, Node], numbers: Any, *, late: bool
) -> dict[str, list[dict[str, Any]]]:
    """Return new rows of each source; those of `edited` are all that it has from now on."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, source in sources.items():
        if dice.random() < 0.25:
            continue
        rows = []
        for _ in range(dice.randint(0, 7)):
            row: dict[str, Any] = {
                "id": next(numbers),
                "k": dice.choice(KEYS),
                "n": dice.choice(NUMBERS),
                "t": dice.choice(TEXTS),
            }
            if name == "changes":
                row["s"] = row["id"] * 7919 % 10_007  # later ones come first at times
                row["op"] = dice.choice("UUUD")
            if name == "files" and source["format"] != "parquet" and dice.random() < 0.15:
                row |= {"n": None, "unfit": dice.choice(["x7", "1.5", "9223372036854775808"])}
            if name == "files" and late:
                row["late"] = dice.choice([None, "l1", "l2"])
            rows.append(row)
        found[name] = rows
    return found
