"""Names of datasets: what an author writes, and the one key that it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([^.`\s]+))\s*(?:\.|$)")
_SESSION_CATALOG = "spark_catalog"
_PLAIN = re.compile(r"[A-Za-z_]\w*")


def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts of a name, without the backticks; empty for what is no name."""
    parts, at = [], 0
    while at < len(name):
        found = _PART.match(name, at)
        if found is None:
            return ()
        parts.append((found[1] or found[2]).replace("``", "`"))
        at = found.end()
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Naming:
    """Where names without a schema belong.

    Attributes:
        schema: the pipeline's own.
        catalog: the pipeline's own, as its settings have it; here it is the session's only one.
    """

    schema: str = "default"
    catalog: str = ""

    def key(self, name: str) -> str | None:
        """Return `schema.table` in lower case; None for what lies in another catalog."""
        parts = parts_of(name)
        if len(parts) > 1 and parts[0].lower() == "live":
            parts = parts[1:]
        if len(parts) == 3 and parts[0].lower() in {_SESSION_CATALOG, self.catalog.lower()}:  # noqa: PLR2004
            parts = parts[1:]
        if len(parts) == 1:
            parts = (self.schema, *parts)
        return ".".join(parts).lower() if len(parts) == 2 else None  # noqa: PLR2004


def quoted(key: str) -> str:
    """Return a key as SQL text."""
    return ".".join(quoted_part(part) for part in key.split("."))


def quoted_part(part: str) -> str:
    """Return one name as SQL text."""
    return part if _PLAIN.fullmatch(part) else "`" + part.replace("`", "``") + "`"
