"""What Databricks' SQL says and Spark's parser does not know, taken out of a statement.

The rest of the text keeps its place, so that the line in an error is the line in the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbkit.dialect.tokens import blanked, closing, span, split, starts, tokens
from nbkit.errors import UsageError
from nbkit.pipelines.declare.declarations import Rule

if TYPE_CHECKING:
    from nbkit.dialect.tokens import Token
    from nbkit.pipelines.declare.declarations import Action, Policy

_DROPPED = {"REFRESH", "REPLACE", "PRIVATE", "LIVE", "OR"}
_STREAMING = {"STREAMING", "INCREMENTAL"}  # the second is the first's older name
_OF_KEYS = {"CONSTRAINT", "PRIMARY", "FOREIGN", "REFERENCES", "MASK"}
_CLAUSES = {"AS", "COMMENT", "TBLPROPERTIES", "PARTITIONED", "CLUSTER", "LOCATION", "USING", "FLOW"}
_CLOUD_CLAUSES = {"SCHEDULE": "SCHEDULE", "TRIGGER": "TRIGGER ON UPDATE", "REFRESH": "REFRESH"}
_POLICIES: dict[tuple[str, ...], Policy] = {
    ("AUTO",): "auto",
    ("INCREMENTAL",): "incremental",
    ("INCREMENTAL", "STRICT"): "incremental_strict",
    ("FULL",): "full",
}
_VIOLATIONS: dict[tuple[str, ...], Action] = {
    (): "warn",
    ("DROP", "ROW"): "drop",
    ("FAIL", "UPDATE"): "fail",
    ("QUARANTINE", "ROW"): "quarantine",
}


@dataclass(slots=True)
class Cleaned:
    """A statement that Spark's parser can read.

    Attributes:
        text: of the statement.
        rules: the expectations that stood in it.
        ignored: clauses that mean something on Databricks only.
        policy: how a materialized view is refreshed; None where that is not said.
    """

    text: str
    rules: list[Rule] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    policy: Policy | None = None


def cleaned(text: str) -> Cleaned:
    """Take out of a `CREATE` statement what only Databricks' SQL has.

    Raises:
        UsageError: an expectation is not written as it should be.
    """
    found = tokens(text)
    head, at = _kind(found)
    result = Cleaned(text)
    if head is None:
        return result
    spans = [span(found[1:at])]
    after_name = _after_name(found, at)
    if after_name < len(found) and found[after_name].text == "(":
        end = closing(found, after_name)
        spans += _columns(found[after_name + 1 : end], text, result)
        if not blanked(text, spans)[found[after_name].end : found[end].start].strip(" \n\t,"):
            spans.append((found[after_name].start, found[end].end))
        after_name = end + 1
    spans += _clauses(found, after_name, result)
    body = blanked(text, spans)
    start = found[1].start
    result.text = (
        body[:start] + _fitted(head, body[start : found[at].start]) + body[found[at].start :]
    )
    return result


def _fitted(head: str, gap: str) -> str:
    """Put the kind of the dataset where its words stood, with as many lines as before."""
    lines = "\n" * gap.count("\n")
    return f"{head}{lines} "


def _kind(found: list[Token]) -> tuple[str | None, int]:
    """Return what a statement creates, as Spark spells it, and where the name begins."""
    words: list[str] = []
    at = 1
    while at < len(found) and found[at].upper not in {"TABLE", "VIEW", "FLOW", ""}:
        if found[at].upper not in _DROPPED:
            words.append(found[at].upper)
        at += 1
    if at >= len(found) or found[0].upper != "CREATE":
        return None, 0
    live = any(token.upper == "LIVE" for token in found[:at])
    last = found[at].upper
    if last == "TABLE" and _STREAMING & set(words):
        head = "STREAMING TABLE"
    elif (last == "TABLE" and live) or (last == "VIEW" and "MATERIALIZED" in words):
        head = "MATERIALIZED VIEW"
    elif last == "VIEW":
        head = "TEMPORARY VIEW"
    else:
        return None, 0
    at += 1
    return head, at


def _after_name(found: list[Token], at: int) -> int:
    """Return the place after the dataset's name."""
    if starts(found, at, "IF", "NOT", "EXISTS"):
        at += 3
    at += 1
    while at + 1 < len(found) and found[at].text == ".":
        at += 2
    return at


