"""`dbutils.notebook.entry_point…getContext()`: who runs this notebook, as people read it there.

On Databricks it is a Java object, undocumented and used everywhere: its answers are options
(`.get()`, `.getOrElse(…)`, `.isDefined()`) and its tags a map (`.get(…)`, `.apply(…)`).
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import typing
import zlib
from pathlib import Path

from nbkit import serving as attempt
from nbkit.near import hint

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NO_WORKSPACE = "there is no workspace, and so no address and no token of its API"


class Some(str):
    """An answer that is there: text by itself, and a Scala option."""

    __slots__ = ()

    def get(self) -> Some:
        """Return the value; of a run, `id()` is its number."""
        return self

    def getOrElse(self, default: object) -> Some:  # noqa: N802 - Scala's name
        """Return the value."""
        del default
        return self

    def isDefined(self) -> bool:  # noqa: N802
        """Say that there is a value."""
        return True

    nonEmpty = isDefined  # noqa: N815

    def isEmpty(self) -> bool:  # noqa: N802
        """Say that there is a value."""
        return False

    def id(self) -> int:
        """Return a run's number."""
        return int(self)

    def toString(self) -> str:  # noqa: N802
        """Return the text that Scala shows."""
        return f"Some({self})"


class Nothing:
    """An answer that is not there: false, and an empty Scala option.

    Args:
        why: what `get()` says, as a sentence.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def get(self) -> typing.NoReturn:
        """Raise: there is nothing to get."""
        raise LookupError(self._why)

    def getOrElse(self, default: typing.Any) -> typing.Any:  # noqa: N802
        """Return the default."""
        return default

    def isDefined(self) -> bool:  # noqa: N802
        """Say that there is no value."""
        return False

    nonEmpty = isDefined  # noqa: N815

    def isEmpty(self) -> bool:  # noqa: N802
        """Say that there is no value."""
        return True

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "None"

    toString = __repr__  # noqa: N815


Option = Some | Nothing


def option(values: Mapping[str, str], name: str) -> Option:
    """Return a value as an option; an empty one says what it would have been."""
    if name in values:
        return Some(values[name])
    return Nothing(f"the notebook's context has no {name} here: {_reason(name)}")


def _reason(name: str) -> str:
    if name.startswith("api"):
        return _NO_WORKSPACE
    return "no job runs the notebook" if attempt.current() is None else "it belongs to a workspace"


class Tags:
    """The context's tags, a Scala map."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> Option:
        """Return a tag as an option."""
        return option(self._values, name)

    def apply(self, name: str) -> str:
        """Return a tag."""
        return self.get(name).get()

    def getOrElse(self, name: str, default: typing.Any) -> typing.Any:  # noqa: N802
        """Return a tag, or the default."""
        return self._values.get(name, default)

    def contains(self, name: str) -> bool:
        """Say whether there is a tag."""
        return name in self._values

    def keySet(self) -> set[str]:  # noqa: N802
        """Return the names of the tags."""
        return set(self._values)

    def __iter__(self) -> typing.Iterator[str]:
        return iter(self._values)

    def __repr__(self) -> str:
        return f"Map({', '.join(f'{name} -> {value}' for name, value in self._values.items())})"

    toString = __repr__  # noqa: N815


class NotebookContext:
    """What `getContext()` returns."""

    def __init__(self) -> None:
        path = notebook_path()
        self._tags = _tags(path)
        self._extra = {"notebook_path": path, "notebook_id": self._tags["notebookId"]}

    def tags(self) -> Tags:
        """Return the tags, such as `user`, `jobId`, `jobName`, `runId`, `taskKey`."""
        return Tags(self._tags)

    def extraContext(self) -> Tags:  # noqa: N802
        """Return `notebook_path` and `notebook_id`."""
        return Tags(self._extra)

    def attributes(self) -> Tags:
        """Return all that is known, by name."""
        return Tags(self._attributes())

    def toJson(self) -> str:  # noqa: N802
        """Return all that is known as JSON, in the shape that people take apart."""
        return json.dumps(
            {
                "rootRunId": _run(self._tags.get("multitaskParentRunId")),
                "currentRunId": _run(self._tags.get("runId")),
                "jobGroup": self._tags["sessionId"],
                "tags": self._tags,
                "extraContext": self._extra,
            }
        )

    def safeToJson(self) -> str:  # noqa: N802
        """Return all that is known as JSON, in one object `attributes`."""
        return json.dumps({"attributes": self._attributes()})

    def _attributes(self) -> dict[str, str]:
        return {**self._tags, **self._extra, **_renamed(self._tags)}

    def __getattr__(self, name: str) -> Callable[[], Option]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in _OPTIONS:
            near = hint(name, [*_OPTIONS, *vars(NotebookContext)])
            raise AttributeError(f"the notebook's context has no {name}{near}")
        return lambda: option({**self._attributes(), **_by_option(self._tags, self._extra)}, name)


