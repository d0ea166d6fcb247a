"""Cells as Databricks writes them: a magic on the first line is about the whole cell.

There, `%sql` stands where IPython wants `%%sql`; so notebooks run here as they are.
"""

from __future__ import annotations

import re

_FIRST_LINE = re.compile(r"\s*%(sql|md-sandbox|md|sh|fs|python|scala|r)(?:[ \t]+(.*))?", re.DOTALL)
_SHELL = {False: "%%script --no-raise-error bash\n", True: "%%script bash -e\n"}
"""Databricks lets a cell of shell commands fail unless it says `-e`."""


def whole_cell(lines: list[str]) -> list[str]:
    """Return a cell as IPython wants it; an input transformer."""
    first = _FIRST_LINE.fullmatch(lines[0].rstrip("\n")) if lines else None
    if first is None:
        return lines
    name, rest = first[1], (first[2] or "").strip()
    if name == "sh":
        strict = bool(re.match(r"-e\b", rest))
        start, rest = _SHELL[strict], rest.removeprefix("-e").strip() if strict else rest
    else:
        start = "" if name == "python" else f"%%{name.removesuffix('-sandbox')}\n"
    return [*([start] if start else []), *([f"{rest}\n"] if rest else []), *lines[1:]]