def _columns(inner: list[Token], text: str, result: Cleaned) -> list[tuple[int, int]]:
    """Take the constraints out of a list of columns; they become rules."""
    if not inner:
        return []
    spans = []
    commas = [t for t in inner if t.text == "," and t.depth == inner[0].depth]
    parts = split(inner, inner[0].depth)
    for number, part in enumerate(parts):
        if part[0].upper != "CONSTRAINT" and not _is_key(part):
            spans += _of_column(part, result)
            continue
        spans.append(span(part))
        before = number - 1
        comma = commas[before] if before >= 0 else commas[0] if commas else None
        if comma is not None:
            spans.append((comma.start, comma.end))
        if len(part) > 2 and part[2].upper == "EXPECT":  # noqa: PLR2004
            result.rules.append(_rule(part, text))
        else:
            words = part if _is_key(part) else part[2:]
            result.ignored.append("CONSTRAINT " + " ".join(t.upper for t in words[:2]))
    return spans


def _is_key(part: list[Token]) -> bool:
    return starts(part, 0, "PRIMARY", "KEY") or starts(part, 0, "FOREIGN", "KEY")


def _of_column(part: list[Token], result: Cleaned) -> list[tuple[int, int]]:
    """Take the keys and the mask of one column out of what is said of it."""
    depth = part[0].depth
    first = next((at for at, t in enumerate(part) if at and t.upper in _OF_KEYS), None)
    if first is None or part[first].depth != depth:
        return []
    last = first
    while last < len(part) and not (
        part[last].depth == depth
        and (part[last].upper == "COMMENT" or starts(part, last, "NOT", "NULL"))
    ):
        last += 1
    named = first + 2 if part[first].upper == "CONSTRAINT" else first
    words = [t.upper for t in part[named:last][:2]]
    result.ignored.append(" ".join(("CONSTRAINT", *words)) if words[0] != "MASK" else "MASK")
    return [span(part[first:last])]


def _rule(part: list[Token], text: str) -> Rule:
    """Read `CONSTRAINT name EXPECT (condition) [ON VIOLATION …]`."""
    name = part[1].text.strip("`").strip("'\"")
    if len(part) < 5 or part[3].text != "(":  # noqa: PLR2004
        raise UsageError(f"expectation {name}: write EXPECT (condition)")
    end = closing(part, 3)
    words = tuple(token.upper for token in part[end + 1 :])
    if words[:2] == ("ON", "VIOLATION"):
        words = words[2:]
    if words not in _VIOLATIONS:
        said = " ".join(words)
        raise UsageError(f"expectation {name}: ON VIOLATION {said}; it is DROP ROW or FAIL UPDATE")
    condition = text[part[3].end : part[end].start].strip()
    return Rule(name, condition, _VIOLATIONS[words])


def _policy(words: list[Token]) -> Policy:
    """Read what stands after `REFRESH POLICY`."""
    policy = _POLICIES.get(tuple(token.upper for token in words))
    if policy is None:
        said = " ".join(token.text for token in words) or "nothing"
        raise UsageError(
            f"REFRESH POLICY {said}: it is AUTO, INCREMENTAL, INCREMENTAL STRICT or FULL"
        )
    return policy


def _clauses(found: list[Token], at: int, result: Cleaned) -> list[tuple[int, int]]:
    """Take out clauses after the columns that only Databricks knows."""
    spans = []
    while at < len(found) and found[at].upper not in {"AS", "FLOW"}:
        if starts(found, at, "CLUSTER", "BY", "AUTO"):
            spans.append(span(found[at : at + 3]))
            result.ignored.append("CLUSTER BY AUTO")
            at += 3
        elif starts(found, at, "REFRESH", "POLICY"):
            end = at + 3 + starts(found, at + 2, "INCREMENTAL", "STRICT")
            result.policy = _policy(found[at + 2 : end])
            spans.append(span(found[at:end]))
            at = end
        elif found[at].upper in _CLOUD_CLAUSES or starts(found, at, "WITH", "ROW", "FILTER"):
            end = at + 1
            while end < len(found) and not _begins_clause(found, end, found[at].depth):
                end += 1
            spans.append(span(found[at:end]))
            result.ignored.append(_CLOUD_CLAUSES.get(found[at].upper, "WITH ROW FILTER"))
            at = end
        else:
            at += 1
    return spans


def _begins_clause(found: list[Token], at: int, depth: int) -> bool:
    """Say whether another clause begins after one that only Databricks knows."""
    others = found[at].upper in _CLAUSES or starts(found, at, "REFRESH", "POLICY")
    return found[at].depth == depth and others
