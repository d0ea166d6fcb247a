"""The outputs that the guide's notebooks are saved with: `make guide` runs them and writes these.

What is different in every run (times, numbers of runs, names of widgets) is left as it was saved:
only what has changed is written, and the test can hold a run against them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbformat import NotebookNode

FOLDER = Path(__file__).parents[2] / "notebooks" / "guide"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
USER = {"LOGNAME": "ada", "PYTEST_ADDOPTS": ""}
"""Who runs them: one notebook says who it is, and one runs pytest with nobody's own options."""
_AFTER = {"dashboard": "jobs"}
"""They run the same job, and each looks at its latest run."""
_EVERY_TIME = tuple(
    (re.compile(pattern), mask)
    for pattern, mask in (
        (r"(?<!\d)\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?", "TIME"),
        (r"(?<!\d)1[6-9]\d{11}\b", "TIME"),
        (r"(?<!\d)\d+:\d\d:\d\d\b", "DURATION"),
        (r"\b(\d+ (h|min) )?\d+(\.\d+)? (ms|s|min|h)\b", "DURATION"),
        (r"\b\d+(\.\d+)?s\b( \(\d+:\d\d:\d\d\))?", "DURATION"),
        (r"(text-align:right'>)\d+\.\d(?=</td>)", r"\1SECONDS"),
        (r"\b([Rr]uns?[ /]|data-run=\W)\d+", r"\1N"),
        (r"\b[0-9a-f]{32}\b|\bnbkit-[0-9a-f-]{20,}", "ID"),
        (r"\{(&quot;|\\\\?\")id\1: [^{}]*\}", "EXAMPLE"),
        (r"EXAMPLE((\\n|\s)*EXAMPLE)*", "EXAMPLES"),
        (r"\b\d+ failing rows?\b", "failing rows"),
        (r"(?<=base64,)[\w+/=]+", "PICTURE"),
        (r" {2,}", "  "),
    )
)
_DRAWN = ("image/png", "image/svg+xml")
"""Kinds of pictures: what is in them depends on fonts, versions and times."""


def job(paths: Sequence[Path] = NOTEBOOKS) -> dict[str, Any]:
    """Return the job that runs notebooks of the guide, by default all."""
    names = [path.stem for path in paths]
    tasks = [
        {
            "task_key": name,
            "depends_on": [{"task_key": _AFTER[name]}] if _AFTER.get(name) in names else [],
            "run_if": "ALL_DONE",
            "notebook_task": {"notebook_path": f"{name}.ipynb"},
        }
        for name in names
    ]
    return {"name": "guide", "tasks": tasks}


def outputs_of(path: Path) -> dict[str, tuple[int | None, list[NotebookNode]]]:
    """Return number and outputs of each cell of a notebook, by the cell's id."""
    notebook = nbformat.read(path, as_version=4)
    return {
        cell.id: (cell.execution_count, cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def without_what_changes(outputs: list[NotebookNode]) -> str:
    """Return outputs as a text that every run gives alike."""
    kept = []
    for output in outputs:
        data = output.get("data", {})
        pictures = {mime: "PICTURE" for mime in _DRAWN if mime in data}
        kept.append({**output, "data": {**data, **pictures}} if data else output)
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    for pattern, mask in _EVERY_TIME:
        text = pattern.sub(mask, text)
    return text


def save(path: Path, ran: Path) -> bool:
    """Write the outputs of a notebook that ran; return whether any has changed."""
    notebook = nbformat.read(path, as_version=4)
    found, changed = outputs_of(ran), False
    for cell in notebook.cells:
        number, outputs = found.get(cell.id, (None, []))
        if cell.cell_type != "code":
            continue
        if without_what_changes(outputs) != without_what_changes(cell.outputs):
            changed, cell.outputs = True, outputs
        changed |= number != cell.execution_count
        cell.execution_count = number
    if changed:
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return changed


def main() -> None:
    """Run the guide in a project of its own, and save what its notebooks show; or those named."""
    chosen = [path for path in NOTEBOOKS if path.stem in sys.argv[1:] or not sys.argv[1:]]
    with tempfile.TemporaryDirectory() as made:
        project = Path(made, "guide")
        shutil.copytree(FOLDER, project)
        (project / "nbkit.toml").touch()
        (project / "guide.json").write_text(json.dumps(job(chosen)), encoding="utf-8")
        program = Path(sys.executable).with_name("nbkit")
        command = [program, "run", "guide.json"]
        subprocess.run(command, cwd=project, env={**os.environ, **USER}, check=True)
        for path in chosen:
            if save(path, project / "runs" / "1" / path.stem / "0.ipynb"):
                print("saved", path.name)


if __name__ == "__main__":
    main()
