"""Older names of Spark's functions, which `from pyspark.sql.functions import *` leaves out.

Until Spark 4 it brought them, and notebooks go on using them; each is still a function there, with
a newer name beside it. What has the name of something of Python's own (`chr`) is not among them.
"""

from __future__ import annotations

OLDER = (
    *("approxCountDistinct", "bitwiseNOT", "countDistinct", "sumDistinct"),
    *("shiftLeft", "shiftRight", "shiftRightUnsigned", "toDegrees", "toRadians"),
)
"""Functions that PySpark has and does not list."""


def with_older(listed: list[str]) -> list[str]:
    """Return what PySpark lists, and the older names after it.

    Args:
        listed: `pyspark.sql.functions.__all__`.
    """
    return [*listed, *(name for name in OLDER if name not in listed)]
