"""Rules kept outside notebooks: in a YAML file or a table, chosen by tag, all problems at once.

A rule is an object: a SQL `predicate`, or the name of a ready-made `check` with its arguments.

```yaml
rules:
  - name: positive
    predicate: distance > 0
    action: drop
    threshold: 1%
    tags: [flights, silver]
  - check: between
    column: dep_delay
    low: -60
    active: false
```

A table of rules has these columns: `name`, `predicate`, `action`, `threshold`, `nulls`, `check`,
`arguments` (an object of JSON), `tags` (an array, or text with commas), `active`; all but the
first two may be missing or NULL.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbkit.errors import DefinitionError, Problem
from nbkit.near import hint
from nbkit.quality.ready_made import READY_MADE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyspark.sql import SparkSession

    from nbkit.quality.by_measure import Check

_OF_RULES = ("check", "tags", "active")
_COLUMNS = ("name", "predicate", "action", "threshold", "nulls", "check", "tags", "active")


def read_rules(path: str | Path, *, tags: Iterable[str] = ()) -> tuple[Check, ...]:
    """Return the active rules of a YAML file.

    Args:
        path: of the file.
        tags: only rules with one of these; all without.

    Raises:
        DefinitionError: the file is no list of rules, with every problem and its place.
    """
    import yaml

    source = Path(path)
    try:
        document = yaml.safe_load(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise DefinitionError(
            (Problem("", f"cannot be read: {error.strerror}"),), str(path)
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionError((Problem("", f"is no YAML: {error}"),), str(path)) from None
    rules = document.get("rules") if isinstance(document, dict) else document
    if not isinstance(rules, list):
        why = "is no list of rules; begin the file with `rules:` and a list"
        raise DefinitionError((Problem("rules", why),), str(path))
    places = ((f"rules[{place}]", rule) for place, rule in enumerate(rules))
    return _all(places, str(path), frozenset(tags))


def table_rules(
    table: str, *, tags: Iterable[str] = (), spark: SparkSession | None = None
) -> tuple[Check, ...]:
    """Return the active rules of a table.

    Args:
        table: of rules.
        tags: only rules with one of these; all without.
        spark: the session; the notebook's own without.

    Raises:
        DefinitionError: rows are no rules, with every problem and the rule's name.
    """
    if spark is None:
        from nbkit.toolkit.session import session

        spark = session.attach()
        assert spark is not None
    rows = [row.asDict(recursive=True) for row in spark.table(table).collect()]
    rows.sort(key=lambda row: str(row.get("name")))
    places = ((str(row.get("name")), _of_row(row)) for row in rows)
    return _all(places, table, frozenset(tags))


def build(rule: Mapping[str, Any]) -> Check:
    """Return the check that a rule describes.

    Raises:
        DefinitionError: it describes none.
    """
    kind = rule.get("check", "expect")
    make = READY_MADE.get(str(kind))
    if make is None:
        why = f"{kind!r} is no ready-made check{hint(str(kind), READY_MADE)}"
        raise DefinitionError((Problem("check", why),))
    given = {name: value for name, value in rule.items() if name not in _OF_RULES}
    parameters = inspect.signature(make).parameters
    problems = [
        Problem(name, f"is nothing that {kind} takes{hint(name, parameters)}")
        for name in given
        if name not in parameters
    ]
    problems += [
        Problem(name, f"is missing; {kind} needs it")
        for name, parameter in parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
        and parameter.default is parameter.empty
        and not given.get(name)
    ]
    if not isinstance(rule.get("active", True), bool):
        problems.append(Problem("active", f"{rule['active']!r} is neither true nor false"))
    if problems:
        raise DefinitionError(tuple(problems))
    several = [name for name, each in parameters.items() if each.kind is each.VAR_POSITIONAL]
    positional = [column for name in several for column in _listed(given.pop(name))]
    made = make(*positional, **given)
    return replace(made, tags=tuple(_listed(rule.get("tags") or ())))


def _all(rules: Iterable[tuple[str, Any]], source: str, tags: frozenset[str]) -> tuple[Check, ...]:
    found: list[Check] = []
    problems: list[Problem] = []
    first: dict[str, str] = {}
    for place, rule in rules:
        try:
            made = build(rule) if isinstance(rule, dict) else None
        except DefinitionError as error:
            problems += [replace(each, pointer=_at(place, each.pointer)) for each in error.problems]
            continue
        except (TypeError, ValueError) as error:
            problems.append(Problem(place, str(error)))
            continue
        if made is None:
            problems.append(Problem(place, f"{type(rule).__name__} is no rule"))
            continue
        if made.name in first:
            why = f"{made.name!r} is the name of {first[made.name]} too"
            problems.append(Problem(_at(place, "name"), why))
        first.setdefault(made.name, place)
        if rule.get("active", True) is not False and (not tags or tags & {*made.tags}):
            found.append(made)
    if problems:
        raise DefinitionError(tuple(problems), source)
    return tuple(found)


def _of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    rule = {name: row[name] for name in _COLUMNS if row.get(name) is not None}
    if isinstance(rule.get("tags"), str):
        rule["tags"] = [tag.strip() for tag in rule["tags"].split(",") if tag.strip()]
    return {**rule, **json.loads(row.get("arguments") or "{}")}


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _at(place: str, pointer: str) -> str:
    return f"{place}.{pointer}" if pointer else place
