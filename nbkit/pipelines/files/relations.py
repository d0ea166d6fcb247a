"""Tables, and functions that read files, in SQL text: where they stand, by Spark's own parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import quoted_part
from nbkit.dialect.tokens import closing, tokens
from nbkit.pipelines.scala import java_class, option, sequence

if TYPE_CHECKING:
    from collections.abc import Iterator


class Relation:
    """A table, or a function that reads files, in SQL text."""

    def __init__(self, node: Any, *, aliased: bool, stream: bool, outer: Any) -> None:
        origin = outer.origin()
        self.node = node
        self.aliased = aliased
        self.stream = stream
        self.start = option(origin.startIndex())
        self.end = option(origin.stopIndex()) + 1  # of a stream, with the alias after it
        self.is_function = java_class(node) == "UnresolvedTableValuedFunction"
        names = node.name() if self.is_function else node.multipartIdentifier()
        self.parts: list[str] = [str(part) for part in sequence(names)]
        self.name = ".".join(map(quoted_part, self.parts))
        self.streaming_name = outer is not node and not self.is_function


def relations(plan: Any) -> Iterator[Relation]:
    """Yield the relations of a plan that its text names, names of its own CTEs left out."""
    seen: set[tuple[int, int]] = set()
    for relation in _walk(plan, frozenset(), aliased=False):
        place = (relation.start, relation.end)
        if place not in seen:
            seen.add(place)
            yield relation


def _walk(node: Any, own: frozenset[str], *, aliased: bool) -> Iterator[Relation]:
    kind = java_class(node)
    if kind == "UnresolvedWith":
        for pair in sequence(node.cteRelations()):
            yield from _walk(pair._2(), own, aliased=True)  # noqa: SLF001 - Scala's own name
            own |= {str(pair._1()).lower()}  # noqa: SLF001
    stream = kind == "NamedStreamingRelation"
    inner = node.child() if stream else node
    if java_class(inner) in {"UnresolvedRelation", "UnresolvedTableValuedFunction"}:
        found = Relation(inner, aliased=aliased, stream=stream or inner.isStreaming(), outer=node)
        if not (len(found.parts) == 1 and found.parts[0].lower() in own):
            yield found
        return
    named = kind in {"SubqueryAlias", "RelationTimeTravel"} or (aliased and kind in _SAMPLES)
    for child in sequence(node.children()):
        yield from _walk(child, own, aliased=named)
    for expression in sequence(node.expressions()):
        yield from _in_expression(expression, own)


def _in_expression(expression: Any, own: frozenset[str]) -> Iterator[Relation]:
    if hasattr(expression, "plan") and _is_plan_expression(expression):
        yield from _walk(expression.plan(), own, aliased=False)
    for child in sequence(expression.children()):
        yield from _in_expression(child, own)


_SAMPLES = {"Sample", "GlobalLimit", "LocalLimit"}
"""What TABLESAMPLE is, by share or by rows: between a relation and its alias."""
_PLANS = {
    "ScalarSubquery",
    "Exists",
    "ListQuery",
    "LateralSubquery",
    "FunctionTableSubqueryArgumentExpression",
}


def _is_plan_expression(expression: Any) -> bool:
    return java_class(expression) in _PLANS


def end_of(text: str, relation: Relation) -> int:
    """Return where a name, `STREAM(name)`, `STREAM name` or a function ends, before an alias."""
    found = tokens(text[relation.start : relation.end])
    if relation.is_function:
        opening = next(at for at, token in enumerate(found) if token.text == "(")
        return int(relation.start) + found[closing(found, opening)].end
    if not relation.streaming_name:
        return int(relation.end)
    words = [token.text for token in found]
    last = words.index(")") if words[1] == "(" else 2 * len(relation.parts) - 1
    return int(relation.start) + found[last].end


def with_alias(text: str, relation: Relation, replacement: str) -> tuple[int, int, str]:
    """Return an edit that puts something in the place of a relation, and lets it keep its name.

    In `TABLE name` there is no place for one; in a sample, it comes last.
    """
    edit = (relation.start, relation.end, replacement)
    before = [token.upper for token in tokens(text[: relation.start])]
    if relation.aliased or before[-1:] == ["TABLE"] or before[-2:] == ["TABLE", "("]:
        return edit
    alias = f" AS {quoted_part(relation.parts[-1])}"
    clause = tokens(text[relation.end :])
    if [token.upper for token in clause[:2]] != ["TABLESAMPLE", "("]:
        return (*edit[:2], replacement + alias)
    last = closing(clause, 1)  # of TABLESAMPLE (…)
    if [token.upper for token in clause[last + 1 : last + 3]] == ["REPEATABLE", "("]:
        last = closing(clause, last + 2)
    end = relation.end + clause[last].end
    return relation.start, end, f"{replacement}{text[relation.end : end]}{alias}"
