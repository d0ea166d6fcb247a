"""What every part of `dbutils` shares: `help()`, and clear words about what is not there."""

from __future__ import annotations

import inspect
import typing

from nbkit.near import meant

if typing.TYPE_CHECKING:
    from collections.abc import Mapping


class Utility:
    """A part of `dbutils`.

    Subclasses set `_name`, how people call it, and `_absent`: what Databricks has there and
    cannot exist here, each with the rest of a sentence that says why and what to do instead.
    """

    _name: typing.ClassVar[str]
    _absent: typing.ClassVar[Mapping[str, str]] = {}

    def help(self, method: str = "") -> None:
        """Print what there is, or how to call one method."""
        if method in self._absent:
            print(f"{self._name}.{method} {self._absent[method]}")
            return
        for name in [method] if method else self._public():
            print(_describe(name, getattr(self, name)))

    def _public(self) -> list[str]:
        return [name for name in dir(self) if not name.startswith("_")]

    def __getattr__(self, name: str) -> typing.Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._absent:
            raise AttributeError(f"{self._name}.{name} {self._absent[name]}")
        has = f"({self._name} has: {', '.join(self._public())})"
        raise AttributeError(f"{self._name} has no {name}{meant(name, self._public())} {has}")

    def __repr__(self) -> str:
        return f"{self._name}: {', '.join(self._public())}"


def _describe(name: str, member: typing.Any) -> str:
    about = (inspect.getdoc(member) or "").partition("\n")[0]
    return f"{name}{_arguments(member) if callable(member) else ''}\n    {about}"


def _arguments(method: typing.Callable[..., typing.Any]) -> inspect.Signature:
    """Return how to call a method, without types: `(name, default=None)`."""
    signature = inspect.signature(method)
    bare = [given.replace(annotation=given.empty) for given in signature.parameters.values()]
    return signature.replace(parameters=bare, return_annotation=signature.empty)
