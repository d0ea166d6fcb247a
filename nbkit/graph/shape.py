"""What the models expect at each place of a document: unknown fields, and stand-ins."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from nbkit.graph.fields import Part
from nbkit.graph.findings import Finding, Loc
from nbkit.near import meant

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_EDITORS = "$"
_OURS = {"query_text": "; nbkit runs it, as it does not know Databricks' saved queries"}
STAND_IN = "?"
"""What required text is taken to be while the rest of a faulty job is looked at."""


def _bare(annotation: Any) -> Any:
    """Return an annotation without `Annotated` and `| None`."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            annotation = next(a for a in get_args(annotation) if a is not type(None))
        else:
            return annotation


def is_part(annotation: Any) -> bool:
    """Say whether a model is expected."""
    return isinstance(annotation, type) and issubclass(annotation, Part)


@cache
def fields_of(model: type[Part]) -> dict[str, Any]:
    """Return the fields of a model by the names that documents use, with what they hold."""
    return {
        field.alias or name: _bare(field.annotation) for name, field in model.model_fields.items()
    }


def inside(annotation: Any, step: str | int) -> Any:
    """Return what is expected one step further in; None where anything goes."""
    if is_part(annotation):
        return fields_of(annotation).get(str(step))
    arguments = get_args(annotation)
    if get_origin(annotation) in (list, dict) and arguments:
        return _bare(arguments[-1])
    return None


def stand_in(annotation: Any) -> Any:
    """Return a harmless value of the kind that is expected."""
    if is_part(annotation) or get_origin(annotation) is dict:
        return {}
    if get_origin(annotation) is list:
        return []
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    return {int: 1, float: 1.0, bool: False}.get(annotation, STAND_IN)


def is_required(annotation: Any, step: str | int) -> bool:
    """Say whether a value cannot be left out: a required field, or an element of a list."""
    if not is_part(annotation):
        return get_origin(annotation) is list
    fields = annotation.model_fields.items()
    return any(field.is_required() for name, field in fields if step in (name, field.alias))


@cache
def _deeper(model: type[Part]) -> dict[str, Any]:
    """Return the fields of a model that hold other models."""
    return {
        name: annotation
        for name, annotation in fields_of(model).items()
        if is_part(annotation) or is_part(inside(annotation, 0))
    }


def unknown_fields(value: object, expected: Any, loc: Loc = ()) -> Iterator[Finding]:
    """Yield a warning for every field that the Jobs API does not have."""
    if isinstance(value, list):
        for position, element in enumerate(value):
            yield from unknown_fields(element, inside(expected, position), (*loc, position))
    elif isinstance(value, dict) and get_origin(expected) is dict:
        for name, element in value.items():
            yield from unknown_fields(element, inside(expected, name), (*loc, name))
    elif isinstance(value, dict) and is_part(expected) and expected is not Part:
        known = fields_of(expected)
        for name in value:
            if name not in known and not name.startswith(_OF_EDITORS):
                near = meant(name, known)
                message = f"the Jobs API has no field {name} here{_OURS.get(name, near)}"
                yield Finding((*loc, name), message, "warning")
        for name, further in _deeper(expected).items():
            if name in value:
                yield from unknown_fields(value[name], further, (*loc, name))
