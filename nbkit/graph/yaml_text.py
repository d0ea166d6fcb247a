"""YAML as Databricks bundles have it: dates, `yes` and `12:30` are text, names always are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from nbkit.graph.syntax import Document, SyntaxProblem, repetition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.findings import Finding, Loc

_MOST_NODES = 1_000_000
_MOST_DEPTH = 100
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_OWN = {
    "bool": (re.compile(r"true|True|TRUE|false|False|FALSE"), "tTfF"),
    "int": (
        re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+)"),
        "-+0123456789",
    ),
    "float": (
        re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"),
        "-+.0123456789",
    ),
}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's loader with the scalars of YAML 1.2, and an end to its depth."""

    depth = 0

    def descend_resolver(self, _parent: Any, _place: Any) -> None:
        """Count the way down: PyYAML's C code crashes where Python would raise."""
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise SyntaxProblem("the YAML is nested too deeply")

    def ascend_resolver(self) -> None:
        """Count the way up."""
        self.depth -= 1


_REPLACED = {f"tag:yaml.org,2002:{name}" for name in (*_OWN, "timestamp")}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _name, (_pattern, _first) in _OWN.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_pattern.pattern})$"), list(_first)
    )


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper that quotes text which is text to one version of YAML only."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Write everything where it stands."""
        return True


for _name, (_pattern, _first) in _OWN.items():
    _Dumper.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_pattern.pattern})$"), list(_first)
    )


def write_yaml(value: Any) -> str:
    """Write plain data as YAML that every reader of bundles takes for the same."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def read_yaml(text: str) -> Document:
    """Read a YAML document.

    Raises:
        SyntaxProblem: it is no YAML; the message has the line and the column.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(None)
        if _size(node, {}, set()) > _MOST_NODES:
            raise SyntaxProblem("the aliases of the YAML unfold to too much")
        repeated = tuple(_tidied(node, (), set()))
        return Document(loader.construct_document(node), repeated)
    except yaml.MarkedYAMLError as error:
        raise _explained(error, text) from None
    except yaml.YAMLError as error:
        raise SyntaxProblem(f"not YAML: {' '.join(str(error).split())}") from None
    except ValueError as error:
        raise SyntaxProblem(f"not YAML: {error}") from None
    finally:
        loader.dispose()


def _inner(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _size(node: yaml.Node, known: dict[int, int], above: set[int]) -> int:
    """Count the values of a document with its aliases unfolded."""
    if id(node) in above:
        raise SyntaxProblem("an alias of the YAML contains itself")
    if id(node) not in known:
        above.add(id(node))
        known[id(node)] = 1 + sum(_size(inner, known, above) for inner in _inner(node))
        above.discard(id(node))
    return known[id(node)]


def _tidied(node: yaml.Node, loc: Loc, seen: set[int]) -> Iterator[Finding]:
    """Make every name text, and yield a warning for each that an object has more than once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for position, inner in enumerate(node.value):
            yield from _tidied(inner, (*loc, position), seen)
    elif isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, inner in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.tag != _MERGE:
                key.tag = _TEXT
                if key.value in names:
                    yield repetition(loc, key.value)
                names.add(key.value)
            yield from _tidied(inner, (*loc, key.value), seen)


def _explained(error: yaml.MarkedYAMLError, text: str) -> SyntaxProblem:
    problem = str(error.problem or error.context or "cannot be read")
    mark: Any = error.problem_mark or error.context_mark
    if mark is None:
        return SyntaxProblem(f"not YAML: {problem}")
    lines = text.split("\n")
    if lines[mark.line : mark.line + 1] and lines[mark.line][mark.column :].startswith("\t"):
        problem = "tabs are not allowed as indentation in YAML"
    return SyntaxProblem(f"not YAML: {problem} (line {mark.line + 1}, column {mark.column + 1})")
