"""Every way to a Spark session in this kernel leads to the project's driver."""

from __future__ import annotations

import functools
import typing

from nbkit.toolkit.session import session

if typing.TYPE_CHECKING:
    from collections.abc import Callable


def lease_sessions() -> None:
    """Make every way to a Spark session in this kernel lead to the project's driver.

    `SparkSession.builder.getOrCreate()` then returns the leased session, also in a module
    that the notebook imports.
    """
    from pyspark.core.context import SparkContext
    from pyspark.sql.session import SparkSession

    builder = SparkSession.Builder
    if not hasattr(builder.getOrCreate, "__wrapped__"):
        builder.getOrCreate = _attached(builder.getOrCreate)
        builder.create = _attached(builder.create)
        SparkContext.getOrCreate = classmethod(_attached(SparkContext.getOrCreate.__func__))


def _attached(call: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    @functools.wraps(call)
    def attach_then_call(self: typing.Any, *args: typing.Any, **named: typing.Any) -> typing.Any:
        if "spark.remote" not in getattr(self, "_options", ()):
            session.attach()
        return call(self, *args, **named)

    return attach_then_call
