"""What changes in other people's libraries as soon as a kernel imports them, and not before."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import typing
from importlib.abc import MetaPathFinder

from nbkit.dialect import spark_paths, statements

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


def understand() -> None:
    """Let PySpark and Delta of this process take Databricks' paths and names of tables.

    Doing it again changes nothing.
    """
    on_import(spark_paths.understand_in_pyspark)
    on_import(statements.understand_in_pyspark)
    on_import(statements.understand_in_delta, "delta.tables")
    on_import(spark_paths.understand_in_delta, "delta.tables")


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
