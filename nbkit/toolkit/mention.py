"""Which cells mention Spark: they attach it first, and no other cell ever waits for it."""

from __future__ import annotations

import ast
import typing

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES = frozenset({"pyspark", "delta"})
CLASSES = frozenset({"DeltaTable", "SparkContext", "SparkSession"})

_ATTACH = "if __import__('nbkit.toolkit.session', fromlist=['session']).session.attach(): pass"
"""A statement without a value to show, and without a name that the author could delete."""


def mentions_spark(cell: ast.AST, offered: frozenset[str] = frozenset()) -> bool:
    """Say whether code mentions Spark.

    Args:
        cell: the parsed code.
        offered: names by which the notebook reaches nbkit's session now, such as `spark`.
    """
    read: set[str] = set()
    written: set[str] = set()
    for node in ast.walk(cell):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else written).add(node.id)
        elif isinstance(node, ast.Import):
            read.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            read.add((node.module or "").partition(".")[0])
    return bool(read & (PACKAGES | CLASSES) or (read - written) & offered)


class AttachFirst(ast.NodeTransformer):
    """Puts "attach Spark" before the first statement of a cell that mentions it.

    As part of the cell it can be interrupted and it fails as the cell, which an IPython
    `pre_run_cell` hook could not: the cell would go on.

    Args:
        names: the notebook's names.
        ours: what nbkit put there, by name; a name that the author took is the author's.
    """

    def __init__(self, names: Mapping[str, typing.Any], ours: Mapping[str, typing.Any]) -> None:
        self._names = names
        self._ours = ours

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Rewrite a cell."""
        offered = frozenset(
            name for name, value in self._ours.items() if self._names.get(name) is value
        )
        if mentions_spark(node, offered):
            start = next((i for i, line in enumerate(node.body) if not _is_future(line)), 0)
            # An error in attaching points at the line that needed it.
            where = next((line for line in node.body if mentions_spark(line, offered)), node)
            node.body.insert(start, ast.copy_location(_attach(), where))
        return node

    def visit_Expression(self, node: ast.Expression) -> ast.Expression:
        """Leave a lone expression alone: there `spark` attaches on its first use."""
        return node


def _attach() -> ast.stmt:
    return ast.parse(_ATTACH).body[0]


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
