"""SQL that only Unity Catalog knows: its local equivalent, or one line that it was skipped."""

from __future__ import annotations

import typing
from dataclasses import dataclass, replace

from nbkit.dialect.grammar import matched, name_parts
from nbkit.dialect.sql_text import literal, quoted_part
from nbkit.dialect.tokens import Edit, edited, starts, tokens
from nbkit.near import meant
from nbkit.spark.catalogs import OWN, prefix

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nbkit.dialect.grammar import Found


@dataclass(frozen=True, slots=True)
class Catalogs:
    """What a statement can be told about catalogs.

    Attributes:
        known: returns those that there are, `spark_catalog` not among them.
        may_make: says whether one of this name could be made.
        has_schema: says whether the catalog in use has a schema.
        in_use: returns that catalog and its schema in use.
    """

    known: Callable[[], Collection[str]]
    may_make: Callable[[str], bool] = lambda _: False
    has_schema: Callable[[str], bool] = lambda _: False
    in_use: Callable[[], list[str]] = list


@dataclass(frozen=True, slots=True)
class Local:
    """What to do instead of a statement.

    Attributes:
        note: one line for the notebook's reader; empty for none.
        sql: what to run; empty for nothing.
        catalog: a catalog to make known to the session first.
        schema: what a catalog gets that is made for this, as both are there on Databricks.
        folder: a folder to make, as `dbutils.fs` names it.
    """

    note: str = ""
    sql: str = ""
    catalog: str = ""
    schema: str = ""
    folder: str = ""


_OF_DATABRICKS = {
    "system": "tells of a workspace on Databricks, and there is none here",
    "samples": "has Databricks' sample data, which is not here; use tables of your own",
}


def unknown_catalog(name: str, known: Collection[str], *, may_make: bool = False) -> str:
    """Say that there is no such catalog, and how to have one.

    Args:
        name: as the author wrote it.
        known: the catalogs that there are.
        may_make: whether it would be made by what is made in it.
    """
    if name.lower() in _OF_DATABRICKS:
        return f"nbkit: the catalog {name.lower()} {_OF_DATABRICKS[name.lower()]}."
    from nbkit.settings import can_be_catalog

    if not can_be_catalog(name):
        return f"nbkit: {name!r} cannot be the name of a catalog: letters, digits, _ and - can."
    if may_make:
        return (
            f"nbkit: there is no catalog {name} here: nothing was ever made in "
            f"it{meant(name, known)}. There are: {', '.join(known)}. CREATE CATALOG {name} makes "
            "it, and so does the first schema or table that is made in it."
        )
    wanted = ", ".join(f'"{each}"' for each in (*known, name))
    return (
        f"nbkit: there is no catalog {name} here{meant(name, known)}. Add it in nbkit.toml, under "
        f'[spark]: catalogs = [{wanted}] (or "any"), and restart the driver (`nbkit driver stop`); '
        f"or, for this session, run CREATE CATALOG {name}."
    )


def local(statement: str, catalogs: Catalogs) -> Local | None:
    """Return what to do instead of a statement; None to run it as it is.

    Args:
        statement: one SQL statement.
        catalogs: those that there are.

    Raises:
        LookupError: the statement uses a catalog that the session has not.
    """
    found = tokens(statement)
    for shape, decide in _RULES:
        if said := matched(shape, found):
            todo = decide(Matched(statement, said), catalogs)
            if todo is not None:
                return todo
    return None


@dataclass(frozen=True, slots=True)
class Matched:
    """A statement that has one of the shapes below."""

    statement: str
    said: Found

    def text(self, part: str) -> str:
        """Return a part as it is written; empty if it was left out."""
        if part not in self.said:
            return ""
        begin, end = self.said.span(part)
        return self.statement[begin:end]


def _known(name: str, known: Collection[str]) -> str:
    """Return the catalog that differs by nothing but case, which is nothing on Databricks."""
    return next((each for each in known if each.lower() == name.lower()), name)


def _use(by: Matched, catalogs: Catalogs) -> Local | None:
    """Spark's `USE` takes catalogs too; its `SET CATALOG` fails in this version."""
    if not by.said.is_all:
        return None
    known = catalogs.known()
    name = _known(by.said.value("name"), known)
    if name == "spark_catalog":
        return Local(sql=f"USE `{name}`")
    if name in known:
        return Local(sql=f"USE `{name}`", catalog=name)
    if not catalogs.may_make(name):
        raise LookupError(unknown_catalog(name, known))
    return Local(sql=f"USE `{name.lower()}`", catalog=name.lower())


def _use_schema(by: Matched, catalogs: Catalogs) -> Local | None:
    """Use a schema, in the catalog before it: of one part Spark would take a catalog first."""
    parts = name_parts(by.said.of("name"))
    if not by.said.is_all or len(parts) > 2:  # noqa: PLR2004 - catalog, schema
        return None
    written, known = by.text("name"), catalogs.known()
    catalog = _known(parts[0], known)
    if len(parts) == 1:
        two = "kind" not in by.said and catalog in known and catalogs.has_schema(written)
        return Local(sql=f"USE SCHEMA {written}") if two else None
    if catalog in known or not catalogs.may_make(catalog):
        return Local(sql=f"USE {written}") if "kind" in by.said else None
    schema = f"{quoted_part(catalog.lower())}.{quoted_part(parts[1])}"
    return Local(sql=f"USE {schema}", catalog=catalog.lower(), schema=schema)


