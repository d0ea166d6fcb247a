"""`dbutils.jobs.taskValues`: small values that tasks of one run hand to later ones."""

from __future__ import annotations

import json
import typing

from nbkit import serving as attempt
from nbkit.near import hint
from nbkit.readable import readable, readable_throughout
from nbkit.toolkit.say import say
from nbkit.toolkit.utility import Utility

LIMIT_BYTES = 48 * 1024


class TaskValues(Utility):
    """Values between tasks, as `dbutils.jobs.taskValues`."""

    _name = "dbutils.jobs.taskValues"

    def set(self, key: str, value: typing.Any) -> None:
        """Set a value, any JSON, that later tasks of the run can read; no effect outside a job."""
        key, value = _plain(key, value)
        context = attempt.current()
        if context is None:
            return
        context["task_values"].setdefault(context["task_key"], {})[key] = value
        say({"kind": "task_value", "key": key, "value": value})

    def get(
        self,
        taskKey: str,
        key: str,
        default: typing.Any = None,
        debugValue: typing.Any = None,
    ) -> typing.Any:
        """Return the value that a task set; `debugValue` outside a job, `default` if not set."""
        context = attempt.current()
        if context is None:
            if debugValue is None:
                raise TypeError(
                    "Must pass debugValue when calling get outside of a job context. "
                    "debugValue cannot be None."
                )
            return debugValue
        values = context["task_values"].get(taskKey, {})
        if key in values:
            return values[key]
        if default is not None:
            return default
        raise ValueError(_missing(taskKey, key, context["task_values"]))


class JobsUtility(Utility):
    """Jobs, as `dbutils.jobs`."""

    _name = "dbutils.jobs"

    taskValues = TaskValues()


def _plain(key: str, value: typing.Any) -> tuple[str, typing.Any]:
    """Return key and value as JSON keeps them, or say why they cannot be a task value."""
    if not isinstance(key, str):
        raise TypeError(f"the key of a task value is a string, not {type(key).__name__}: {key!r}")
    try:
        kept = readable_throughout(json.loads(json.dumps(value, allow_nan=False)))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"task value {key!r} cannot be written as JSON: {error}") from None
    size = len(json.dumps(kept, ensure_ascii=False).encode())
    if size > LIMIT_BYTES:
        raise ValueError(
            f"task value {key!r} is {size:,} bytes as JSON; the limit is {LIMIT_BYTES:,} "
            "(48 KiB). Write it to a table or file and hand over its name."
        )
    return readable(key), kept


def _missing(task: str, key: str, values: dict[str, dict[str, typing.Any]]) -> str:
    if not values.get(task):
        near = hint(task, [name for name in values if values[name]])
        return f"task {task!r} has set no values in this run (asked for {key!r}){near}"
    return f"task {task!r} has not set the value {key!r}{hint(key, sorted(values[task]))}"
