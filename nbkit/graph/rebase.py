"""Paths in an included file start at that file; here they come to start at the bundle's."""

from __future__ import annotations

import posixpath
import re
from typing import Any

_ALWAYS = {"notebook_path", "python_file", "project_directory", "profiles_directory"}
_INSIDE = {("file", "path"), ("notebook", "path"), ("glob", "include")}
_IF_DOTTED = {"whl", "jar", "requirements", "dependencies"}
_ELSEWHERE = re.compile(r"/|[\w+.-]+:|\$\{|\{\{|~")


def rebased(value: Any, folder: str, field: str = "", holder: str = "") -> Any:
    """Return a piece of a bundle with its relative paths as seen from the bundle's folder.

    Args:
        value: the piece.
        folder: of the file that it stands in, relative to the bundle's.
        field: the name that the piece has.
        holder: the name of the object around it.
    """
    if not folder:
        return value
    if isinstance(value, dict):
        in_git = value.get("source") == "GIT"
        return {
            name: inner
            if in_git and isinstance(inner, str)
            else rebased(inner, folder, name, holder=field)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [rebased(inner, folder, field, holder) for inner in value]
    if isinstance(value, str) and _is_path(value, field, holder):
        return posixpath.normpath(posixpath.join(folder, value))
    return value


def _is_path(text: str, field: str, holder: str) -> bool:
    if not text or _ELSEWHERE.match(text):
        return False
    if field in _IF_DOTTED:
        return text.startswith(("./", "../"))
    if field == "root_path":  # a pipeline's; the workspace has one too, that is none of ours
        return holder != "workspace"
    return field in _ALWAYS or (holder, field) in _INSIDE
