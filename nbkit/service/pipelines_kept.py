"""Pipelines that clients made: each a file of the project's own, and a bundle that jobs read."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nbkit.service.refusals import Refusal
from nbkit.tasks.places import find_file, find_notebook
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.settings import Settings

_ID = re.compile(r"[0-9a-f-]{36}")
_PIPELINE = "pipeline.json"
_BUNDLE = "databricks.yml"
_KEY = "pipeline"
_ONLY_ASKED = frozenset(
    {"allow_duplicate_names", "deployment", "dry_run", "expected_last_modified", "id", "run_as"}
)
"""Fields of requests that say nothing of what a pipeline does."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A pipeline.

    Attributes:
        pipeline_id: its own.
        spec: as a client gave it.
        run_name: under which its updates are found among the runs, for good.
        creator: who made it.
        created_at, updated_at: in epoch milliseconds.
    """

    pipeline_id: str
    spec: dict[str, Any]
    run_name: str
    creator: str
    created_at: int
    updated_at: int

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.spec.get("name") or self.pipeline_id)


def all_kept(settings: Settings) -> list[Kept]:
    """Return all pipelines, the oldest first."""
    files = sorted(_folder(settings).glob(f"*/{_PIPELINE}"))
    found = [Kept(**json.loads(file.read_text("utf-8"))) for file in files]
    return sorted(found, key=lambda each: (each.created_at, each.pipeline_id))


def get(settings: Settings, pipeline_id: str) -> Kept:
    """Return one.

    Raises:
        Refusal: there is none of this id.
    """
    file = _folder(settings) / pipeline_id / _PIPELINE
    if not _ID.fullmatch(pipeline_id) or not file.is_file():
        message = f"The specified pipeline {pipeline_id} was not found."
        raise Refusal("RESOURCE_DOES_NOT_EXIST", message)
    return Kept(**json.loads(file.read_text("utf-8")))


def put(settings: Settings, kept: Kept) -> None:
    """Keep a pipeline, new or changed."""
    from nbkit.spark.discovery import make_state_directory

    make_state_directory(settings)
    file = _folder(settings) / kept.pipeline_id / _PIPELINE
    write_atomically(file, json.dumps(asdict(kept), ensure_ascii=False).encode())


def remove(settings: Settings, pipeline_id: str) -> None:
    """Forget a pipeline; its tables and its updates stay."""
    import shutil

    get(settings, pipeline_id)
    shutil.rmtree(_folder(settings) / pipeline_id)


def address_of(settings: Settings, kept: Kept) -> str:
    """Return what a `pipeline_task` names it by; its sources are looked for anew.

    Raises:
        Refusal: a source is not there.
    """
    bundle = {"resources": {"pipelines": {_KEY: _placed(kept.spec, settings.root)}}}
    file = _folder(settings) / kept.pipeline_id / _BUNDLE
    document = {"bundle": {"name": kept.name}, **bundle}
    write_atomically(file, json.dumps(document, ensure_ascii=False).encode())
    return f"{file}:{_KEY}"


def now() -> int:
    """Return the time in epoch milliseconds."""
    return int(time.time() * 1000)


def _folder(settings: Settings) -> Path:
    return settings.state_directory / "service" / "pipelines"


def _placed(spec: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """Return a spec whose sources are where they are on this machine."""
    made = {name: value for name, value in spec.items() if name not in _ONLY_ASKED}
    if "root_path" in made:
        made["root_path"] = _in_project(root, str(made["root_path"]))
    libraries = made.get("libraries")
    if isinstance(libraries, list):
        made["libraries"] = [_library(each, root) for each in libraries]
    return made


def _library(library: Any, root: Path) -> Any:
    if not isinstance(library, dict):
        return library
    for kind, find in (("notebook", find_notebook), ("file", find_file)):
        named = library.get(kind)
        if isinstance(named, dict) and isinstance(named.get("path"), str):
            found = find(root, named["path"])
            if found is None:
                message = f"The {kind} {named['path']} of the pipeline does not exist."
                raise Refusal("INVALID_PARAMETER_VALUE", message)
            return {kind: {**named, "path": str(found)}}
    named = library.get("glob")
    if isinstance(named, dict) and isinstance(named.get("include"), str):
        return {"glob": {**named, "include": _in_project(root, named["include"])}}
    return library


def _in_project(root: Path, path: str) -> str:
    plain = path.removeprefix("/Workspace") if path.startswith("/Workspace/") else path
    return plain if plain.startswith(f"{root}/") else str(root / plain.lstrip("/"))
