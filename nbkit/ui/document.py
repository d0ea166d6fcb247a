"""A job's file opened as a document of JupyterLab: its dashboard, or what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbkit.app.loading import load
from nbkit.bundle_files import keys_in
from nbkit.errors import DefinitionError, NbkitError
from nbkit.settings import Settings
from nbkit.ui.widget import MIME, JobWidget


class JobDocument:
    """What a kernel shows in place of a job's file, however many tabs show it."""

    def __init__(self) -> None:
        self._shown: dict[str | None, tuple[dict[str, Any], JobWidget]] = {}

    def open(self, path: str, job_key: str | None = None) -> None:
        """Show the file's job; of several jobs their keys, of an invalid one its problems.

        Args:
            path: the file.
            job_key: which job of a bundle.
        """
        from IPython.display import display

        found = self._found(path, job_key)
        display({MIME: found, "text/plain": str(found)}, raw=True)

    def close(self) -> None:
        """Stop following the runs; they go on."""
        for _, widget in self._shown.values():
            widget.close()
        self._shown.clear()

    def _found(self, path: str, job_key: str | None) -> dict[str, Any]:
        try:
            keys = () if job_key else keys_in(Path(path))
            if len(keys) > 1:
                return {"job_keys": list(keys)}
            return {"model_id": self._widget(path, job_key).model_id}
        except DefinitionError as error:
            return {"problems": [[each.severity, str(each)] for each in error.problems]}
        except NbkitError as error:
            return {"problems": [["error", str(error)]]}

    def _widget(self, path: str, job_key: str | None) -> JobWidget:
        """Return the job's widget: as long as the job is the same, so is the widget."""
        definition = load(f"{path}:{job_key}" if job_key else path)
        before = self._shown.get(job_key)
        if before and before[0] == definition.parsed.document:
            return before[1]
        if before:
            before[1].close()
        made = JobWidget(definition, Settings.of(definition.path.parent))
        self._shown[job_key] = (definition.parsed.document, made)
        return made


document = JobDocument()
"""That of this kernel."""
