"""The files that install nbkit agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _locked() -> dict[str, set[str]]:
    """Return the hashes of each package in the lock file."""
    packages: dict[str, set[str]] = {}
    name = ""
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if found := re.match(r"([a-z0-9-]+)==", line):
            name = found[1]
            packages.setdefault(name, set())
        elif found := re.search(r"--hash=(\S+)", line):
            packages[name].add(found[1])
    return packages


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9-]+", requirement)
    assert found
    return found[0].lower()


def test_conda_environment_has_the_same_packages() -> None:
    """environment.yml asks for what pyproject.toml asks for, to the letter; Java is among it."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == [*PROJECT["project"]["dependencies"], "--editable ."]


def test_every_requirement_is_locked_with_hashes() -> None:
    """The lock covers run-time and developer requirements, each with hashes."""
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    locked = _locked()
    assert {_name(requirement) for requirement in wanted} <= set(locked)
    assert all(locked.values())


def test_lock_names_no_index() -> None:
    """No address of a package index is written down: the person's own configuration decides."""
    for file in ("requirements.lock", "requirements.uv.lock", "environment.yml"):
        assert "://" not in (ROOT / file).read_text()
