"""A project as tests may use it up: its files by links; its tables, DBFS and secrets made up."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

from nbkit.settings import FILE_NAME, FilesSettings, Settings, SparkSettings
from nbkit.spark.conf import is_local
from nbkit.spark.discovery import make_state_directory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NOT_LINKED = frozenset({".git", ".nbkit", ".venv", "runs"})
_SECRETS = "secrets.toml"


class Replica:
    """A folder that stands for a project's root.

    Args:
        project: root of the project.
        root: an empty folder.

    Attributes:
        settings: the project's, but for what would lead to its tables, files or cluster.
        env: environment variables that say the same to a kernel.
    """

    def __init__(self, project: Path, root: Path) -> None:
        self.root = root
        self._project = project
        given = Settings.of(project)
        made_up = SparkSettings.model_fields
        spark = {
            "master": given.spark.master if is_local(given.spark.master) else "local[*]",
            **{
                name: made_up[name].get_default()
                for name in ("remote", "warehouse", "metastore", "grace_seconds")
            },
        }
        self.settings = given.model_copy(
            update={
                "root": root,
                "spark": given.spark.model_copy(update=spark),
                "kernels": given.kernels.model_copy(update={"spare": 1}),
                "files": FilesSettings.model_construct(),
            }
        )
        self.env = {
            **{f"NBKIT_SPARK_{name.upper()}": str(value) for name, value in spark.items()},
            "NBKIT_FILES_DIRECTORY": self.settings.files.directory,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        make_state_directory(self.settings)
        self.link()

    def link(self) -> None:
        """Link what the project has and the replica has not."""
        for entry in self._project.iterdir():
            place = self.root / entry.name
            if entry.name not in _NOT_LINKED and not place.exists() and not place.is_symlink():
                place.symlink_to(entry.absolute())
        settings = self.root / FILE_NAME
        if not settings.exists():
            settings.touch()  # so that this is the root, whatever lies above it

    def keep_secrets(self, secrets: Mapping[str, Mapping[str, str]]) -> None:
        """Let notebooks find these secrets, by scope, then key, and no others."""
        lines: list[str] = []
        for scope, entries in secrets.items():
            lines.append(f"[{json.dumps(scope)}]")
            lines += [f"{json.dumps(key)} = {json.dumps(text)}" for key, text in entries.items()]
        file = self.settings.state_directory / _SECRETS
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write("\n".join(lines))

    def clear(self) -> None:
        """Remove what notebooks left in the root and on DBFS; tables are dropped elsewhere."""
        shutil.rmtree(self.settings.root / self.settings.files.directory, ignore_errors=True)
        (self.settings.state_directory / _SECRETS).unlink(missing_ok=True)
        for entry in self.root.iterdir():
            if entry.is_symlink() or entry.name in {".nbkit", FILE_NAME}:
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
