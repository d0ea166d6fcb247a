"""What notebooks have of pipelines: `pyspark.pipelines`, `dlt`, and Auto Loader's files.

The names themselves are in `nbkit.pipelines`, a room above this one, which is imported by its name
when somebody asks for them, and not before.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import typing
from importlib import metadata
from importlib.abc import Loader, MetaPathFinder

from nbkit.replaced import on_import

if typing.TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_ABOVE = "nbkit.pipelines.declare.pyspark_names"
_FILES = "nbkit.pipelines.files.outside"
_PARENT = "databricks"
_NAMES = frozenset({"dlt", f"{_PARENT}.pipelines"})
_STUB = "databricks-dlt"
"""A package that has the names of `dlt` for editors, and does nothing."""


def offer() -> None:
    """Let notebooks find the names of pipelines; doing it again changes nothing."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    on_import(_extend_spark, "pyspark.pipelines")
    on_import(_read_files, "pyspark.sql.session")
    if _stub_installed():
        sys.meta_path.insert(0, _Finder())
    else:  # after all others: a package `dlt` that is installed stays what it is
        sys.meta_path.append(_Finder())


class _Finder(MetaPathFinder):
    """Finds `dlt`, and `databricks.pipelines`, where nobody else does."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname == _PARENT:
            other = importlib.machinery.PathFinder.find_spec(fullname)
            return other or importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        return importlib.machinery.ModuleSpec(fullname, _Loader()) if fullname in _NAMES else None


class _Loader(Loader):
    """Makes the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Put the names into the module."""
        module.__dict__.update(importlib.import_module(_ABOVE).NAMES)


def _extend_spark() -> None:
    importlib.import_module(_ABOVE).extend_spark()


def _read_files() -> None:
    """Let Auto Loader read files in any notebook."""
    importlib.import_module(_FILES).understand_in_pyspark()


def _stub_installed() -> bool:
    try:
        metadata.distribution(_STUB)
    except metadata.PackageNotFoundError:
        return False
    return True
