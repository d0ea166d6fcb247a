"""`${var.x}`, `${bundle.target}`, `${resources.jobs.x.id}`: what bundles put into their text.

A reference that is the whole of a value keeps the type of what it stands for, be it a list of
tasks. What has no value stays as it is written, with a finding.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from nbkit.errors import DefinitionError, Problem
from nbkit.graph.address import Address
from nbkit.graph.fields import json_spelling
from nbkit.graph.findings import Finding, Loc, shown
from nbkit.near import hint, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbkit.graph.choice import Choice

_REFERENCE = re.compile(r"\$\{([a-zA-Z][\w-]*(?:\.[\w-]+|\[[0-9]+\])*)\}", re.ASCII)
_STEP = re.compile(r"[\w-]+", re.ASCII)
_NAMESPACES = ("var", "variables", "bundle", "workspace", "resources", "artifacts")
_WITH_ADDRESS = ("jobs", "pipelines")
_LONGEST = 1_000_000


_OF_WORKSPACES = {
    *("existing_cluster_id", "new_cluster", "job_clusters", "warehouse_id", "git_source"),
    *("run_as", "permissions", "environments", "libraries"),
}
"""Fields whose values are a workspace's own, so that none here need not keep a job from running."""


class _NoValueError(Exception):
    """A reference has no value; the message says why."""


class _NoWorkspaceError(_NoValueError):
    """Only a workspace knows the value."""


def interpolated(
    settings: Any, document: Mapping[str, Any], source: str, choice: Choice
) -> tuple[Any, list[Finding]]:
    """Return the settings of a job with their references replaced, and those without a value.

    Args:
        settings: of the job, as they stand in the document.
        document: the whole bundle, or the job itself.
        source: the name of the document's file, for references to its other jobs.
        choice: a person's variables and what the surroundings know.
    """
    interpolation = _Interpolation(document, source, choice)
    value = interpolation.replaced(settings, ())
    return value, interpolation.found


def once(found: list[Finding]) -> list[Finding]:
    """Return findings with each message at the first of its places only."""
    places: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        places.setdefault((finding.message, finding.severity), []).append(finding)
    return [
        first._replace(message=f"{message} (in {len(same) + 1} places)") if same else first
        for (message, _), (first, *same) in places.items()
    ]


