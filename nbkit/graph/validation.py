"""From plain data to a `Job`, with everything that pydantic finds said in plain words.

A faulty job is mended with stand-ins and read again, so that what its parts mean to each other
can be checked in the same pass: all problems at once.
"""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from nbkit.graph.findings import Finding, new_beside, shown
from nbkit.graph.model import Job
from nbkit.graph.shape import inside, is_part, is_required, stand_in, unknown_fields
from nbkit.near import meant

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MENDINGS = 8

_WANTED = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}

_PLAIN = {
    "missing": "the required field {field} is missing",
    "greater_than_equal": "must be at least {ge}, not {given}",
    "less_than_equal": "must be at most {le}, not {given}",
    "string_too_short": "must not be empty",
    "string_too_long": "has {length} characters; at most {max_length} are allowed",
    "too_long": "has {length} entries; at most {max_length} are allowed",
}


def read_job(settings: dict[str, Any]) -> tuple[Job | None, dict[str, Any], list[Finding]]:
    """Validate the settings of a job.

    Returns:
        The job, if need be with stand-ins for what is faulty; the settings it was made from;
        and every problem of a field on its own.
    """
    found = list(unknown_fields(settings, Job))
    faults: list[Finding] = []
    mended = settings
    for _ in range(_MENDINGS):
        try:
            return Job.model_validate(mended), mended, found + faults
        except ValidationError as error:
            errors = error.errors(include_url=False)
            real = [each for each in errors if not _of_empty_block(each)]
            faults += new_beside(map(_finding, real), faults)
            mended = _mend(copy.deepcopy(mended), errors)
    return None, settings, found + faults


def _of_empty_block(error: ErrorDetails) -> bool:
    """Say whether a block such as `queue: {}` lacks something: it counts as not given.

    A task's type that is empty is faulty, and so is an empty element of a list.
    """
    holder = error["loc"][-2:-1]
    if error["type"] != "missing" or error["input"] != {} or not holder:
        return False
    return isinstance(holder[0], str) and not holder[0].endswith("task")


def _finding(error: ErrorDetails) -> Finding:
    loc = tuple(step for step in error["loc"] if step != "[key]")
    return Finding(loc, _message(error))


def _message(error: ErrorDetails) -> str:
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind in _WANTED:
        as_text = kind == "string_type" and isinstance(given, list | dict)
        advice = f"; write it as JSON text: {shown(json.dumps(given))}" if as_text else ""
        return f"must be {_WANTED[kind]}, not {shown(given)}{advice}"
    if kind == "literal_error":
        return _not_one_of(given, re.findall(r"'([^']*)'", context["expected"]))
    if kind in _PLAIN:
        if kind == "too_long" and isinstance(given, str):
            kind = "string_too_long"
        length = len(given) if isinstance(given, str | list | dict) else 0
        words = {"field": error["loc"][-1], "given": shown(given), "length": length}
        return _PLAIN[kind].format(**context | words)
    return error["msg"]


def _not_one_of(given: object, names: list[str]) -> str:
    near = meant(given, names) if isinstance(given, str) else ""
    return f"{shown(given)} is not valid here{near}; valid: {', '.join(names)}"


def _mend(settings: dict[str, Any], errors: list[ErrorDetails]) -> dict[str, Any]:
    """Put stand-ins, or nothing where nothing will do, at the places of the errors."""
    for error in errors:
        *way, last = error["loc"]
        if _of_empty_block(error):
            *way, last = way
        holder: Any = settings
        expected: Any = Job
        for step in way:
            holder, expected = holder[step], inside(expected, step)
        if _of_empty_block(error):
            holder.pop(last, None)
        elif error["type"] in ("too_long", "string_too_long"):
            holder[last] = _shortened(holder[last], error["ctx"]["max_length"])
        elif is_required(expected, last) or is_part(inside(expected, last)):
            holder[last] = stand_in(inside(expected, last))
        else:
            holder.pop(last, None)
    return settings


def _shortened(value: Any, length: int) -> Any:
    if isinstance(value, dict):
        return dict(list(value.items())[:length])
    return value[:length]
