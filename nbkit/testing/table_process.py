"""The process that puts tables into the tests' warehouse and looks at them.

`python -m nbkit.testing.table_process DESCRIPTOR`, started by `tables.py`. In a process of its
own, so that the tests' process keeps its Spark session, if it has one. It holds the driver, and
ends with its connection.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from nbkit.dialect import catalog_use
from nbkit.errors import DriverLostError, NbkitError, UsageError
from nbkit.settings import Settings
from nbkit.spark import lease
from nbkit.spark.catalogs import filled, in_catalog, prefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession


class Tables:
    """What can be asked for.

    Args:
        spark: a session on the tests' driver.
        catalogs: first parts of three-level names, or `any`.
    """

    def __init__(self, spark: SparkSession, catalogs: Sequence[str]) -> None:
        self._spark = spark
        self._catalogs = None if catalogs == "any" else {name: prefix(name) for name in catalogs}

    def put(self, name: str, kind: str, data: Any, schema: str | None) -> None:
        """Write a table, in the place of one that is there."""
        from pyspark.sql.types import StructType

        parsed = StructType.fromJson(json.loads(schema)) if kind == "spark" and schema else schema
        if data is None or (parsed is None and not len(data)):
            raise ValueError("an empty table needs a schema: (rows, 'id INT, name STRING')")
        frame = self._frame(data, parsed)
        catalog = catalog_use.catalog_in(name)
        if catalog and not catalog_use.found(catalog, self._spark):
            catalog_use.added(catalog, self._spark)
        if "." in name:
            self._spark.sql(f"CREATE SCHEMA IF NOT EXISTS {name.rpartition('.')[0]}")
        frame.write.mode("overwrite").option("overwriteSchema", "true").saveAsTable(name)

    def _frame(self, data: Any, schema: Any) -> DataFrame:
        from pyspark.errors import PySparkException

        try:
            return self._spark.createDataFrame(data, schema)
        except PySparkException as error:
            if error.getCondition() != "CANNOT_DETERMINE_TYPE":
                raise
            raise UsageError(
                "a column without any value needs a type: (rows, 'id INT, name STRING')"
            ) from None

    def has(self, name: str) -> bool:
        """Say whether there is a table or view of this name."""
        return bool(self._spark.catalog.tableExists(name))

    def get(self, name: str) -> Any:
        """Return a table as pandas has it."""
        self._spark.catalog.refreshTable(name)
        return self._spark.table(name).toPandas()

    def names(self) -> list[str]:
        """Return the names of all tables and views, with their schemas."""
        found: list[str] = []
        for schema in self._schemas():
            rows = self._spark.sql(f"SHOW TABLES IN spark_catalog.`{schema}`").collect()
            named = self._as_written(schema)
            found += [f"{named}.{row.tableName}" for row in rows if not row.isTemporary]
        return found

    def clear(self) -> None:
        """Drop every table, view and schema."""
        for schema in self._schemas():
            if schema != "default":
                self._spark.sql(f"DROP SCHEMA spark_catalog.`{schema}` CASCADE")
        for table in self._spark.catalog.listTables("spark_catalog.default"):
            if not table.isTemporary:
                what = "VIEW" if table.tableType == "VIEW" else "TABLE"
                self._spark.sql(f"DROP {what} IF EXISTS spark_catalog.default.`{table.name}`")
        for table in self._spark.catalog.listTables("global_temp"):
            self._spark.catalog.dropGlobalTempView(table.name)

    def _as_written(self, schema: str) -> str:
        """Return a schema as people write it: `main.silver`, not `nbkit_main__silver`."""
        return in_catalog(schema, filled([schema]) if self._catalogs is None else self._catalogs)

    def _schemas(self) -> list[str]:
        rows = self._spark.sql("SHOW SCHEMAS IN spark_catalog").collect()
        return [row[0] for row in rows]


def serve(connection: Connection) -> None:
    """Attach to the driver, and so hold it; then answer until the connection ends."""
    settings = Settings.model_validate_json(connection.recv())
    with suppress(NbkitError):  # told to who asks for something
        _attached(settings)
    while True:
        try:
            verb, arguments = connection.recv()
        except EOFError:
            return
        connection.send(_answer(settings, verb, arguments))


def _answer(settings: Settings, verb: str, arguments: tuple[Any, ...]) -> tuple[str | None, Any]:
    """Return an error as text, or what was asked for."""
    try:
        tables = Tables(_attached(settings), settings.spark.catalogs)
        return None, getattr(tables, verb)(*arguments)
    except NbkitError as error:
        return str(error), None
    except Exception as error:  # noqa: BLE001 - whatever it is, the test is told
        return f"{type(error).__name__}: {error}", None


def _attached(settings: Settings) -> SparkSession:
    """Return the session; a new one on a new driver, if a notebook has ended the last one."""
    try:
        return lease.attach(settings)
    except DriverLostError:
        return lease.attach(settings)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