class _Interpolation:
    def __init__(self, document: Mapping[str, Any], source: str, choice: Choice) -> None:
        self._document = document
        self._source = source
        self._choice = choice
        self._known: dict[str, Any] = {}
        self._resolving: list[str] = []
        self.found: list[Finding] = []
        self._variables = _variables_of(document)
        self._environment = heard(document, choice)
        self._overrides = _overrides(document, choice)

    def replaced(self, value: Any, loc: Loc) -> Any:
        """Return a value of the job with every reference in it replaced."""

        def missing(reference: str, error: _NoValueError) -> None:
            harmless = isinstance(error, _NoWorkspaceError) and not _OF_WORKSPACES.isdisjoint(loc)
            severity = "warning" if harmless else self._choice.undeclared
            self.found.append(Finding(loc, f"${{{reference}}} {error}", severity))

        if isinstance(value, dict):
            return {name: self.replaced(inner, (*loc, name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.replaced(inner, (*loc, place)) for place, inner in enumerate(value)]
        return self._text(value, missing) if isinstance(value, str) else value

    def _text(self, text: str, missing: Callable[[str, _NoValueError], None]) -> Any:
        def value_of(reference: re.Match[str]) -> Any:
            try:
                return self._value(reference[1])
            except _NoValueError as error:
                missing(reference[1], error)
                return reference[0]

        def text_of(reference: re.Match[str]) -> str:
            value = json_spelling(value_of(reference))
            if isinstance(value, dict | list):
                why = f"is {shown(value)}, which cannot stand within text"
                missing(reference[1], _NoValueError(why))
                return reference[0]
            return "" if value is None else str(value)

        if "${" not in text:
            return text
        whole = _REFERENCE.fullmatch(text)
        if whole:
            return value_of(whole)
        return _REFERENCE.sub(text_of, text)

    def _nested(self, value: Any) -> Any:
        """Replace references in what a reference stands for; all of it must have values."""

        def missing(reference: str, error: _NoValueError) -> None:
            raise type(error)(f"needs ${{{reference}}}, which {error}")

        if isinstance(value, dict):
            return {name: self._nested(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._nested(inner) for inner in value]
        if not isinstance(value, str):
            return value
        made = self._text(value, missing)
        if isinstance(made, str) and len(made) > _LONGEST:
            raise _NoValueError("unfolds to too much text")
        return made

    def _value(self, reference: str) -> Any:
        if reference in self._known:
            return self._known[reference]
        if reference in self._resolving:
            way = " → ".join((*self._resolving[self._resolving.index(reference) :], reference))
            raise _NoValueError(f"refers to itself: {way}")
        self._resolving.append(reference)
        try:
            self._known[reference] = self._looked_up(reference)
        finally:
            self._resolving.pop()
        return self._known[reference]

    def _looked_up(self, reference: str) -> Any:
        namespace, *way = _STEP.findall(reference)
        if namespace not in _NAMESPACES:
            near = nearest(namespace, _NAMESPACES)
            if near is None:  # a variable of some shell, none of ours
                return f"${{{reference}}}"
            raise _NoValueError(f"is no reference that bundles know; nearest: {near}")
        if reference in self._choice.facts:
            return self._choice.facts[reference]
        if namespace == "var":
            value = self._variable(way[0] if way else "")
            way = way[1:]
        elif namespace == "resources" and way[2:] == ["id"] and self._resource(*way[:2]):
            return self._id(*way[:2])
        else:
            value = self._document.get(namespace)
        for step in way:
            value = self._deeper(value, step)
        return self._nested(value)

    def _deeper(self, value: Any, step: str) -> Any:
        value = self._nested(value) if isinstance(value, str) else value
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            return value[int(step)]
        known = value if isinstance(value, dict) else {}
        if step not in known:
            raise _NoValueError(f"is declared nowhere here{hint(step, known)}")
        return known[step]

    def _variable(self, name: str) -> Any:
        declared = self._variables.get(name)
        for given in (self._choice.variables, self._environment):
            if name in given:
                return self._given(name, given[name], declared)
        if name in self._overrides:
            return self._nested(self._overrides[name])
        if not isinstance(declared, dict):
            if name in self._variables:  # `x:` with nothing behind it
                declared = {}
            else:
                raise _NoValueError(f"is declared nowhere here{hint(name, self._variables)}")
        if "default" in declared:
            return self._nested(declared["default"])
        how = f"give it one with --var {name}=… or BUNDLE_VAR_{name}"
        if "lookup" in declared:
            message = f"is looked up in a workspace, and there is none here; {how}"
            raise _NoWorkspaceError(message)
        raise _NoValueError(f"has no value; {how}")

    @staticmethod
    def _given(name: str, text: str, declared: object) -> Any:
        if not isinstance(declared, dict) or declared.get("type") != "complex":
            return text
        try:
            return json.loads(text)
        except ValueError:
            message = f"is complex, so its value must be JSON, not {shown(text)}; see --var {name}"
            raise _NoValueError(message) from None

    def _resource(self, kind: str, key: str) -> bool:
        resources = self._document.get("resources")
        of_kind = resources.get(kind) if isinstance(resources, dict) else None
        return isinstance(of_kind, dict) and key in of_kind

    def _id(self, kind: str, key: str) -> str:
        """Return what stands for the number that Databricks would give to a resource."""
        if kind not in _WITH_ADDRESS:
            return key
        choice = self._choice
        return str(Address(f"{self._source}:{key}", choice.target, choice.variables))


def heard(document: object, choice: Choice) -> dict[str, str]:
    """Return the variables of the environment that count: a whole bundle hears only its own."""
    known = _variables_of(document)
    return {
        name: value
        for name, value in choice.environment.items()
        if name in known or not is_whole(document)
    }


def _overrides(document: Mapping[str, Any], choice: Choice) -> dict[str, Any]:
    """Return the values in the overrides file of the bundle's target.

    As in the Databricks CLI, names in it that the bundle does not declare are passed over.
    """
    bundle = document.get("bundle")
    target = bundle.get("target") if isinstance(bundle, dict) else None
    text = choice.overrides.get(target, "") if isinstance(target, str) else ""
    try:
        values = json.loads(text or "{}")
    except ValueError as error:
        values = error
    if isinstance(values, dict):
        known = _variables_of(document)
        return {n: value for n, value in values.items() if n in known or not is_whole(document)}
    place = f".databricks/bundle/{target}/variable-overrides.json"
    why = f"is no JSON: {values}" if isinstance(values, ValueError) else "must be an object"
    raise DefinitionError((Problem("", f"{place} {why}"),))


def misnamed(document: object, choice: Choice, text: str) -> list[Finding]:
    """Return what is wrong with the names of the variables that a person gives.

    A whole bundle declares them; what is less than that at least has to mention them.

    Args:
        document: the whole bundle, or the job itself.
        choice: with the variables.
        text: of the definition's file.
    """
    known = _variables_of(document)
    every = "".join((text, *choice.files.values()))
    return [
        Finding(("variables",), f"there is no variable {name} here{hint(name, known)}")
        for name in choice.variables
        if name not in known and (is_whole(document) or f"var.{name}" not in every)
    ]


def _variables_of(document: object) -> dict[str, Any]:
    declared = document.get("variables") if isinstance(document, dict) else None
    return declared if isinstance(declared, dict) else {}


def is_whole(document: object) -> bool:
    """Say whether a document is a bundle, and no fragment whose variables are elsewhere."""
    bundle = document.get("bundle") if isinstance(document, dict) else None
    return isinstance(bundle, dict) and "name" in bundle
