"""Whether a dataset's expectations can be asked of its rows, and what they are as SQL text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.resolve.identity import identity_of
from nbkit.pipelines.resolve.in_sql import InSql
from nbkit.pipelines.resolve.names import parts_of
from nbkit.pipelines.resolve.stand_ins import no_rows
from nbkit.pipelines.scala import java_class, sequence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyspark.errors import PySparkException
    from pyspark.sql import Column, DataFrame

    from nbkit.pipelines.declare.declarations import Rule


def checked(rules: Sequence[Rule], frames: Sequence[DataFrame]) -> tuple[Rule, ...]:
    """Return expectations with their conditions in SQL, after a look at all queries below them.

    Args:
        rules: as declared.
        frames: the queries, not run.

    Raises:
        UsageError: a condition cannot be resolved, or is none; or two have one name.
    """
    from pyspark.errors import PySparkException

    names: set[str] = set()
    found = []
    for rule in rules:
        if rule.name.lower() in names:
            raise UsageError(f"it has several expectations called {rule.name!r}")
        names.add(rule.name.lower())
        made = rule
        for frame in frames:
            try:
                made = _checked(made, frame)
            except PySparkException as error:
                raise UsageError(f"expectation {rule.name!r}{_said(error, frame)}") from None
        found.append(made)
    return tuple(found)


def varying(rules: Sequence[Rule], rows: DataFrame) -> tuple[str, ...]:
    """Return what lets expectations keep other rows out the next time, in words for people.

    Args:
        rules: with their conditions in SQL.
        rows: the query that they are asked of, not run.
    """
    removing = [each.condition for each in rules if each.action in {"drop", "quarantine"}]
    if not removing:
        return ()
    asked = rows.selectExpr(*removing)
    plan = asked._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way
    around = ("its expectations look into other tables",) if plan.subqueries().size() else ()
    return (*identity_of(asked).unknown, *around)


def look_around(conditions: Sequence[str], rows: DataFrame) -> bool:
    """Say whether conditions look at more than the row that they are asked of.

    Spark puts nothing but projections over the rows for those that do not: what looks at other
    rows or tables, also by a function in SQL, is a subquery or an operator of its own.

    Args:
        conditions: in SQL.
        rows: the query that they are asked of, not run.
    """
    if not conditions:
        return False
    below = rows._jdf.queryExecution().analyzed()  # noqa: SLF001 - as in `varying`
    plan = rows.selectExpr(*conditions)._jdf.queryExecution().analyzed()  # noqa: SLF001
    while not plan.fastEquals(below):
        if java_class(plan) != "Project" or not plan.subqueries().isEmpty():
            return True
        plan = plan.child()
    return False


def _checked(rule: Rule, frame: DataFrame) -> Rule:
    """Return an expectation with its condition in SQL.

    Raises:
        UsageError: it is no condition, or cannot be written in SQL.
        PySparkException: it cannot be resolved.
    """
    from pyspark.sql.types import BooleanType

    if not isinstance(rule.condition, str):
        rule = replace(rule, condition=_in_sql(rule.name, rule.condition, frame))
    kind = frame.selectExpr(rule.condition).schema[0].dataType
    if not isinstance(kind, BooleanType):
        raise UsageError(f"expectation {rule.name!r} is no condition: {rule.condition}")
    return rule


def _in_sql(name: str, condition: Column, frame: DataFrame) -> str:
    """Return a PySpark column as SQL text that means the same, which a look at both plans tells.

    Raises:
        UsageError: Spark has no SQL for it.
        PySparkException: it cannot be resolved.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql.types import BooleanType

    rows = no_rows(frame.sparkSession, frame.schema)
    kind = rows.select(condition).schema[0].dataType
    if not isinstance(kind, BooleanType):
        raise UsageError(f"expectation {name!r} is no condition: it is {kind.simpleString()}")
    meant = _condition(rows.where(condition))
    try:
        text = InSql(rows).text_of(meant)
        again = _condition(rows.where(text))
    except PySparkException:
        again = None
    if again is not None and again.canonicalized().equals(meant.canonicalized()):
        return text
    raise UsageError(
        f"expectation {name!r} cannot be written in SQL, as the event log and the table's "
        "definition have it: give it as SQL text, without functions in Python"
    )


def _condition(filtered: DataFrame) -> Any:
    return filtered._jdf.queryExecution().analyzed().condition()  # noqa: SLF001 - no other way


def _said(error: PySparkException, frame: DataFrame) -> str:
    """Return why a condition cannot be resolved: where its column was renamed, to what."""
    parameters = error.getMessageParameters() or {}
    parts = parts_of(parameters.get("objectName", "")) or ()
    if str(error.getCondition()).startswith("UNRESOLVED_COLUMN") and len(parts) == 1:
        name = _renamed(frame, parts[0])
        if name is not None:
            return f" asks for {parts[0]}, which its query calls {name}: write it so"
    return f": {str(error).strip().splitlines()[0]}"


def _renamed(frame: DataFrame, name: str) -> str | None:
    """Return what a query has renamed a column to; None if it has not."""
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001
    known = name
    for projection in reversed([*_projections(plan)]):
        for each in sequence(projection.projectList()):
            if java_class(each) != "Alias" or java_class(each.child()) != "AttributeReference":
                continue
            if str(each.child().name()).lower() == known.lower():
                known = str(each.name())
                break
    return known if known != name and known in frame.columns else None


def _projections(plan: Any) -> Iterator[Any]:
    """Yield the projections that a query ends with, the last one first."""
    while True:
        if java_class(plan) == "Project":
            yield plan
        children = sequence(plan.children())
        if len(children) != 1:
            return
        plan = children[0]