_OPTIONS = (
    *("notebookPath", "notebookId", "jobId", "jobName", "currentRunId", "rootRunId", "taskKey"),
    *("runId", "jobRunId", "idInJob", "multitaskParentRunId", "jobGroup", "jobTriggerType"),
    *("user", "userName", "userId", "browserHostName", "workspaceId", "orgId", "clusterId"),
    *("sessionId", "replId", "apiUrl", "apiToken", "nonUcApiToken", "notebookLanguage"),
    *("aclPathOfAclRoot", "workloadId", "workloadClass", "commandRunId"),
)


def notebook_path() -> str:
    """Return the notebook's place, without its suffix, as Databricks has it.

    By hand it is what Jupyter or Visual Studio Code tell the kernel, else the working directory.
    """
    context = attempt.current()
    if context is not None:
        path = Path(context["directory"]) / Path(context["notebook_path"]).name
    else:
        path = Path(_told_by_editor() or os.environ.get("JPY_SESSION_NAME") or Path.cwd())
    known = path.suffix in {".ipynb", ".py", ".sql"}
    return str(path.with_suffix("") if known else path)


def _told_by_editor() -> str | None:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell.user_ns.get("__vsc_ipynb_file__") if shell is not None else None


def _tags(path: str) -> dict[str, str]:
    user = getpass.getuser()
    tags = {
        "user": user,
        "userId": str(os.getuid()) if hasattr(os, "getuid") else user,
        "browserHostName": socket.gethostname(),
        "orgId": "0",
        "clusterId": "nbkit",
        "sessionId": f"nbkit-{os.getpid()}",
        "notebookId": str(zlib.crc32(path.encode())),
        "notebookLanguage": "python",
    }
    context = attempt.current()
    if context is None:
        return tags
    run, task_run = str(context["run_id"]), str(context["task_run_id"])
    return tags | {
        "jobId": str(context["job_id"]),
        "jobName": context["job_name"],
        "jobRunId": run,
        "multitaskParentRunId": run,
        "runId": task_run,
        "idInJob": task_run,
        "taskKey": context["task_key"],
        "taskExecutionCount": str(context["attempt"]),
        "jobType": "NORMAL",
    }


def _renamed(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags by the other names that the context has for them."""
    names = {"currentRunId": "runId", "rootRunId": "multitaskParentRunId"}
    return {name: tags[tag] for name, tag in names.items() if tag in tags}


def _by_option(tags: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    return {
        "notebookPath": extra["notebook_path"],
        "userName": tags["user"],
        "workspaceId": tags["orgId"],
        "jobGroup": tags["sessionId"],
        "replId": tags["sessionId"],
    }


def _run(number: str | None) -> dict[str, int] | None:
    return {"id": int(number)} if number else None


class EntryPoint:
    """`dbutils.notebook.entry_point`, by which people reach what `dbutils` itself lacks."""

    def getDbutils(self) -> EntryPoint:  # noqa: N802
        """Return itself: it leads to `notebook()`."""
        return self

    def notebook(self) -> EntryPoint:
        """Return itself: it leads to `getContext()`."""
        return self

    def getContext(self) -> NotebookContext:  # noqa: N802
        """Return who runs this notebook."""
        return NotebookContext()

    def getCurrentBindings(self) -> dict[str, str]:  # noqa: N802
        """Return the parameters that the notebook was given."""
        return attempt.parameters()
