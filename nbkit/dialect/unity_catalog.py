"""SQL that only Unity Catalog knows: its local equivalent, or one line that it was skipped."""

from __future__ import annotations

import re
import typing
from dataclasses import dataclass

from nbkit.near import nearest

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Collection

_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_PART = r"(?:`(?:[^`]|``)+`|[\w-]+)"
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"


@dataclass(frozen=True, slots=True)
class Local:
    """What to do instead of a statement.

    Attributes:
        note: one line for the notebook's reader; empty for none.
        sql: what to run; empty for nothing.
        catalog: a catalog to make known to the session first.
        folder: a folder to make, as `dbutils.fs` names it.
    """

    note: str = ""
    sql: str = ""
    catalog: str = ""
    folder: str = ""


_OF_DATABRICKS = {
    "system": "tells of a workspace on Databricks, and there is none here",
    "samples": "has Databricks' sample data, which is not here; use tables of your own",
}


def unknown_catalog(name: str, known: Collection[str]) -> str:
    """Say that there is no such catalog, and how to have one."""
    if name.lower() in _OF_DATABRICKS:
        return f"nbkit: the catalog {name.lower()} {_OF_DATABRICKS[name.lower()]}."
    wanted = ", ".join(f'"{each}"' for each in (*known, name))
    near = nearest(name, known)
    hint = f"; did you mean {near}?" if near else "."
    return (
        f"nbkit: there is no catalog {name} here{hint} Add it in nbkit.toml, under [spark]: "
        f"catalogs = [{wanted}], and restart the driver (`nbkit driver stop`); or, for this "
        f"session, run CREATE CATALOG {name}."
    )


def local(statement: str, catalogs: Callable[[], Collection[str]]) -> Local | None:
    """Return what to do instead of a statement; None to run it as it is.

    Args:
        statement: one SQL statement.
        catalogs: returns those that the session has, `spark_catalog` not among them.

    Raises:
        LookupError: the statement uses a catalog that the session has not.
    """
    text = uncommented(statement).strip().rstrip(";").strip()
    for pattern, decide in _RULES:
        if found := pattern.match(text):
            return decide(found, catalogs())
    return None


def uncommented(statement: str) -> str:
    """Return a statement without the comments before it."""
    start = _COMMENTS.match(statement)
    return statement[start.end() if start else 0 :]


def _bare(name: str) -> str:
    return name.strip().strip("`'\"")


def _known(name: str, known: Collection[str]) -> str:
    """Return the catalog that differs by nothing but case, which is nothing on Databricks."""
    return next((each for each in known if each.lower() == name.lower()), name)


def _use(found: re.Match[str], known: Collection[str]) -> Local:
    """Spark's `USE` takes catalogs too; its `SET CATALOG` fails in this version."""
    name = _known(_bare(found["name"]), known)
    if name not in known and name != "spark_catalog":
        raise LookupError(unknown_catalog(name, known))
    return Local(sql=f"USE `{name}`")


def _create_catalog(found: re.Match[str], known: Collection[str]) -> Local:
    name = _known(_bare(found["name"]), known)
    if name in known:
        return Local()
    return Local(
        f"nbkit: catalog {name} is there for this session; to keep it, add it to "
        "[spark] catalogs in nbkit.toml",
        catalog=name,
    )


def _create_volume(found: re.Match[str], _: Collection[str]) -> Local:
    parts = [_bare(part) for part in re.findall(_PART, found["name"])]
    if len(parts) != 3:  # noqa: PLR2004 - catalog, schema, volume
        return Local("nbkit: skipped CREATE VOLUME: name it catalog.schema.volume")
    folder = f"/Volumes/{'/'.join(parts)}"
    return Local(f"nbkit: the volume is the folder {folder} of the project", folder=folder)


def _describe_catalog(found: re.Match[str], known: Collection[str]) -> Local:
    name = _bare(found["name"])
    if name not in known:
        raise LookupError(unknown_catalog(name, known))
    return Local(sql=f"SELECT 'Catalog Name' AS info_name, '{name}' AS info_value")


def _managed_location(found: re.Match[str], _: Collection[str]) -> Local:
    note = "nbkit: left out MANAGED LOCATION: the project's warehouse holds the schema's tables"
    return Local(note, sql=f"{found['before']} {found['after']}".strip())


def _deep_clone(found: re.Match[str], _: Collection[str]) -> Local:
    note = "nbkit: copied rows and columns; Delta here clones no partitions and properties"
    parts = (found["before"], "USING delta", found["at"], "AS SELECT * FROM", found["rows"])
    return Local(note, sql=" ".join(filter(None, parts)))


