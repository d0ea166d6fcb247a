"""Modules by which Databricks code reaches `dbutils` and `spark` outside a notebook's names."""

from __future__ import annotations

import sys
import typing
from types import ModuleType

if typing.TYPE_CHECKING:
    from collections.abc import Mapping


def offer(names: Mapping[str, typing.Any]) -> None:
    """Let modules import what a notebook has.

    `from pyspark.dbutils import DBUtils; DBUtils(spark)` and `from databricks.sdk.runtime
    import dbutils, spark` then mean this kernel's, and no workspace is asked.

    Args:
        names: what the notebook finds in its kernel.
    """
    dbutils = names["dbutils"]

    class DBUtils:
        """Databricks' class of `dbutils`: making one returns this kernel's."""

        def __new__(cls, *_: object) -> typing.Any:
            return dbutils

    _module("pyspark.dbutils", {"DBUtils": DBUtils})
    _module("databricks.sdk.runtime", names)


def _module(name: str, members: Mapping[str, typing.Any]) -> None:
    module = ModuleType(name, "nbkit's stand-in for a module of Databricks.")
    vars(module).update(members)
    sys.modules[name] = module
