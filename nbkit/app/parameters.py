"""Whether somebody asks for the parameters that a person gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.app.asked_parameters import asked_by_notebook, asked_by_sql
from nbkit.app.files import tasks
from nbkit.errors import UsageError
from nbkit.near import hint
from nbkit.rules.parameters import named_by, undeclared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.app.definition import Definition


def check_declared(definition: Definition, given: Mapping[str, str]) -> None:
    """Refuse parameters that neither the job nor a task, a notebook or a SQL file asks for.

    Databricks would hand them to every task unasked, where a misspelt name goes unnoticed. Of a
    notebook that is run by itself only its code knows which widgets it will ask for.

    Raises:
        UsageError: it names each, with the nearest declared parameter.
    """
    job = definition.graph.job
    unknown = undeclared(job, given)
    if not unknown or definition.is_notebook:
        return
    known = {parameter.name for parameter in job.parameters}
    for _, task in tasks(job):
        known |= named_by(task)
    for notebook in definition.notebooks:
        known |= asked_by_notebook(notebook)
    for script in definition.scripts:
        if script.suffix == ".sql":
            known |= asked_by_sql(_text(script))
    wrong = [name for name in unknown if name not in known]
    if wrong:
        lines = [
            f"nobody declares the parameter {name}{hint(name, sorted(known))}" for name in wrong
        ]
        raise UsageError("\n".join(lines))


def again(run: Mapping[str, Any]) -> dict[str, str]:
    """Return what to give to a run so that it has the parameters of an earlier one.

    A default that refers to a secret is left to the job: what is given is data, in which nothing
    is looked for.

    Args:
        run: the record of the earlier one.
    """
    return {
        each["name"]: each["value"]
        for each in run["job_parameters"]
        if not ("{{" in each["value"] and each["value"] == each.get("default"))
    }


def _text(script: Path) -> str:
    try:
        return script.read_text("utf-8", "replace")
    except OSError:
        return ""  # its task will say so
