"""Files of runs that pages link to."""

from __future__ import annotations

import mimetypes
import re
from typing import TYPE_CHECKING

from nbkit import api
from nbkit.service.below import below
from nbkit.service.refusals import Refusal

if TYPE_CHECKING:
    from nbkit.service.project import Project

_REPORT = re.compile(r"(\d+)/report\.html")


def file_of(project: Project, path: str) -> tuple[bytes, str, bool]:
    """Return a file of a run: its bytes, its type, and whether its scripts are ours.

    Args:
        project: that is served.
        path: from the project's folder.

    Raises:
        Refusal: it is not there, or is no file of a run.
    """
    place = below(project.settings.root, path)
    runs = project.settings.runs_directory
    if not place.resolve().is_relative_to(runs.resolve()):
        raise Refusal("PERMISSION_DENIED", f"{path} is no file of a run.")
    named = place.relative_to(runs).as_posix() if place.is_relative_to(runs) else ""
    if report := _REPORT.fullmatch(named):
        place = api.review(int(report[1]), settings=project.settings)
    if not place.is_file():
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"{path} does not exist.")
    if place.suffix == ".ipynb":
        return _notebook(place.read_text("utf-8"), place.name), "text/html; charset=utf-8", False
    kind = mimetypes.guess_type(place.name)[0] or "application/octet-stream"
    ours = place.name == "report.html" or place.name.startswith("diff-")
    return place.read_bytes(), kind, ours


def _notebook(text: str, name: str) -> bytes:
    import nbformat

    from nbkit.report.notebook_page import render_notebook

    page = render_notebook(nbformat.reads(text, 4), title=name, source=name)
    return page.encode("utf-8", "replace")
