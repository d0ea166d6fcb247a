"""Parameters that a request gives to a run: those of the job, and the older ones of its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.rules.parameters import OF_TASKS
from nbkit.rules.references import as_text
from nbkit.service.refusals import invalid

if TYPE_CHECKING:
    from nbkit.service.request import ApiRequest

_LISTS = frozenset(
    {"jar_params", "python_params", "spark_submit_params", "dbt_commands"} & set(OF_TASKS)
)


def job_parameters(request: ApiRequest) -> dict[str, str]:
    """Return the job parameters of a request, as text."""
    return {name: as_text(value) for name, value in request.mapping("job_parameters").items()}


def task_parameters(request: ApiRequest) -> dict[str, Any]:
    """Return the older parameters of a request, by their names; those that say nothing are left.

    Raises:
        Refusal: one is of the wrong kind, or job parameters are given as well.
    """
    found: dict[str, Any] = {}
    for name in OF_TASKS:
        if name in _LISTS:
            given: Any = request.texts(name)
        elif name == "pipeline_params":
            given = request.mapping(name)
        else:
            given = {key: as_text(value) for key, value in request.mapping(name).items()}
        if given:
            found[name] = given
    if found and request.mapping("job_parameters"):
        raise invalid(f"job_parameters cannot be given together with {', '.join(found)}.")
    return found


def refuse_older(request: ApiRequest) -> None:
    """Refuse older parameters, which a repair here keeps as the run had them.

    Raises:
        Refusal: it names them.
    """
    if given := task_parameters(request):
        raise invalid(
            f"A repair cannot change {', '.join(given)}: it has those that the run began with. "
            "job_parameters can be changed."
        )