def _skip(reason: str) -> Callable[[re.Match[str], Collection[str]], Local]:
    def decide(found: re.Match[str], _: Collection[str]) -> Local:
        what = " ".join(found["what"].upper().split())
        return Local(f"nbkit: skipped {what}: {reason}")

    return decide


_NO_PERMISSIONS = "there are no permissions here"
_NO_TAGS = "there are no tags here"
_SECURABLE = r"(?:CATALOG|SCHEMA|DATABASE|TABLE|VIEW|MATERIALIZED\s+VIEW|VOLUME|FUNCTION)"
_CLOUD = r"(?:EXTERNAL\s+LOCATION|STORAGE\s+CREDENTIAL|CREDENTIAL|CONNECTION|SHARE|RECIPIENT)S?"
_COLUMN = rf"ALTER\s+COLUMN\s+{_NAME}\s+"

_SKIPPED = (
    (r"DROP\s+CATALOG", "", "schemas and tables stay until they are dropped themselves"),
    (
        r"(?:DROP|ALTER|SHOW|DESCRIBE|COMMENT\s+ON)\s+VOLUMES?",
        "",
        "a volume is a folder below /Volumes, and stays as it is",
    ),
    (r"GRANT|REVOKE|DENY|SHOW\s+GRANTS?", "", _NO_PERMISSIONS),
    (rf"ALTER\s+{_SECURABLE}", rf"{_NAME}\s+(?:SET\s+)?OWNER\s+TO", _NO_PERMISSIONS),
    (r"(?:ALTER|COMMENT\s+ON)\s+CATALOG", "", "it is only a name here"),
    (rf"ALTER\s+{_SECURABLE}", rf"{_NAME}\s+(?:{_COLUMN})?(?:SET|UNSET)\s+TAGS", _NO_TAGS),
    (r"(?:SET|UNSET)\s+TAG", "ON", _NO_TAGS),
    (r"ALTER\s+TABLE", rf"{_NAME}\s+(?:SET|DROP)\s+ROW\s+FILTER", _NO_PERMISSIONS),
    (r"ALTER\s+TABLE", rf"{_NAME}\s+{_COLUMN}(?:SET|DROP)\s+MASK", _NO_PERMISSIONS),
    (
        r"ALTER\s+TABLE",
        rf"{_NAME}\s+ADD\s+(?:CONSTRAINT\s+{_PART}\s+)?(?:PRIMARY|FOREIGN)\s+KEY",
        "Delta keeps no keys, and Databricks enforces none",
    ),
    (r"ALTER\s+TABLE", rf"{_NAME}\s+CLUSTER\s+BY\s+AUTO", "name the columns to cluster by"),
    (
        rf"ALTER\s+{_SECURABLE}",
        rf"{_NAME}\s+(?:ENABLE|DISABLE|INHERIT)\s+PREDICTIVE\s+OPTIMIZATION",
        "tables are optimized when OPTIMIZE is run",
    ),
    (rf"(?:CREATE|ALTER|DROP|SHOW)\s+{_CLOUD}", "", "there is no cloud storage to connect here"),
)
"""How a statement begins and goes on, and why it is skipped."""

_DONE = (
    (rf"(?:USE|SET)\s+CATALOG\s+(?P<name>{_PART}|'[^']+'|\"[^\"]+\")$", _use),
    (rf"CREATE\s+CATALOG\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>{_PART})", _create_catalog),
    (rf"DESC(?:RIBE)?\s+CATALOG\s+(?:EXTENDED\s+)?(?P<name>{_PART})$", _describe_catalog),
    (
        rf"CREATE\s+(?:EXTERNAL\s+)?VOLUME\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>{_NAME})",
        _create_volume,
    ),
    (
        (
            rf"(?P<before>CREATE\s+(?:SCHEMA|DATABASE)\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}.*?)\s+"
            r"MANAGED\s+LOCATION\s+(?:'[^']*'|\"[^\"]*\")(?P<after>.*)$"
        ),
        _managed_location,
    ),
    (
        (
            rf"(?P<before>CREATE\s+(?:OR\s+REPLACE\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME})\s+"
            rf"(?:DEEP\s+)?CLONE\s+(?P<rows>{_NAME}(?:\s+(?:VERSION|TIMESTAMP)\s+AS\s+OF\s+"
            r"(?:\d+|'[^']*'))?)(?:\s+(?P<at>LOCATION\s+(?:'[^']*'|\"[^\"]*\")))?$"
        ),
        _deep_clone,
    ),
)

_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), decide)
    for pattern, decide in (
        *_DONE,
        *(
            (rf"(?P<what>{begin})\b" + (rf"\s+{then}\b" if then else ""), _skip(reason))
            for begin, then, reason in _SKIPPED
        ),
    )
)
