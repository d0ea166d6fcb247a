"""Methods without arguments as UDFs, such as `udf(fake.first_name)`.

PySpark learns from type hints what kind of UDF a function is, if it has arguments. It counts a
method's `self` as one, and takes a method that has no other for an aggregate.
"""

from __future__ import annotations

import functools
import inspect
import typing

if typing.TYPE_CHECKING:
    from collections.abc import Callable


def of_functions(infer: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    """Return PySpark's `infer_eval_type_for_udf`, for which such methods are functions."""

    @functools.wraps(infer)
    def infer_kind(f: Callable[..., typing.Any]) -> typing.Any:
        if inspect.ismethod(f) and not inspect.signature(f).parameters:
            return None
        return infer(f)

    return infer_kind
