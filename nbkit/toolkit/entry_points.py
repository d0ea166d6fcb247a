"""Entry points of installed packages, found as Databricks finds them."""

from __future__ import annotations

import typing
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution

from nbkit.near import hint

if typing.TYPE_CHECKING:
    from collections.abc import Callable


def entry_point(package: str, name: str) -> Callable[[], typing.Any]:
    """Return a package's entry point; where it declares none of the name, its function.

    Raises:
        LookupError: there is no such package, or it has neither.
    """
    try:
        declared = {found.name: found for found in distribution(package).entry_points}
    except PackageNotFoundError:
        declared = {}
    if name in declared:
        return typing.cast("Callable[[], typing.Any]", declared[name].load())
    module_name = package.replace("-", "_")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        if declared:
            message = f"{package} has no entry point {name}{hint(name, sorted(declared))}"
        else:
            message = f"the package {package} is not installed; install its wheel with pip"
        raise LookupError(message) from None
    if not hasattr(module, name):
        known = sorted({*declared, *(key for key in vars(module) if not key.startswith("_"))})
        raise LookupError(f"{package} has no entry point {name}{hint(name, known)}")
    return typing.cast("Callable[[], typing.Any]", getattr(module, name))
