"""What clients are told when a request cannot be answered: Databricks' codes, one clear message.

A missing job or run is 400 INVALID_PARAMETER_VALUE, as there; clients know it by its text.
"""

from __future__ import annotations

from nbkit.errors import DefinitionError, NbkitError, RunNotFoundError, SetupError
from nbkit.ledger.patience import LedgerAwayError

_STATUS = {
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_ALREADY_EXISTS": 400,
    "ALREADY_EXISTS": 409,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
    "INTERNAL_ERROR": 500,
}


class Refusal(Exception):  # noqa: N818 - it is an answer
    """A request is answered with an error.

    Attributes:
        code: as Databricks spells it, such as `INVALID_PARAMETER_VALUE`.
        message: for a person, and for clients that know Databricks' texts.
        status: of HTTP.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        self.code = code
        self.message = message
        self.status = status or _STATUS.get(code, 400)
        super().__init__(message)

    @property
    def document(self) -> dict[str, object]:
        """The answer."""
        return {"error_code": self.code, "message": self.message, "details": []}


def invalid(message: str) -> Refusal:
    """Return the refusal of a value."""
    return Refusal("INVALID_PARAMETER_VALUE", message)


def no_run(run_id: int) -> Refusal:
    """Return the refusal for a run that is not there; clients know this text."""
    return invalid(f"Run {run_id} does not exist.")


def of_error(error: NbkitError, run_id: int | None = None) -> Refusal:
    """Return the refusal for what nbkit itself says.

    Args:
        error: what it raised.
        run_id: the run that was asked for.
    """
    if isinstance(error, RunNotFoundError) and run_id is not None:
        return no_run(run_id)
    if isinstance(error, LedgerAwayError):
        return Refusal("TEMPORARILY_UNAVAILABLE", str(error))
    if isinstance(error, SetupError):
        return Refusal("INTERNAL_ERROR", str(error))
    if isinstance(error, DefinitionError):
        wrong = [each for each in error.problems if each.severity == "error"]
        return invalid("\n".join(map(str, wrong or error.problems)))
    return invalid(str(error))
