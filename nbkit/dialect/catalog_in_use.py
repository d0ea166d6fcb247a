"""`spark.catalog` below `USE CATALOG`: of a name without a catalog Spark asks its own one first."""

from __future__ import annotations

import functools
import inspect
import typing

from nbkit.dialect.catalog_use import catalog_in
from nbkit.dialect.sql_text import quoted_part

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql.catalog import Catalog

    _Method = Callable[..., typing.Any]

_SPARKS = "spark_catalog"
_GLOBAL = "global_temp"


def of_tables(method: _Method) -> _Method:
    """Return a method of a table, which looks in the catalog in use; temporary views come first."""
    signature = inspect.signature(method)

    @functools.wraps(method)
    def look(self: Catalog, *args: typing.Any, **named: typing.Any) -> typing.Any:
        given = signature.bind(self, *args, **named)
        name, schema = given.arguments["tableName"], given.arguments.get("dbName")
        catalog = self.currentCatalog()
        if catalog == _SPARKS or not isinstance(name, str):
            return method(self, *args, **named)
        if schema is not None and not catalog_in(schema, 2):
            name, schema = f"{quoted_part(schema)}.{quoted_part(name)}", None
        if schema is not None or catalog_in(name) or _is_temporary(name, self):
            return method(self, *args, **named)
        where = [] if catalog_in(name, 2) else [self.currentDatabase()]
        return method(self, ".".join([*map(quoted_part, (catalog, *where)), name]))

    return look


def of_schemas(method: _Method) -> _Method:
    """Return a method of a schema, which looks in the catalog in use."""

    @functools.wraps(method)
    def look(self: Catalog, dbName: str) -> typing.Any:  # noqa: N803 - PySpark's
        return method(self, _whole(dbName, self))

    return look


def listing(method: _Method) -> _Method:
    """Return a method that lists what is in a schema of the catalog in use, and temporary views."""

    @functools.wraps(method)
    def listed(self: Catalog, dbName: str | None = None, pattern: str | None = None) -> typing.Any:  # noqa: N803 - PySpark's
        schema = quoted_part(self.currentDatabase()) if dbName is None else dbName
        whole = _whole(schema, self)
        if whole == schema:
            return method(self, dbName, pattern)
        if schema.lower() == _GLOBAL:
            return method(self, whole, pattern)
        own = method(self, f"{_SPARKS}.default", pattern)
        return [*method(self, whole, pattern), *(each for each in own if each.isTemporary)]

    return listed


def _whole(schema: str, catalog: Catalog) -> str:
    """Return the name of a schema with the catalog in use, unless that is Spark's own."""
    here = catalog.currentCatalog()
    if here == _SPARKS or not catalog_in(schema, 1):
        return schema
    return f"{_SPARKS if schema.lower() == _GLOBAL else quoted_part(here)}.{schema}"


def _is_temporary(name: str, catalog: Catalog) -> bool:
    if catalog_in(name, 2):
        return catalog_in(name, 2).lower() == _GLOBAL
    views = catalog._jsparkSession.sessionState().catalog()  # noqa: SLF001 - without a query
    return bool(views.getRawTempView(catalog_in(name, 1)).isDefined())
