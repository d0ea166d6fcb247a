"""What nbkit changes in other people's libraries for a notebook, beside SQL and paths in Spark."""

from __future__ import annotations

import typing

from nbkit.replaced import NEW, Other, Replacement
from nbkit.toolkit import leased_sessions, python_files
from nbkit.toolkit.display import display


def _to_table(_: object) -> typing.Any:
    from pyspark.sql.streaming.readwriter import DataStreamWriter

    return DataStreamWriter.toTable


REPLACED = (
    Replacement(
        "pyspark.sql.dataframe:DataFrame",
        {"display": NEW},
        "`df.display()` shows rows, as on Databricks",
        "pyspark 4.2",
        lambda _: display,
    ),
    Replacement(
        "pyspark.sql.streaming.readwriter:DataStreamWriter",
        {"table": NEW},
        "the older name of `toTable` is there on Databricks as well",
        "pyspark 4.2",
        _to_table,
    ),
    *leased_sessions.REPLACED,
    *python_files.REPLACED,
)

OTHERS = (
    Other(
        "`send` of the kernel's jupyter_client session",
        "no secret leaves the kernel",
        "jupyter_client 8",
        "ends with the kernel",
    ),
    Other(
        "hooks of IPython's shell: magics, transformers of cells and of syntax trees, errors",
        "magics of Databricks, `spark` that attaches on first use, steps that run again",
        "ipython 9",
        "IPython's own seams; they end with the kernel",
    ),
    Other(
        "`sys.modules`: pyspark.dbutils, databricks.sdk.runtime",
        "modules that a notebook imports find `dbutils` and `spark`",
        "every version",
        "delete the entries; an installed databricks-sdk is not touched",
    ),
    Other(
        "`sys.meta_path`: a finder for `dlt`, one that waits for libraries to be imported",
        "`import dlt` works; a library is changed when it is imported and not before",
        "every version",
        "remove the finders",
    ),
    Other(
        "`sys.path_hooks`: a folder of Databricks in `sys.path`",
        "modules are found where /Workspace/…, /Volumes/… and /dbfs/… lead",
        "every version",
        "remove the hook",
    ),
    Other(
        "`send_command` of py4j's client and its connecting, of the one session",
        "an interrupt cancels the session's Spark jobs; a connection that breaks is made anew",
        "py4j 0.10.9",
        "ends with the session",
    ),
)
"""What is no function of a library."""
