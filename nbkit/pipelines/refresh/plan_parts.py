"""Spark's own objects behind the trees of proofs: found by place, and put together anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.refresh.proofs.expression_images import Column
from nbkit.pipelines.refresh.proofs.query import Query
from nbkit.pipelines.resolve import query_plan
from nbkit.pipelines.resolve.plan_tree import tree
from nbkit.pipelines.scala import java_class, option, sequence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame

    from nbkit.pipelines.refresh.proofs.expression_images import Image, Place


class NotExactError(Exception):
    """A value is made by way of a type whose equal values may differ, such as DOUBLE."""


_IN_FOLDERS = {"string", "binary", "timestamp"}
"""Types whose values may be others in the name of a partition's folder: no text is NULL there."""


def query_of(
    frame: DataFrame,
    names: Mapping[str, str],
    read: DataFrame | None = None,
    *,
    partition_by: Collection[str] = (),
) -> Query:
    """Return a query as proofs look at it.

    Args:
        frame: the query.
        names: what inputs are called that are not called as their folder.
        read: the same query before its tables were fixed to versions; None if they are not.
        partition_by: columns that its own table is partitioned by. One whose values may come back
            from there as others has a type that no proof takes for exact.
    """
    plan = plan_of(frame)
    found = {}
    for leaf in query_plan.leaves(plan_of(read or frame)):
        said = query_plan.read_by(leaf)
        if said is not None and leaf.output().size():
            found[int(leaf.output().apply(0).exprId().id())] = names.get(said[0], said[0])
    fields = json.loads(frame.schema.json())["fields"]
    folders = {name.lower() for name in partition_by}
    columns = tuple(
        (each["name"], each["type"])
        if each["name"].lower() not in folders or each["type"] not in _IN_FOLDERS
        else (each["name"], f"{each['type']} in the name of a folder")
        for each in fields
    )
    return Query(tree(json.loads(plan.toJSON())), found, columns)


def plan_of(frame: DataFrame) -> Any:
    """Return a query's resolved plan."""
    return frame._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way


def numbered(plan: Any) -> list[Any]:
    """Return the operators of a plan, in the order in which proofs count them."""
    return list(_preorder(plan))


def _preorder(plan: Any) -> Iterator[Any]:
    yield plan
    for child in sequence(plan.children()):
        yield from _preorder(child)


def rebuilt(frame: DataFrame, others: Mapping[int, Any]) -> DataFrame:
    """Return a query with others in the places of some operators, by their numbers.

    By their places and not by which they are: Spark may have one operator in two places.
    """
    made, _ = _rebuilt(plan_of(frame), 0, others, frame.sparkSession._jvm)  # noqa: SLF001
    return of_plan(frame, made)


def _rebuilt(plan: Any, number: int, others: Mapping[int, Any], jvm: Any) -> tuple[Any, int]:
    """Return a plan with others in it, and the number that comes after it."""
    after, made, changed = number + 1, jvm.java.util.ArrayList(), False
    for child in sequence(plan.children()):
        begun = after
        new, after = _rebuilt(child, after, others, jvm)
        changed = changed or any(begun <= other < after for other in others)
        made.add(new)
    if number in others:
        return others[number], after
    if changed:
        plan = plan.withNewChildren(jvm.org.apache.spark.api.python.PythonUtils.toSeq(made))
    return plan, after


def of_plan(frame: DataFrame, plan: Any) -> DataFrame:
    """Return a plan as a query in the session of another."""
    spark = frame.sparkSession
    java: Any = spark._jvm.org.apache.spark.sql.classic.Dataset  # noqa: SLF001
    return type(frame)(java.ofRows(spark._jsparkSession, plan), spark)  # noqa: SLF001


def nothing_of(plan: Any, jvm: Any) -> Any:
    """Return an operator with the columns of another one, and no rows."""
    logical = jvm.org.apache.spark.sql.catalyst.plans.logical
    none = jvm.org.apache.spark.api.python.PythonUtils.toSeq(jvm.java.util.ArrayList())
    return logical.LocalRelation(plan.output(), none, False, jvm.scala.Option.empty())


def as_leaf(leaf: Any, rows: DataFrame) -> Any:
    """Return rows as an operator that stands for a leaf, its columns found by their names."""
    jvm: Any = rows.sparkSession._jvm  # noqa: SLF001
    expressions = jvm.org.apache.spark.sql.catalyst.expressions
    python = jvm.org.apache.spark.api.python.PythonUtils
    plan = plan_of(rows)
    by_name = _by_name(plan)
    made = jvm.java.util.ArrayList()
    for column in sequence(leaf.output()):
        name, empty = str(column.name()), jvm.java.util.ArrayList()
        made.add(
            expressions.Alias(
                by_name[name],
                name,
                column.exprId(),
                column.qualifier(),
                jvm.scala.Option.apply(column.metadata()),
                python.toSeq(empty),
            )
        )
    return jvm.org.apache.spark.sql.catalyst.plans.logical.Project(python.toSeq(made), plan)


def _by_name(plan: Any) -> dict[str, Any]:
    return {str(each.name()): each for each in sequence(plan.output())}


def valued(images: Sequence[Image], operators: Sequence[Any], rows: DataFrame) -> list[SparkColumn]:
    """Return images over a leaf as columns over rows of it.

    Args:
        images: of the columns of a key.
        operators: of the plan that they are images in, in order.
        rows: with the columns of the leaf.

    Raises:
        NotExactError: by way of a type that nobody can compare exactly.
    """
    from pyspark.sql import Column as Plain

    jvm: Any = rows.sparkSession._jvm  # noqa: SLF001
    by_name = _by_name(plan_of(rows))
    found = []
    for image in images:
        made = _expression(image, operators, by_name, jvm)
        if not jvm.nbkit.Substituted.exact(made):
            raise NotExactError(str(made.sql()))
        found.append(Plain(jvm.org.apache.spark.sql.classic.ExpressionUtils.column(made)))
    return found


def _expression(
    image: Image, operators: Sequence[Any], by_name: Mapping[str, Any], jvm: Any
) -> Any:
    if isinstance(image, Column):
        return by_name[image.name]
    put = jvm.nbkit.Substituted()
    there = _at(image.place, operators)
    columns = {int(each.exprId().id()): each.exprId() for each in _columns_in(there)}
    for column, of in image.of:
        put.add(columns[column], _expression(of, operators, by_name, jvm))
    return put.of(there)


def _at(place: Place, operators: Sequence[Any]) -> Any:
    """Return the expression at a place, without a name."""
    field = getattr(operators[place.operator], place.field)()
    first, *steps = place.steps
    found = option(field) if place.field == "condition" else field.apply(first)
    for step in steps:
        found = found.children().apply(step)
    return found.children().apply(0) if java_class(found) == "Alias" else found


def _columns_in(expression: Any) -> Iterator[Any]:
    if java_class(expression) == "AttributeReference":
        yield expression
    for child in sequence(expression.children()):
        yield from _columns_in(child)
