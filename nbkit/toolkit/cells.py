"""Cells as Databricks writes them: a magic on the first line is about the whole cell.

There, `%sql` stands where IPython wants `%%sql`; so notebooks run here as they are. Comments and
blank lines may stand before it, and lines end as the editor of the system ends them.
"""

from __future__ import annotations

import re

from nbkit.own_language import before_magic, plain_lines

_FIRST_LINE = re.compile(r"%(%?)(sql|md-sandbox|md|sh|fs|python|scala|r)(?:[ \t]+(.*))?[ \t]*")
SHELL = "bash_cell"
"""The magic behind `%sh`: IPython's own gives a script's commands the script itself to read."""
_MARK = re.compile(r"^(?:#|--|//) MAGIC ?", re.MULTILINE)
_MARKED = re.compile(r"(?:[ \t]*(?:#|--|//)(?! MAGIC)[^\n]*\n|[ \t]*\n)*(?:#|--|//) MAGIC ?%")


def whole_cell(lines: list[str]) -> list[str]:
    """Return a cell as IPython wants it; an input transformer."""
    given = "".join(lines)
    text = plain_lines(given)
    if _MARKED.match(text):  # pasted from a source notebook
        text = _MARK.sub("", text)
    start = before_magic(text)
    first, _, body = text[start:].partition("\n")
    found = _FIRST_LINE.fullmatch(first)
    skipped = "\n" * text.count("\n", 0, start)
    if found is None or (found[1] and (not skipped or found[2] in {"python", "sh", "r"})):
        return lines if text == given else text.splitlines(keepends=True)
    return f"{_begun(found, skipped)}{body}".splitlines(keepends=True)


def _begun(found: re.Match[str], skipped: str) -> str:
    """Return the first lines of a cell, as many as stood before its second one."""
    name, rest = found[2], (found[3] or "").strip()
    if name == "sh":
        strict = bool(re.match(r"-e\b", rest))
        start = f"%%{SHELL} -e\n" if strict else f"%%{SHELL}\n"
        rest = rest.removeprefix("-e").strip() if strict else rest
    else:
        start = "" if name == "python" else f"%%{name.removesuffix('-sandbox')}\n"
    return f"{start}{skipped}{rest}\n" if rest else f"{start}{skipped}"
