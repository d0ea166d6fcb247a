"""A resolved expression as SQL text: Spark's own, and lambda functions, which it cannot write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.pipelines.scala import java_class, sequence

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_LAMBDAS = ("lambdafunction(", "namedlambdavariable(")
"""How Spark writes what it has no SQL for."""


class InSql:
    """Writes expressions over some rows.

    Names of variables are counted up, so that the same expression always has the same text: Spark
    gives them other names each time.

    Args:
        rows: whose columns the expressions are about.
    """

    def __init__(self, rows: DataFrame) -> None:
        self._jvm: Any = rows.sparkSession._jvm  # noqa: SLF001 - PySpark has no other way
        self._taken = {name.lower() for name in rows.columns}
        self._names: dict[int, str] = {}

    def text_of(self, expression: Any) -> str:
        """Return the text of an expression.

        Args:
            expression: Spark's own object.
        """
        kind = java_class(expression)
        if kind == "NamedLambdaVariable":
            return self._name(expression)
        if kind == "LambdaFunction":
            names = [self._name(each) for each in sequence(expression.arguments())]
            listed = names[0] if len(names) == 1 else f"({', '.join(names)})"
            return f"{listed} -> {self.text_of(expression.function())}"
        text = str(expression.sql())
        if not any(each in text for each in _LAMBDAS):
            return text
        children = sequence(expression.children())
        parts = {f"nbkit_part_{at}_": self.text_of(each) for at, each in enumerate(children)}
        held = self._jvm.java.util.ArrayList()
        for name, each in zip(parts, children, strict=True):
            held.add(self._holding(name, each))
        given = self._jvm.org.apache.spark.api.python.PythonUtils.toSeq(held)
        text = str(expression.withNewChildren(given).sql())
        for name, part in parts.items():
            text = text.replace(name, part)
        return text

    def _name(self, variable: Any) -> str:
        number = int(variable.exprId().id())
        if number not in self._names:
            at = len(self._names) + 1
            while f"x{at}" in self._taken:
                at += 1
            self._taken.add(f"x{at}")
            self._names[number] = f"x{at}"
        return self._names[number]

    def _holding(self, name: str, expression: Any) -> Any:
        """Return a column that holds the place of an expression, and has its type."""
        catalyst = self._jvm.org.apache.spark.sql.catalyst.expressions
        return catalyst.AttributeReference(
            name,
            expression.dataType(),
            expression.nullable(),
            self._jvm.org.apache.spark.sql.types.Metadata.empty(),
            catalyst.NamedExpression.newExprId(),
            self._jvm.org.apache.spark.api.python.PythonUtils.toSeq(
                self._jvm.java.util.ArrayList()
            ),
        )
