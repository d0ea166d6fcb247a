"""`dbutils.notebook.run`: another notebook as a run of its own, with its exit value."""

from __future__ import annotations

import typing
from pathlib import Path

from nbkit import serving as attempt
from nbkit.readable import readable
from nbkit.toolkit import secret_store
from nbkit.toolkit.calls import NotebookRunError, calls
from nbkit.toolkit.say import say

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

_ENDS = {"FAILED": "failed", "CANCELED": "was cancelled"}


def run(path: str, timeout_seconds: int = 0, arguments: Mapping[str, str] | None = None) -> str:
    """Run a notebook, wait for its end and return its exit value; empty if it gave none.

    Args:
        path: relative to this notebook, with or without its suffix.
        timeout_seconds: longest it may take; 0 for no limit.
        arguments: its parameters and widgets, as text.

    Raises:
        NotebookRunError: it failed, took too long or does not exist; its error is named.
    """
    given = _as_text(arguments or {})
    call = calls.begin(
        {
            "notebook": path,
            "directory": _folder(),
            "timeout": int(timeout_seconds),
            "arguments": {name: text for name, (text, _) in given.items()},
            "secrets": {name: places for name, (_, places) in given.items() if places},
        }
    )
    try:
        run_id = call.begun.result()
        say({"kind": "child_run", "id": str(run_id), "run_id": run_id, "notebook": path})
        print(f"Notebook run {run_id}: {path}\n", end="")  # in one piece: threads print too
        end = call.ended.result()
    except NotebookRunError as error:
        raise NotebookRunError(str(error)) from None
    except BaseException:  # somebody interrupts this notebook: the other one has no reader
        call.cancel()
        raise
    if end["result"] == "SUCCESS":
        return end["value"] or ""
    raise NotebookRunError(_what_happened(path, int(timeout_seconds), end))


def _folder() -> str:
    context = attempt.current()
    return context["directory"] if context else str(Path.cwd())


def _as_text(arguments: Mapping[str, str]) -> dict[str, tuple[str, list[tuple[int, int]]]]:
    for name, value in arguments.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(
                f"the arguments of a notebook are texts; {name!r} is {value!r}: use str() or "
                "json.dumps()"
            )
    # What a run is given is on its record, where no secret may be.
    return {
        readable(name): secret_store.as_reference(readable(value))
        for name, value in arguments.items()
    }


def _what_happened(path: str, limit: int, end: dict[str, typing.Any]) -> str:
    result = end["result"]
    said = f"took longer than {limit} s" if result == "TIMEDOUT" else _ENDS.get(result, result)
    why = f": {end['message']}" if result == "FAILED" and end["message"] else ""
    where = f"run {end['run_id']}, {end['output_notebook']}" if end["output_notebook"] else ""
    known_as = f"com.databricks.WorkflowException: NotebookExecutionException: {result}"
    return f"{path} {said}{why} [{where or end['run_id']}] ({known_as})"
