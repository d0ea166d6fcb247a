"""A job written anew: as the Jobs API takes it, or as a bundle."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from nbkit.graph.fields import Part
from nbkit.graph.yaml_text import write_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.graph.model import Job

_ONLY_IN_BUNDLES = ("permissions", "lifecycle")
_NEVER_IN_BUNDLES = ("deployment", "edit_mode", "environment_variables", "format")
_SIBLING = re.compile(r"[^:]+\.(?:ya?ml|json):([\w-]+)(?: --.*)?", re.DOTALL)


def as_settings(job: Job) -> dict[str, Any]:
    """Return a job as `jobs/create` takes it: known fields that say something, types right."""
    return {name: value for name, value in _plain(job).items() if name not in _ONLY_IN_BUNDLES}


def as_bundle(job: Job, key: str, paths: Mapping[str, str]) -> dict[str, Any]:
    """Return a bundle that has only this job.

    Args:
        job: what to write.
        key: the job's own in the bundle.
        paths: of notebooks, as the job has them → with the suffix that bundles insist on.
    """
    settings = _plain(job)
    for name in _NEVER_IN_BUNDLES:
        settings.pop(name, None)
    return {"resources": {"jobs": {_name(key): _linked(settings, paths)}}}


def as_json(settings: dict[str, Any]) -> str:
    """Write a document as JSON."""
    return f"{json.dumps(settings, indent=2, ensure_ascii=False)}\n"


def as_yaml(settings: dict[str, Any]) -> str:
    """Write a document as YAML."""
    return write_yaml(settings)


def _plain(value: Any) -> Any:
    """Return plain data of what was given, without what is empty or unknown."""
    if isinstance(value, Part):
        fields = type(value).model_fields
        given = {
            field.alias or name: _plain(getattr(value, name))
            for name, field in fields.items()
            if name in value.model_fields_set
        }
        given |= (value.model_extra or {}) if type(value) is Part else {}
        return {name: inner for name, inner in given.items() if inner not in (None, [], {})}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def _linked(value: Any, paths: Mapping[str, str], field: str = "") -> Any:
    """Write what was resolved for this machine as bundles refer to it."""
    if isinstance(value, dict):
        return {name: _linked(inner, paths, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_linked(inner, paths) for inner in value]
    if field == "notebook_path":
        return paths.get(value, value)
    sibling = _SIBLING.fullmatch(value) if isinstance(value, str) else None
    if sibling and field in ("job_id", "pipeline_id"):
        return f"${{resources.{'jobs' if field == 'job_id' else 'pipelines'}.{sibling[1]}.id}}"
    return value


def _name(key: str) -> str:
    return re.sub(r"[^\w-]+", "_", key).strip("_") or "job"
