"""Rows of Python values for `createDataFrame`, taken as Databricks takes them without a cluster.

There, and wherever Spark Connect is spoken, a value goes into a column of another type if nothing
of it is lost: `1` is a DOUBLE, NumPy's `int64` a BIGINT. PySpark itself asks for the very type.
What would lose something stays as it is, and PySpark says what is wrong with it.
"""

from __future__ import annotations

import functools
import typing
from datetime import datetime
from decimal import Decimal

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql.types import DataType

    Fit = Callable[[typing.Any], typing.Any]

_EXACT_IN = {"float": 1 << 24, "double": 1 << 53}
"""Integers up to these have a number of their own in the type."""
_READABLE = (str, int, float, list, tuple, dict, Decimal)
"""What Java writes as text in a way that people can read."""


def fitting(create: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    """Return PySpark's `_create_dataframe`, for which values fit where they lose nothing."""

    @functools.wraps(create)
    def create_fitting(
        self: typing.Any,
        data: typing.Any,
        schema: typing.Any,
        samplingRatio: typing.Any,  # noqa: N803 - PySpark's
        verifySchema: bool,  # noqa: N803
    ) -> typing.Any:
        from pyspark.core.rdd import RDD
        from pyspark.sql.types import DataType

        fit = fit_for(schema) if isinstance(schema, DataType) else None
        if fit is not None and not isinstance(data, RDD):
            data = [fit(value) for value in data]
        return create(self, data, schema, samplingRatio, verifySchema)

    return create_fitting


def fit_for(kind: DataType) -> Fit | None:
    """Return what makes a value fit a type; None for a type that takes only its own.

    Args:
        kind: of the column, or of whole rows.
    """
    from pyspark.sql import types as T  # noqa: N812 - everybody's name for it

    made: list[tuple[type[DataType], Callable[[typing.Any], Fit | None]]] = [
        (T.StructType, _fit_struct),
        (T.ArrayType, _fit_array),
        (T.MapType, _fit_map),
        (T.FractionalType, _fit_fraction),
        (T.IntegralType, lambda _: _as_integer),
        (T.BooleanType, lambda _: _as_boolean),
        (T.StringType, lambda _: _as_text),
        (T.DatetimeType, lambda _: _as_time),
    ]
    return next((make(kind) for each, make in made if isinstance(kind, each)), None)


def _plain(value: typing.Any) -> typing.Any:
    """Return one of NumPy's scalars as Python's value."""
    return value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value


def _as_float(exact: int, value: typing.Any) -> typing.Any:
    plain = _plain(value)
    if isinstance(plain, float):
        return float(plain)
    whole = isinstance(plain, int) and (plain is value or not isinstance(plain, bool))
    return float(plain) if whole and abs(plain) <= exact else value


def _fit_fraction(kind: DataType) -> Fit | None:
    exact = _EXACT_IN.get(kind.typeName())
    return functools.partial(_as_float, exact) if exact else None


def _as_integer(value: typing.Any) -> typing.Any:
    plain = _plain(value)
    if isinstance(plain, int) and not isinstance(plain, bool):
        return int(plain)
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)
    if isinstance(plain, Decimal) and plain.is_finite() and plain == plain.to_integral_value():
        return int(plain)
    return value


def _as_boolean(value: typing.Any) -> typing.Any:
    plain = _plain(value)
    return plain if isinstance(plain, bool) else value


def _as_text(value: typing.Any) -> typing.Any:
    plain = _plain(value)
    if isinstance(plain, str):
        return plain if type(plain) is str else str.__str__(plain)
    return plain if plain is None or isinstance(plain, _READABLE) else str(plain)


def _as_time(value: typing.Any) -> typing.Any:
    exact = type(value) is datetime or not isinstance(value, datetime)
    return value if exact or not hasattr(value, "to_pydatetime") else value.to_pydatetime()


def _fit_array(kind: typing.Any) -> Fit | None:
    fit = fit_for(kind.elementType)
    return functools.partial(_as_list, fit) if fit else None


def _as_list(fit: Fit, value: typing.Any) -> typing.Any:
    return [fit(each) for each in value] if isinstance(value, (list, tuple)) else value


def _fit_map(kind: typing.Any) -> Fit | None:
    fits = [fit_for(kind.keyType), fit_for(kind.valueType)]
    return functools.partial(_as_map, *(fit or _same for fit in fits)) if any(fits) else None


def _as_map(key: Fit, fit: Fit, value: typing.Any) -> typing.Any:
    if not isinstance(value, dict):
        return value
    return {key(name): fit(each) for name, each in value.items()}


def _same(value: typing.Any) -> typing.Any:
    return value


def _fit_struct(kind: typing.Any) -> Fit | None:
    fits = [fit_for(field.dataType) for field in kind.fields]
    if not any(fits):
        return None
    by_name = {field.name: fit for field, fit in zip(kind.fields, fits, strict=True) if fit}
    return functools.partial(_as_row, [fit or _same for fit in fits], by_name)


def _as_row(fits: list[Fit], by_name: Mapping[str, Fit], value: typing.Any) -> typing.Any:
    """Return a row with values that fit; another kind of row, or of another length, as it is."""
    if isinstance(value, dict):
        return {name: by_name.get(name, _same)(each) for name, each in value.items()}
    if not isinstance(value, (list, tuple)) or len(value) != len(fits):
        return value
    values = [fit(each) for fit, each in zip(fits, value, strict=True)]
    if isinstance(value, list):
        return values
    row = tuple.__new__(type(value), values)  # a Row or a named tuple stays one
    for name, each in getattr(value, "__dict__", {}).items():
        setattr(row, name, each)
    return row
