"""The catalog of tables: a Hive metastore, embedded for one person or in PostgreSQL for a team."""

from __future__ import annotations

import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from xml.etree import ElementTree as ET

from nbkit.errors import SetupError
from nbkit.spark.jars import spark_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from nbkit.settings import Settings

_DRIVER = "org.postgresql.Driver"
_OPTION = "javax.jdo.option.Connection"
_EVERYBODY = 7_213_077_456
"""Whoever makes the tables of a metastore holds this lock of PostgreSQL."""

_COMPLETE = """SELECT to_regclass('"SEQUENCE_TABLE"') IS NOT NULL"""
_HAS_DEFAULT = """SELECT count(*) > 0 FROM "DBS" WHERE "NAME" = 'default'"""
_LAST_TABLE = """CREATE TABLE "SEQUENCE_TABLE" (
    "SEQUENCE_NAME" varchar(255) PRIMARY KEY, "NEXT_VAL" bigint NOT NULL)"""


@dataclass(frozen=True, slots=True)
class Postgresql:
    """Where a metastore is: its JDBC address without anybody's name, and who may enter."""

    url: str
    user: str
    password: str

    @classmethod
    def parse(cls, url: str) -> Self | None:
        """Return the parts of a JDBC URL; None if it is of another database.

        User and password are taken from where JDBC has them (`?user=…&password=…`) and from where
        other addresses have them (`//user:password@host`).
        """
        parts = urlsplit(url.removeprefix("jdbc:"))
        if not url.startswith("jdbc:postgresql:"):
            return None
        entry, _, place = parts.netloc.rpartition("@")
        name, _, password = entry.partition(":")
        known = {"user": unquote(name), "password": unquote(password)}
        given = parse_qsl(parts.query, keep_blank_values=True)
        known |= {key: value for key, value in given if key in known}
        rest = urlencode([(key, value) for key, value in given if key not in known])
        at = f"//{place}" if parts.netloc else ""
        address = f"jdbc:postgresql:{at}{parts.path}" + (f"?{rest}" if rest else "")
        return cls(address, **known)

    @property
    def options(self) -> dict[str, str]:
        """What Hive, and what it keeps its objects with, want to hear."""
        return {
            f"{_OPTION}URL": self.url,
            f"{_OPTION}DriverName": _DRIVER,
            f"{_OPTION}UserName": self.user,
            f"{_OPTION}Password": self.password,
        }


def metastore_conf(settings: Settings, scratch: Path) -> dict[str, str]:
    """Return the Spark settings of the catalog.

    Args:
        settings: of the project.
        scratch: the driver's private folder.
    """
    url = settings.spark.metastore or (
        f"jdbc:derby:;databaseName={settings.state_directory / 'metastore'};create=true"
    )
    hive = {
        f"{_OPTION}URL": url,
        "datanucleus.schema.autoCreateAll": "true",
        "hive.metastore.schema.verification": "false",
        # Delta replaces a table's columns as it likes; Hive would refuse, retry and log it
        "hive.metastore.disallow.incompatible.col.type.changes": "false",
        "hive.exec.scratchdir": str(scratch / "hive"),
        "hive.exec.local.scratchdir": str(scratch / "hive-local"),
        "hive.downloaded.resources.dir": str(scratch / "hive-resources"),
    }
    if url.startswith("jdbc:derby:"):
        hive |= {  # embedded: no pool, no look at columns we made ourselves, no trial of raw SQL
            "datanucleus.connectionPoolingType": "NONE",
            "datanucleus.rdbms.initializeColumnInfo": "NONE",
            "hive.metastore.try.direct.sql": "false",
        }
    elif place := Postgresql.parse(url):
        # made by `ready` before: a table that is made when it is first needed waits for the
        # transaction that needs it, for ever
        hive |= {**place.options, "datanucleus.schema.autoCreateAll": "false"}
        hive["datanucleus.connectionPoolingType"] = "HikariCP"
    return {"spark.sql.catalogImplementation": "hive"} | {
        f"spark.hadoop.{name}": value for name, value in hive.items()
    }


@contextmanager
def ready(java: Any, url: str) -> Iterator[None]:
    """Have a metastore's tables made, by one driver at a time, before Hive opens it.

    The first driver of all goes on alone until the context is left: Hive then makes the schema
    `default`, and two would collide.

    Args:
        java: the view of the driver's JVM.
        url: of `[spark] metastore`.

    Raises:
        SetupError: the database cannot be used.
    """
    place = Postgresql.parse(url)
    if place is None:
        yield
        return
    connection = _connected(java, place)
    try:
        if not _is_ready(connection):
            connection.createStatement().execute(f"SELECT pg_advisory_lock({_EVERYBODY})")
            if not _is_ready(connection):
                _make_tables(java, place, connection)
                yield
                return
    finally:
        connection.close()
    yield


def _connected(java: Any, place: Postgresql) -> Any:
    from py4j.protocol import Py4JJavaError

    known = java.java.util.Properties()
    for name in ("user", "password"):
        if value := getattr(place, name):
            known.setProperty(name, value)
    try:
        return java.java.sql.DriverManager.getConnection(place.url, known)
    except Py4JJavaError as error:
        reason = str(error.java_exception.getMessage()).strip().splitlines()[0]
        message = f"The metastore {place.url} cannot be used: {reason}"
        raise SetupError(message, "See `[spark] metastore` in nbkit.toml.") from None


def _is_ready(connection: Any) -> bool:
    return _says(connection, _COMPLETE) and _says(connection, _HAS_DEFAULT)


def _says(connection: Any, query: str) -> bool:
    found = connection.createStatement().executeQuery(query)
    return bool(found.next() and found.getBoolean(1))


def _make_tables(java: Any, place: Postgresql, connection: Any) -> None:
    """Make what is not there yet; the table that is looked for comes last."""
    if _says(connection, _COMPLETE):
        return
    wanted = java.java.util.HashMap()
    for name, value in {
        **place.options,
        "javax.jdo.PersistenceManagerFactoryClass": (
            "org.datanucleus.api.jdo.JDOPersistenceManagerFactory"
        ),
        "datanucleus.schema.autoCreateAll": "true",
        "datanucleus.identifierFactory": "datanucleus1",
        "datanucleus.rdbms.useLegacyNativeValueStrategy": "true",
        "datanucleus.plugin.pluginRegistryBundleCheck": "LOG",
        "datanucleus.connectionPoolingType": "None",
    }.items():
        wanted.put(name, value)
    factory = java.javax.jdo.JDOHelper.getPersistenceManagerFactory(wanted)
    try:
        classes = java.java.util.HashSet()
        for name in _classes():
            classes.add(name)
        store = factory.getNucleusContext().getStoreManager()
        store.createSchemaForClasses(classes, java.java.util.Properties())
    finally:
        factory.close()
    connection.createStatement().execute(_LAST_TABLE)


def _classes() -> list[str]:
    """Return the Java classes whose objects Hive keeps, from its own mapping of them."""
    jar = next((spark_home() / "jars").glob("hive-metastore-*.jar"))
    with zipfile.ZipFile(jar) as opened:
        mapping = ET.fromstring(opened.read("package.jdo"))  # noqa: S314 - part of Spark
    return [
        f"{package.get('name')}.{each.get('name')}"
        for package in mapping.iter("package")
        for each in package.iter("class")
    ]