def _schema_alone(by: Matched, catalogs: Catalogs) -> Local | None:
    """Say which catalog a schema is in whose name is a catalog's too, as `_use_schema` does."""
    parts = name_parts(by.said.of("name"))
    if len(parts) > 1 or _known(parts[0], catalogs.known()) not in catalogs.known():
        return None
    begin, end = by.said.span("name")
    whole = f"{quoted_part(catalogs.in_use()[0])}.{by.text('name')}"
    return Local(sql=edited(by.statement, [Edit(begin, end, whole)]))


def _create_catalog(by: Matched, catalogs: Catalogs) -> Local:
    known = catalogs.known()
    name = _known(by.said.value("name"), known)
    if name in known:
        return Local(catalog=name)
    if catalogs.may_make(name):
        kept = f"CREATE SCHEMA IF NOT EXISTS spark_catalog.`{prefix(name.lower())}default`"
        return Local(sql=kept, catalog=name.lower())  # as Databricks makes it, and so it stays
    return Local(
        f"nbkit: catalog {name} is there for this session; to keep it, add it to "
        "[spark] catalogs in nbkit.toml",
        catalog=name,
    )


def _create_volume(by: Matched, catalogs: Catalogs) -> Local:
    parts = name_parts(by.said.of("name"))
    if len(parts) < 3:  # noqa: PLR2004 - catalog, schema, volume
        catalog, *schema = catalogs.in_use() or [""]
        here = [OWN[-1] if catalog == "spark_catalog" else catalog, *schema]
        parts = [*here[: 3 - len(parts)], *parts]
    if len(parts) != 3:  # noqa: PLR2004 - catalog, schema, volume
        return Local("nbkit: skipped CREATE VOLUME: name it catalog.schema.volume")
    folder = f"/Volumes/{'/'.join(parts)}"
    note = f"nbkit: the volume is the folder {folder} of the project"
    catalog = _known(parts[0], catalogs.known())
    new = catalogs.may_make(catalog)
    return Local(note, folder=folder, catalog=catalog.lower() if new else "")


def _describe_catalog(by: Matched, catalogs: Catalogs) -> Local | None:
    if not by.said.is_all:
        return None
    known = catalogs.known()
    name = _known(by.said.value("name"), known)
    if name not in known:
        raise LookupError(unknown_catalog(name, known, may_make=catalogs.may_make(name)))
    return Local(sql=f"SELECT 'Catalog Name' AS info_name, {literal(name)} AS info_value")


def _show_schemas(by: Matched, catalogs: Catalogs) -> Local | None:
    known = catalogs.known()
    name = _known(by.said.value("name"), known)
    if name.lower() in {"spark_catalog", *_OF_DATABRICKS}:
        return None
    if name not in known:
        raise LookupError(unknown_catalog(name, known, may_make=catalogs.may_make(name)))
    begin, end = by.said.span("name")
    return Local(sql=edited(by.statement, [Edit(begin, end, f"`{name}`")]), catalog=name)


def _managed_location(by: Matched, _: Catalogs) -> Local | None:
    found = by.said.tokens
    places = (at for at in range(by.said.end, len(found)) if starts(found, at, "MANAGED"))
    clause = next(
        filter(None, (matched("MANAGED LOCATION <text>", found, at) for at in places)), None
    )
    if clause is None:
        return None
    note = "nbkit: left out MANAGED LOCATION: the project's warehouse holds the schema's tables"
    begin = found[clause.end - 1 - len(clause.of("text")) - 1].start
    return Local(
        note, sql=edited(by.statement, [Edit(begin, found[clause.end - 1].end, "")]).strip()
    )


def _deep_clone(by: Matched, _: Catalogs) -> Local | None:
    if not by.said.is_all:
        return None
    note = "nbkit: copied rows and columns; Delta here clones no partitions and properties"
    parts = (
        *(by.text("before"), "USING delta"),
        *(by.text("at"), "AS SELECT * FROM", by.text("rows")),
    )
    return Local(note, sql=" ".join(filter(None, parts)))


def _skip(reason: str, words: str) -> Callable[[Matched, Catalogs], Local]:
    def decide(by: Matched, _: Catalogs) -> Local:
        head = matched(words, by.said.tokens)
        assert head is not None, words
        what = " ".join(token.upper for token in by.said.tokens[: head.end])
        return Local(f"nbkit: skipped {what}: {reason}")

    return decide


