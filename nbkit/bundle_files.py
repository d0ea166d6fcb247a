"""What a bundle needs from around it: included files, variables of the environment, facts."""

from __future__ import annotations

import getpass
import os
import subprocess
from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Problem
from nbkit.graph.choice import Choice
from nbkit.graph.load import includes, is_fragment, resource_keys
from nbkit.on_disk import is_file, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from nbkit.errors import Severity
    from nbkit.graph.load import Resource

_VARIABLE = "BUNDLE_VAR_"
_FOLDERS = ("root_path", "file_path", "artifact_path", "resource_path", "state_path")
_GIT = {
    "bundle.git.branch": ("rev-parse", "--abbrev-ref", "HEAD"),
    "bundle.git.commit": ("rev-parse", "HEAD"),
    "bundle.git.origin_url": ("remote", "get-url", "origin"),
}
_GLOB = frozenset("*?[")
_MAIN = ("databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml")
_OVERRIDES = ".databricks/bundle/*/variable-overrides.json"


def choose(
    path: Path,
    text: str,
    *,
    target: str | None,
    variables: Mapping[str, str],
    undeclared: Severity,
) -> Choice:
    """Return how to read a definition: a person's choice, and all that surrounds the file.

    Args:
        path: the definition's file.
        text: what is in it.
        target: of a bundle.
        variables: as given with `--var`.
        undeclared: how bad a `${…}` without a value is.

    Raises:
        DefinitionError: an included file is not there, or no text.
    """
    files = included_texts(path, text)
    mentioned = "".join((text, *files.values()))
    environment = {
        name.removeprefix(_VARIABLE): value
        for name, value in os.environ.items()
        if name.startswith(_VARIABLE) and f"var.{name.removeprefix(_VARIABLE)}" in mentioned
    }
    facts = _facts(path.parent, mentioned) if "${" in mentioned else {}
    return Choice(
        target,
        variables,
        environment,
        overrides=_overrides(path.parent) if "${" in mentioned else {},
        files=files,
        facts=facts,
        undeclared=undeclared,
    )


def whole_bundle(
    path: Path, key: str | None, resource: Resource = "jobs"
) -> tuple[Path, str | None]:
    """Return the main file of a bundle for a fragment that it includes, and the key in it.

    What is no fragment, or stands alone, is returned as it is.

    Args:
        path: the file.
        key: of what is meant in it; without one, the only one that the fragment has.
        resource: what is meant.

    Raises:
        DefinitionError: a file is neither JSON nor YAML, or what the main file includes is missing.
    """
    text = read_text(path)
    if not is_fragment(text, source=path.name):
        return path, key
    guesses = (folder / name for folder in path.parents for name in _MAIN)
    main = next((guess for guess in guesses if is_file(guess)), None)
    if main is None or not _includes(main, path):
        return path, key
    keys = resource_keys(text, resource, source=path.name)
    return main, key or (keys[0] if len(keys) == 1 else None)


def keys_in(
    path: Path, resource: Resource = "jobs", *, target: str | None = None
) -> tuple[str, ...]:
    """Return the keys of a bundle's jobs, or of its pipelines, those in included files too.

    What is no bundle has none.

    Args:
        path: the bundle's main file.
        resource: what the keys are of.
        target: of the bundle; by default its own.

    Raises:
        DefinitionError: a file is neither JSON nor YAML, or is not there.
    """
    text = read_text(path)
    choice = Choice(target, files=included_texts(path, text))
    return resource_keys(text, resource, source=path.name, choice=choice)


def _includes(main: Path, path: Path) -> bool:
    """Say whether a bundle's main file includes another one.

    Raises:
        DefinitionError: the main file is faulty; the problems say that it is that one.
    """
    try:
        return path in _included(main, read_text(main))
    except DefinitionError as error:
        found = (Problem(each.pointer, f"in {main}: {each.message}") for each in error.problems)
        raise DefinitionError(tuple(found), str(path)) from None


def included_texts(path: Path, text: str) -> dict[str, str]:
    """Return the texts of the files that a bundle includes, by name relative to its main file.

    Raises:
        DefinitionError: one is not there, or no text.
    """
    return {
        file.relative_to(path.parent).as_posix(): read_text(file) for file in _included(path, text)
    }


def _included(path: Path, text: str) -> Iterator[Path]:
    """Yield the files that a bundle includes, each once, in the order of its patterns."""
    found: dict[Path, None] = {}
    for number, pattern in enumerate(includes(text, source=path.name)):
        try:
            matches = sorted(file for file in path.parent.glob(pattern) if is_file(file))
        except (ValueError, NotImplementedError, OSError):  # an absolute path, or none at all
            matches = []
        if not matches and not _GLOB & set(pattern):
            problem = Problem(f"include[{number}]", f"there is no file {pattern} beside the bundle")
            raise DefinitionError((problem,), str(path))
        found |= dict.fromkeys(file for file in matches if file != path)
    yield from found


def _overrides(folder: Path) -> dict[str, str]:
    """Return the texts of the files with variables that the Databricks CLI keeps for targets."""
    return {file.parent.name: read_text(file) for file in folder.glob(_OVERRIDES)}


def _facts(folder: Path, text: str) -> dict[str, str]:
    """Return what a workspace would know, as far as there is something like it here."""
    user = _user()
    facts = dict.fromkeys((f"workspace.{name}" for name in _FOLDERS), str(folder))
    facts |= {
        "workspace.current_user.userName": user,
        "workspace.current_user.short_name": user,
    }
    for name, question in _GIT.items():
        if name in text:
            facts[name] = _git(folder, *question)
    return facts


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return str(os.getuid())


def _git(folder: Path, *question: str) -> str:
    """Return what git says; like Databricks, nothing where there is no repository."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *question], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
