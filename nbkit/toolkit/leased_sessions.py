"""Every way to a Spark session in this kernel leads to the project's driver."""

from __future__ import annotations

import functools
import typing

from nbkit.replaced import Replacement
from nbkit.toolkit.session import session

if typing.TYPE_CHECKING:
    from collections.abc import Callable


def _attached(call: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    @functools.wraps(call)
    def attach_then_call(self: typing.Any, *args: typing.Any, **named: typing.Any) -> typing.Any:
        if "spark.remote" not in getattr(self, "_options", ()):
            session.attach()
        return call(self, *args, **named)

    return attach_then_call


_WHY = "every way to a Spark session in a kernel leads to the project's driver"

REPLACED = (
    Replacement(
        "pyspark.sql.session:SparkSession.Builder",
        {"getOrCreate": "self", "create": "self"},
        _WHY,
        "pyspark 4.2",
        _attached,
    ),
    Replacement(
        "pyspark.core.context:SparkContext",
        {"getOrCreate": "cls, conf"},
        _WHY,
        "pyspark 4.2",
        _attached,
    ),
)
"""`SparkSession.builder.getOrCreate()` returns the leased session, also in imported modules."""
