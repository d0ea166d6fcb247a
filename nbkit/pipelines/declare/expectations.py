"""Expectations as pipeline code declares them: `dp.expect` and its kin.

A condition is SQL text or a PySpark column, on the columns that the dataset has: what the query
below has renamed or left out is not there any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.near import hint
from nbkit.pipelines.declare.arguments import pairs
from nbkit.pipelines.declare.declarations import Rule
from nbkit.pipelines.declare.registry import active, caller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame

    from nbkit.pipelines.declare.declarations import Action, Condition

    Query = Callable[[], DataFrame]
    Decorator = Callable[[Query], Query]

_NAMED = ("description",)
_CONDITIONS = ("inv", "constraint")
"""How `dlt`, and Databricks' reference, call the two arguments."""


def expect(name: str = "", condition: Condition | None = None, **spelled: Any) -> Decorator:
    """Expect that rows meet a condition; those that do not are counted, and kept.

    Args:
        name: of the expectation, unique in its dataset; also `description`.
        condition: SQL text or a PySpark column; also `inv` or `constraint`.
        spelled: either of them by its other name.

    Raises:
        UsageError: one of them is missing, or is of the wrong type.
    """
    return _one("expect", name, condition, spelled, "warn")


def expect_or_drop(name: str = "", condition: Condition | None = None, **spelled: Any) -> Decorator:
    """Expect that rows meet a condition; those that do not are dropped; see `expect`."""
    return _one("expect_or_drop", name, condition, spelled, "drop")


def expect_or_fail(name: str = "", condition: Condition | None = None, **spelled: Any) -> Decorator:
    """Expect that rows meet a condition; the first that does not fails the flow; see `expect`."""
    return _one("expect_or_fail", name, condition, spelled, "fail")


def expect_or_quarantine(
    name: str = "", condition: Condition | None = None, **spelled: Any
) -> Decorator:
    """Expect that rows meet a condition; those that do not go to `<dataset>_quarantine`.

    An addition of nbkit's; it is not available on Databricks. See `expect`.
    """
    return _one("expect_or_quarantine", name, condition, spelled, "quarantine")


def expect_all(expectations: Mapping[str, Condition]) -> Decorator:
    """Expect several conditions, by their names; failing rows are counted, and kept."""
    return _expecting("expect_all", expectations, "warn")


def expect_all_or_drop(expectations: Mapping[str, Condition]) -> Decorator:
    """Expect several conditions, by their names; rows that fail any of them are dropped."""
    return _expecting("expect_all_or_drop", expectations, "drop")


def expect_all_or_fail(expectations: Mapping[str, Condition]) -> Decorator:
    """Expect several conditions, by their names; the first failing row fails the flow."""
    return _expecting("expect_all_or_fail", expectations, "fail")


def expect_all_or_quarantine(expectations: Mapping[str, Condition]) -> Decorator:
    """Expect several conditions; rows that fail any go to `<dataset>_quarantine`."""
    return _expecting("expect_all_or_quarantine", expectations, "quarantine")


def rules_of(what: str, expectations: Mapping[str, Condition], action: Action) -> list[Rule]:
    """Return expectations that are given by their names.

    Args:
        what: the function that they are given to.
        expectations: conditions by name.
        action: what becomes of rows that do not meet one.

    Raises:
        UsageError: they are no mapping, or a condition is of the wrong type.
    """
    found = pairs(what, "expectations", expectations)
    return [Rule(name, _checked(what, name, given), action) for name, given in found.items()]


def _one(
    what: str, name: str, condition: Condition | None, spelled: dict[str, Any], action: Action
) -> Decorator:
    for other, value in spelled.items():
        if other in _NAMED and not name:
            name = value
        elif other in _CONDITIONS and condition is None:
            condition = value
        else:
            known = ["name", "condition", *_NAMED, *_CONDITIONS]
            near = "" if other in known else hint(other, known)
            said = "says again what was said" if other in known else "is no keyword of it"
            raise UsageError(f"{caller()}: {what}: {other} {said}{near}")
    if not isinstance(name, str) or not name or condition is None:
        raise UsageError(f'{caller()}: write {what}("its name", "its condition in SQL")')
    return _expecting(what, {name: condition}, action)


def _expecting(what: str, expectations: Mapping[str, Condition], action: Action) -> Decorator:
    rules = rules_of(what, expectations, action)

    def declare(function: Query) -> Query:
        active().add_rules(function, rules)
        return function

    return declare


def _checked(what: str, name: str, condition: Any) -> Condition:
    """Return a condition that is SQL text or a PySpark column.

    Raises:
        UsageError: it is something else.
    """
    if isinstance(condition, bool):
        return str(condition).lower()
    if isinstance(condition, str) or hasattr(condition, "isNotNull"):
        return condition
    kind = type(condition).__name__
    said = "is SQL text or a PySpark column"
    raise UsageError(f"{caller()}: {what}: the condition of {name!r} {said}, not {kind}")
