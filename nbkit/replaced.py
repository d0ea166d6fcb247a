"""What nbkit changes in other people's libraries: declared, put in place, and taken away again.

Each room that changes something declares it as a tuple of `Replacement`s, which says what is
replaced, why, and for what signature it was written; `nbkit doctor --patches` lists them all. A
library is changed as soon as it is imported and not before. Where several replace the same
function, the one put later sees a call first.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import inspect
import sys
import typing
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import ModuleType

    Function = Callable[..., typing.Any]

NEW = ""
"""The signature of what the library does not have, and gets."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A change to functions of somebody else's library.

    Attributes:
        where: the module, and the class in it if there is one: `pyspark.sql.session:SparkSession`.
        names: the functions, and the parameters that each had when this was written
            (`self, tableName`; `…` for what is of no interest); `NEW` for one that is added.
        why: in one sentence.
        of: the library and the versions that it was written for.
        change: returns what takes the place of a function; gets None for what is added.
    """

    where: str
    names: Mapping[str, str]
    why: str
    of: str
    change: Function

    @property
    def module(self) -> str:
        """The module that has the functions."""
        return self.where.partition(":")[0]

    def owner(self) -> typing.Any:
        """Return the module or the class that has the functions; imports it."""
        module = importlib.import_module(self.module)
        found: typing.Any = module
        for name in filter(None, self.where.partition(":")[2].split(".")):
            found = getattr(found, name)
        return found


@dataclass(frozen=True, slots=True)
class Other:
    """A change that is no function of a class: a hook, an entry of `sys.modules`, one object's.

    Attributes:
        what: is changed.
        why: in one sentence.
        of: the library and the versions that it was written for.
        undone: how it ends.
    """

    what: str
    why: str
    of: str
    undone: str


@dataclass(slots=True)
class _Put:
    """A function that was replaced in this process."""

    owner: typing.Any
    name: str
    before: typing.Any
    after: typing.Any


@dataclass(slots=True)
class _State:
    put: list[_Put] = field(default_factory=list)
    done: set[tuple[str, str, str]] = field(default_factory=set)


_state = _State()
_ABSENT = object()


def put(replacements: Sequence[Replacement]) -> None:
    """Replace functions, each when its module is imported; doing it again changes nothing."""
    for each in replacements:
        on_import(_Act(each), each.module)


@dataclass(frozen=True, slots=True)
class _Act:
    replacement: Replacement

    def __call__(self) -> None:
        each = self.replacement
        owner = each.owner()
        for name in each.names:
            key = (each.where, name, each.why)
            if key in _state.done:
                continue
            before = owner.__dict__.get(name, _ABSENT)
            if before is _ABSENT and each.names[name] != NEW:
                continue  # a release without it: the contract test names it
            after = _changed(each.change, before)
            _state.done.add(key)
            _state.put.append(_Put(owner, name, before, after))
            setattr(owner, name, after)


def _changed(change: Function, before: typing.Any) -> typing.Any:
    if before is _ABSENT:
        return change(None)
    if isinstance(before, classmethod):
        return classmethod(change(before.__func__))
    return change(before)


def unlike(replacement: Replacement) -> list[str]:
    """Say how installed functions differ from those that a replacement was written for.

    Returns:
        One line for each that is missing, or has other parameters; imports the library.
    """
    try:
        owner = replacement.owner()
    except (ImportError, AttributeError) as error:
        return [str(error)]
    found = []
    for name, written in replacement.names.items():
        now = _parameters(_original(owner, name), written)
        if now != written:
            found.append(f"{name}({now}) and not {name}({written})" if written else f"has {name}")
    return found


def _original(owner: typing.Any, name: str) -> typing.Any:
    put = (each.before for each in _state.put if each.owner is owner and each.name == name)
    return next(put, owner.__dict__.get(name, _ABSENT))


def _parameters(function: typing.Any, written: str) -> str:
    """Return the parameters of a function, with `…` where nobody looks at them."""
    if function is _ABSENT:
        return NEW
    stars: dict[object, str] = {
        inspect.Parameter.VAR_POSITIONAL: "*",
        inspect.Parameter.VAR_KEYWORD: "**",
    }
    try:
        signature = inspect.signature(getattr(function, "__func__", function))
    except (TypeError, ValueError):  # no function; and some of Python's own do not say
        return "…"
    names = [f"{stars.get(each.kind, '')}{each.name}" for each in signature.parameters.values()]
    known = written.split(", ")
    if known[-1] == "…":
        names[len(known) - 1 :] = ["…"]
    return ", ".join(names)


@contextmanager
def undone() -> Iterator[None]:
    """Give the untouched libraries back while the block runs, in the whole process."""
    for each in reversed(_state.put):
        if each.before is _ABSENT:
            delattr(each.owner, each.name)
        else:
            setattr(each.owner, each.name, each.before)
    try:
        yield
    finally:
        for each in _state.put:
            setattr(each.owner, each.name, each.after)


def on_import(act: Callable[[], None], module: str) -> None:
    """Call `act` once a module is imported: now, if it is already."""
    if module in sys.modules:
        act()
        return
    if not any(isinstance(finder, _Watch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _watch)
    _watch.waiting.setdefault(module, []).append(act)


class _Watch(MetaPathFinder):
    """Finds modules that are waited for once, and acts after each was loaded."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[Callable[[], None]]] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        acts = self.waiting.pop(fullname, None)
        if acts is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec and spec.loader:
            loader, load = spec.loader, spec.loader.exec_module

            def load_then_act(module: ModuleType) -> None:
                load(module)
                for act in acts:
                    act()

            loader.exec_module = load_then_act  # type: ignore[method-assign]
        return spec


_watch = _Watch()
