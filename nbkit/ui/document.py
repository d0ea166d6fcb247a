"""A job's file opened as a document of JupyterLab: its dashboard, or what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbkit.app.bundle import choose, read_text
from nbkit.app.definition import load
from nbkit.errors import DefinitionError, NbkitError
from nbkit.graph.load import job_keys
from nbkit.settings import Settings
from nbkit.ui.widget import MIME, JobWidget


class JobDocument:
    """What a kernel shows in place of a job's file; one widget at a time."""

    def __init__(self) -> None:
        self._widget: JobWidget | None = None

    def open(self, path: str, job_key: str | None = None) -> None:
        """Show the file's job; of several jobs their keys, of an invalid one its problems.

        Args:
            path: the file.
            job_key: which job of a bundle.
        """
        from IPython.display import display

        if self._widget is not None:
            self._widget.close()
            self._widget = None
        shown = self._shown(path, job_key)
        display({MIME: shown, "text/plain": str(shown)}, raw=True)

    def _shown(self, path: str, job_key: str | None) -> dict[str, Any]:
        try:
            keys = () if job_key else _job_keys(Path(path))
            if len(keys) > 1:
                return {"job_keys": list(keys)}
            self._widget = JobWidget(load(f"{path}:{job_key}" if job_key else path), Settings.of())
        except DefinitionError as error:
            return {"problems": [[each.severity, str(each)] for each in error.problems]}
        except NbkitError as error:
            return {"problems": [["error", str(error)]]}
        return {"model_id": self._widget.model_id}


def _job_keys(path: Path) -> tuple[str, ...]:
    text = read_text(path)
    choice = choose(path, text, target=None, variables={}, undeclared="warning")
    return job_keys(text, source=path.name, choice=choice)


document = JobDocument()
"""That of this kernel."""
