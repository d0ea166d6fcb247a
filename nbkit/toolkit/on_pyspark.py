"""What changes in PySpark as soon as a kernel imports it, and not before."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import sys
import typing
from importlib.abc import MetaPathFinder

from nbkit.toolkit.session import session

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

_MODULE = "pyspark.sql.session"


def on_import(act: Callable[[], None], module: str = _MODULE) -> None:
    """Call `act` once `module`, or PySpark's sessions, are imported: now, if they are already."""
    if module in sys.modules:
        act()
    else:
        sys.meta_path.insert(0, _Watch(module, act))


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


class _Watch(MetaPathFinder):
    """Finds a module once, and acts after it was loaded."""

    def __init__(self, module: str, act: Callable[[], None]) -> None:
        self._module = module
        self._act = act

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec and spec.loader:
            loader, load = spec.loader, spec.loader.exec_module

            def load_then_act(module: ModuleType) -> None:
                load(module)
                self._act()

            loader.exec_module = load_then_act  # type: ignore[method-assign]
        return spec
