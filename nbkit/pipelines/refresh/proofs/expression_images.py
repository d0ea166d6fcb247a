"""Values of expressions as they come from the columns of what has changed: their images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.pipelines.refresh.proofs.query import attributes, is_exact, preorder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.pipelines.resolve.plan_tree import Node


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a leaf, as an image."""

    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression is in a plan.

    Attributes:
        operator: number of the operator.
        field: of the operator.
        steps: which of the field's expressions, then which child, and so on.
    """

    operator: int
    field: str
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """An expression of the plan, over columns that have images themselves.

    Attributes:
        place: where it is.
        of: by Spark's id of a column in it: the image of that.
    """

    place: Place
    of: tuple[tuple[int, Image], ...]


Image = Column | Made


Images = dict[int, dict[int, Image]]
"""By the id of a column: by the number of a leaf: its image."""


NOT_OF_ONE_ROW = {
    "AggregateExpression",
    "WindowExpression",
    "PythonUDF",
    "ScalarSubquery",
    "Exists",
    "InSubquery",
    "ListQuery",
    "LateralSubquery",
    "OuterReference",
    "AesEncrypt",
}
"""Expressions whose values are not made of one row alone: encryption adds something random."""


def image_of(expression: Node, below: Images, place: Place) -> dict[int, Image]:
    """Return the images of an expression over columns that have some."""
    if expression.kind == "Alias" and expression.children[0].kind == "AttributeReference":
        expression = expression.children[0]
    if expression.kind == "AttributeReference":
        return dict(below.get(expression.id, {})) if is_plain(expression) else {}
    if any(each.kind in NOT_OF_ONE_ROW for each in preorder(expression)):
        return {}
    parts = list(attributes(expression))
    if not parts or not all(map(is_plain, parts)):
        return {}
    found: Mapping[int, Mapping[int, Image]] = {each.id: below.get(each.id, {}) for each in parts}
    leaves = set.intersection(*(set(images) for images in found.values()))
    return {
        leaf: Made(place, tuple((column, images[leaf]) for column, images in found.items()))
        for leaf in leaves
    }


def is_plain(expression: Node) -> bool:
    """Say whether an expression is a column whose equal values are the same in every way."""
    return expression.kind == "AttributeReference" and is_exact(expression.fields.get("dataType"))
