"""A bundle becomes one document: its main file, what that includes, and a target on top."""

from __future__ import annotations

import posixpath
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

from nbkit.graph.findings import Finding
from nbkit.graph.merge import merged
from nbkit.graph.rebase import rebased
from nbkit.near import hint, meant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MARKS = ("resources", "bundle", "targets", "include", "variables")
"""Fields that only a bundle has, or a fragment of one."""

_FIELDS = (
    *MARKS,
    "artifacts",
    "environments",
    "experimental",
    "permissions",
    "presets",
    "python",
    "run_as",
    "scripts",
    "sync",
    "workspace",
)
_OF_TARGETS_ONLY = ("default", "mode", "variables")
_DEFINITION = {"default", "lookup", "type", "description"}
_FREE = ("x-", "$schema")
_LONGEST = 4
_CONCURRENT_IN_DEVELOPMENT = 4


class Bundle(NamedTuple):
    """A bundle in one piece.

    Attributes:
        document: everything merged; `variables` are definitions, never mere values.
        target: the name of the target in it; None if there is none.
        targets: the names of all targets.
        elsewhere: keys of jobs that only other targets have → the names of those.
        problems: what is wrong with it on the whole.
    """

    document: dict[str, Any]
    target: str | None = None
    targets: tuple[str, ...] = ()
    elsewhere: Mapping[str, list[str]] = {}
    problems: tuple[Finding, ...] = ()


def is_bundle(document: object) -> bool:
    """Say whether a document is a bundle, or a fragment of one, rather than a job."""
    return (
        isinstance(document, dict)
        and "tasks" not in document
        and any(mark in document for mark in MARKS)
    )


def included(document: object) -> tuple[str, ...]:
    """Return the patterns of the files that a bundle includes."""
    patterns = document.get("include") if isinstance(document, dict) else None
    if not is_bundle(document) or not isinstance(patterns, list):
        return ()
    return tuple(pattern for pattern in patterns if isinstance(pattern, str))


def assemble(main: dict[str, Any], files: Mapping[str, Any], wanted: str | None) -> Bundle:
    """Put a bundle together.

    Args:
        main: the document of its main file.
        files: the documents of the included ones by their names, relative to the main one.
        wanted: the target that a person names.
    """
    pieces = [
        rebased(piece, posixpath.dirname(name))
        for name, piece in files.items()
        if isinstance(piece, dict)
    ]
    whole = reduce(merged, pieces, main)
    targets = _objects(whole.get("targets") or whole.get("environments"))
    chosen = _target(targets, wanted)
    problems = (*_unknown_fields(main), *_not_there(targets, wanted, chosen))
    top = targets.get(chosen, {}) if chosen is not None else {}
    variables = _variables(whole.get("variables"), top.get("variables"))
    over = {name: value for name, value in top.items() if name not in _OF_TARGETS_ONLY}
    document = merged(whole, over) | {"variables": variables}
    document["bundle"] = {
        "target": chosen or "default",
        "environment": chosen or "default",
        **({"mode": top["mode"]} if "mode" in top else {}),
        **_object(document.get("bundle")),
    }
    if top.get("mode") == "development":
        document["resources"] = _in_development(_object(document.get("resources")))
    elsewhere: dict[str, list[str]] = {}
    for name, target in targets.items():
        for key in _object(_object(target.get("resources")).get("jobs")):
            elsewhere.setdefault(key, []).append(name)
    return Bundle(document, chosen, tuple(targets), elsewhere, problems)


def _target(targets: Mapping[str, Any], wanted: str | None) -> str | None:
    if wanted is not None:
        return wanted if wanted in targets else None
    if len(targets) == 1:
        return next(iter(targets))
    defaults = [name for name, target in targets.items() if target.get("default") is True]
    return defaults[0] if defaults else None


def _not_there(
    targets: Mapping[str, Any], wanted: str | None, chosen: str | None
) -> Iterator[Finding]:
    if wanted is not None and wanted not in targets:
        yield Finding(("targets",), f"there is no target {wanted}{hint(wanted, targets)}")
    elif chosen is None and targets:
        names = ", ".join(targets)
        message = f"none of {names} is the default, so none is used; say which with --target"
        yield Finding(("targets",), message, "warning")


def _unknown_fields(main: dict[str, Any]) -> Iterator[Finding]:
    for name in main:
        if name not in _FIELDS and not name.startswith(_FREE):
            near = meant(name, _FIELDS) if len(name) >= _LONGEST else ""
            yield Finding((name,), f"bundles have no field {name} here{near}", "warning")


def _variables(declared: object, overridden: object) -> dict[str, dict[str, Any]]:
    variables = {name: dict(_object(given)) for name, given in _object(declared).items()}
    for name, given in _object(overridden).items():
        full = isinstance(given, dict) and given.keys() <= _DEFINITION
        upper = given if full and ("default" in given or "lookup" in given) else {"default": given}
        lower = variables.get(name, {})
        kept = {field: value for field, value in lower.items() if field in ("type", "description")}
        variables[name] = kept | upper
    return variables


def _in_development(resources: dict[str, Any]) -> dict[str, Any]:
    """Return resources as development targets have them: nothing starts by itself."""
    jobs = {key: _developed(job) for key, job in _object(resources.get("jobs")).items()}
    return resources | {"jobs": jobs} if jobs else resources


def _developed(job: Any) -> Any:
    if not isinstance(job, dict):
        return job
    paused = {
        start: job[start] | {"pause_status": "PAUSED"}
        for start in ("schedule", "trigger", "continuous")
        if isinstance(job.get(start), dict)
    }
    several = job.get("max_concurrent_runs", 1) in (0, 1)
    concurrent = {"max_concurrent_runs": _CONCURRENT_IN_DEVELOPMENT} if several else {}
    return job | paused | concurrent


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> dict[str, dict[str, Any]]:
    return {name: _object(inner) for name, inner in _object(value).items()}
