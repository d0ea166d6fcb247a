"""Whether somebody declares the parameters that a person gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.graph.near import hint
from nbkit.kernels.kernelspecs import read_notebook
from nbkit.kernels.parameters import declared_parameters
from nbkit.rules.parameters import undeclared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.app.definition import Definition


def check_declared(definition: Definition, given: Mapping[str, str]) -> None:
    """Refuse parameters that neither the job nor a task nor a notebook declares.

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
    for task in job.tasks:
        inner = task.for_each_task.task if task.for_each_task else task
        if inner.notebook_task is not None:
            known |= set(inner.notebook_task.base_parameters)
    for notebook in definition.notebooks:
        known |= set(declared_parameters(read_notebook(notebook)))
    wrong = [name for name in unknown if name not in known]
    if wrong:
        lines = [
            f"nobody declares the parameter {name}{hint(name, sorted(known))}" for name in wrong
        ]
        raise UsageError("\n".join(lines))
