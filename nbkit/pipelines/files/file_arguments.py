"""What `read_files(…)` and `cloud_files(…)` are given in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.dialect.tokens import closing, split, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbkit.dialect.tokens import Token

_NAMED = 2
"""Tokens before the value of an argument with a name."""


def file_arguments(
    text: str, function: str, valued: Callable[[str], str]
) -> tuple[str, dict[str, str], str | None]:
    """Read `(path, name => value, …)`, or the older `(path, "format", map("k", "v"))`.

    Args:
        text: the call.
        function: its name.
        valued: returns the value of an expression that is no single constant, as text.
    """
    found = tokens(text)
    words = [token.text.strip("`").lower() for token in found]
    opening = words.index("(", words.index(function))
    end = closing(found, opening)
    given: list[str | dict[str, str]] = []
    named: dict[str, str] = {}
    for argument in split(found[opening + 1 : end], found[opening].depth + 1):
        if [token.text for token in argument[1:_NAMED]] == ["=>"]:
            named[argument[0].value] = _value(argument[_NAMED:], text, valued)
        elif argument[0].upper == "MAP":
            inner = split(argument[2:-1], argument[1].depth + 1)
            values = [_value(each, text, valued) for each in inner]
            given.append(dict(zip(values[::2], values[1::2], strict=True)))
        else:
            given.append(_value(argument, text, valued))
    path, *rest = given
    options = {"cloudFiles.inferColumnTypes": "true"}  # it does, and `cloud_files` does not
    if function == "cloud_files":
        form = rest[0] if rest else "json"
        options = {"cloudFiles.format": str(form)}
    for each in rest:
        named |= each if isinstance(each, dict) else {}
    schema = named.pop(next((name for name in named if name.lower() == "schema"), ""), None)
    return str(path), {**options, **{_option(name): value for name, value in named.items()}}, schema


def _value(argument: Sequence[Token], text: str, valued: Callable[[str], str]) -> str:
    """Return the value of an argument: a constant's own, else what Spark makes of it."""
    constant = len(argument) == 1 and (
        argument[0].kind in {"text", "number"} or argument[0].upper in {"TRUE", "FALSE"}
    )
    if constant:
        return argument[0].value
    return valued(text[argument[0].start : argument[-1].end])


_CLOUD_OPTIONS = {
    "format": "cloudFiles.format",
    "schemahints": "cloudFiles.schemaHints",
    "schemaevolutionmode": "cloudFiles.schemaEvolutionMode",
    "schemalocation": "cloudFiles.schemaLocation",
    "infercolumntypes": "cloudFiles.inferColumnTypes",
    "maxfilespertrigger": "cloudFiles.maxFilesPerTrigger",
    "includeexistingfiles": "cloudFiles.includeExistingFiles",
}


def _option(name: str) -> str:
    return _CLOUD_OPTIONS.get(name.lower(), name)