def _said_of_catalog(reason: str, words: str) -> Callable[[Matched, Catalogs], Local]:
    """What is said of a catalog uses it, and so makes it; there is nothing else to do."""
    skip = _skip(reason, words)

    def decide(by: Matched, catalogs: Catalogs) -> Local:
        found = by.said.tokens
        places = (matched("CATALOG <name:part>", found, at) for at in range(len(found)))
        named = next(filter(None, places), None)
        catalog = _known(named.value("name"), catalogs.known()) if named else ""
        new = catalog not in catalogs.known() and catalogs.may_make(catalog)
        return replace(skip(by, catalogs), catalog=catalog.lower() if new else "")

    return decide


_NO_PERMISSIONS = "there are no permissions here"
_NO_TAGS = "there are no tags here"
_SECURABLE = "(CATALOG|SCHEMA|DATABASE|TABLE|VIEW|MATERIALIZED VIEW|VOLUME|FUNCTION)"
_CLOUD = (
    "(EXTERNAL LOCATION|EXTERNAL LOCATIONS|STORAGE CREDENTIAL|STORAGE CREDENTIALS|CREDENTIAL"
    "|CREDENTIALS|CONNECTION|CONNECTIONS|SHARE|SHARES|RECIPIENT|RECIPIENTS)"
)
_COLUMN = "ALTER COLUMN <name>"

_SKIPPED = (
    ("DROP CATALOG", "", "schemas and tables stay until they are dropped themselves"),
    (
        "(DROP|ALTER|SHOW|DESCRIBE|COMMENT ON) (VOLUME|VOLUMES)",
        "",
        "a volume is a folder below /Volumes, and stays as it is",
    ),
    ("(SHOW GRANTS|SHOW GRANT)", "", _NO_PERMISSIONS),
    (f"ALTER {_SECURABLE}", "<name> [SET] OWNER TO", _NO_PERMISSIONS),
    (f"ALTER {_SECURABLE}", f"<name> [{_COLUMN}] (SET|UNSET) TAGS", _NO_TAGS),
    ("(SET|UNSET) TAG", "ON", _NO_TAGS),
    ("ALTER TABLE", "<name> (SET|DROP) ROW FILTER", _NO_PERMISSIONS),
    ("ALTER TABLE", f"<name> {_COLUMN} (SET|DROP) MASK", _NO_PERMISSIONS),
    (
        "ALTER TABLE",
        "<name> ADD [CONSTRAINT <part>] (PRIMARY|FOREIGN) KEY",
        "Delta keeps no keys, and Databricks enforces none",
    ),
    ("ALTER TABLE", "<name> CLUSTER BY AUTO", "name the columns to cluster by"),
    (
        f"ALTER {_SECURABLE}",
        "<name> (ENABLE|DISABLE|INHERIT) PREDICTIVE OPTIMIZATION",
        "tables are optimized when OPTIMIZE is run",
    ),
    (
        f"(CREATE [OR REPLACE]|ALTER|DROP|SHOW) {_CLOUD}",
        "",
        "there is no cloud storage to connect here",
    ),
    ("CREATE FOREIGN CATALOG", "", "there is no other database to connect here"),
)
"""How a statement begins and goes on, and why it is skipped."""

_OF_CATALOGS = (
    ("(GRANT|REVOKE|DENY)", _NO_PERMISSIONS),
    ("(ALTER|COMMENT ON) CATALOG", "it is only a name here"),
)

_CLONE = (
    "{before CREATE [OR REPLACE] TABLE [IF NOT EXISTS] <name>} [DEEP] CLONE"
    " {rows <name> [(VERSION|TIMESTAMP) AS OF (<number>|<text>)]} [{at LOCATION <text>}]"
)
_OF_SCHEMA = (
    "(CREATE|DROP|ALTER|DESC|DESCRIBE) (SCHEMA|DATABASE) [IF NOT EXISTS|IF EXISTS|EXTENDED]"
)
_CATALOG = "(<name:part>|<name:text>)"
_RULES: tuple[tuple[str, Callable[[Matched, Catalogs], Local | None]], ...] = (
    (f"(USE|SET) CATALOG {_CATALOG}", _use),
    ("USE [{kind (SCHEMA|DATABASE|NAMESPACE)}] <name>", _use_schema),
    (f"{_OF_SCHEMA} <name>", _schema_alone),
    ("SHOW (TABLES|VIEWS|FUNCTIONS) (IN|FROM) <name>", _schema_alone),
    ("CREATE CATALOG [IF NOT EXISTS] <name:part>", _create_catalog),
    ("(DESC|DESCRIBE) CATALOG [EXTENDED] <name:part>", _describe_catalog),
    ("SHOW (SCHEMAS|DATABASES) (IN|FROM) <name:part>", _show_schemas),
    ("CREATE [EXTERNAL] VOLUME [IF NOT EXISTS] <name>", _create_volume),
    ("CREATE (SCHEMA|DATABASE) [IF NOT EXISTS] <name>", _managed_location),
    (_CLONE, _deep_clone),
    *((words, _said_of_catalog(reason, words)) for words, reason in _OF_CATALOGS),
    *((f"{begin} {then}", _skip(reason, begin)) for begin, then, reason in _SKIPPED),
)
