"""Lets a cell's `with` block run its body again: `with nbkit.step("load", retries=3):`.

Python runs the body of a `with` once. In a cell, before it is compiled, such a statement becomes
a loop over tries, each with the same body; what the body says stays on its own lines.
"""

from __future__ import annotations

import ast
import itertools
import typing

if typing.TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

KEYWORD = "retries"
"""A `with` on a call with this argument is made a loop, whatever the name of what it calls."""

_TRIES = "__import__('nbkit.toolkit.rerun', fromlist=['tries']).tries"
_Block = ast.With | ast.AsyncWith


class Repeatable:
    """What may begin the body of a `with` more than once: an iterable of context managers."""

    def __iter__(self) -> Iterator[typing.Any]:
        """Yield a context manager for each try."""
        raise NotImplementedError

    def __aiter__(self) -> AsyncIterator[typing.Any]:
        """Yield a context manager for each try, letting others run in between."""
        raise NotImplementedError


class _Once(Repeatable):
    """Any other context manager: the loop around its body goes round once."""

    def __init__(self, manager: typing.Any) -> None:
        self._manager = manager

    def __iter__(self) -> Iterator[typing.Any]:
        yield self._manager

    async def __aiter__(self) -> AsyncIterator[typing.Any]:
        yield self._manager


def tries(manager: typing.Any) -> Repeatable:
    """Return what a rewritten `with` loops over."""
    return manager if isinstance(manager, Repeatable) else _Once(manager)


class RunAgain(ast.NodeTransformer):
    """Makes loops of the `with` statements of a cell whose body may run again."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def visit_With(self, node: ast.With) -> list[ast.stmt]:
        """Rewrite a statement."""
        self.generic_visit(node)
        return self._rewritten(node)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> list[ast.stmt]:
        """Rewrite a statement of a coroutine."""
        self.generic_visit(node)
        return self._rewritten(node)

    def _rewritten(self, node: _Block) -> list[ast.stmt]:
        place = next((i for i, item in enumerate(node.items) if _repeats(item)), None)
        if place is None or _yields(node.body):
            return [node]
        number = next(self._numbers)
        item, rest = node.items[place], node.items[place + 1 :]
        attempt = ast.Name(f"_nbkit_try_{number}", ast.Load())
        first = ast.withitem(attempt, item.optional_vars)
        jumps = _Jumps(f"_nbkit_jump_{number}")
        body = jumps.rewrite(node.body)
        if any(map(_repeats, rest)):
            inner = _same(node, [first], self._rewritten(_same(node, rest, body)))
        else:
            inner = _same(node, [first, *rest], body)
        lines = [*jumps.before(node), _loop(node, attempt.id, item, inner), *jumps.after(node)]
        return [_same(node, node.items[:place], lines)] if place else lines


class _Jumps(ast.NodeTransformer):
    """Leads each `break` and `continue` out of the loop over tries, to the loop it is about."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: set[str] = set()

    def rewrite(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Return the body of a `with` as the body of a loop."""
        block = ast.Module(list(body), [])
        self.generic_visit(block)
        return block.body

    def before(self, where: ast.stmt) -> list[ast.stmt]:
        """Return what stands before the loop over tries."""
        return [_line(f"{self._name} = None", where)] if self._seen else []

    def after(self, where: ast.stmt) -> list[ast.stmt]:
        """Return what stands behind it."""
        return [_line(f"if {self._name} == {word!r}: {word}", where) for word in sorted(self._seen)]

    def visit(self, node: ast.AST) -> typing.Any:
        """Rewrite a statement; what is inside another loop or function is about that."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            return node
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            node.orelse = self.rewrite(node.orelse)
            return node
        if isinstance(node, ast.Break | ast.Continue):
            word = type(node).__name__.lower()
            self._seen.add(word)
            return [_line(f"{self._name} = {word!r}", node), ast.copy_location(ast.Break(), node)]
        return self.generic_visit(node)


def _repeats(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and any(given.arg == KEYWORD for given in call.keywords)


def _yields(body: Sequence[ast.stmt]) -> bool:
    """Say whether a body is part of a generator, which cannot take back what it has yielded."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return False


def _same(node: _Block, items: list[ast.withitem], body: list[ast.stmt]) -> _Block:
    """Return a `with` of the same kind, at the same place."""
    return ast.copy_location(type(node)(items, body), node)


def _loop(node: _Block, attempt: str, item: ast.withitem, body: ast.stmt) -> ast.stmt:
    call = ast.Call(ast.parse(_TRIES, mode="eval").body, [item.context_expr], [])
    kind = ast.AsyncFor if isinstance(node, ast.AsyncWith) else ast.For
    target = ast.Name(attempt, ast.Store())
    return ast.copy_location(kind(target, ast.copy_location(call, node), [body], []), node)


def _line(code: str, where: ast.stmt) -> ast.stmt:
    statement = ast.parse(code).body[0]
    for node in ast.walk(statement):
        ast.copy_location(node, where)
    return statement
