"""What a step does about an error: the options people give, checked, and tenacity's answers."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from nbkit.errors import UsageError
from nbkit.guard import driver
from nbkit.guard.failed import Failed
from nbkit.guard.transient import is_transient

if typing.TYPE_CHECKING:
    from tenacity import RetryCallState
    from tenacity.wait import WaitBaseT

On = type[BaseException] | tuple[type[BaseException], ...] | Callable[[BaseException], bool]
"""Which errors are retried: classes, or a function that says."""

Wait = float | timedelta | Sequence[float] | Callable[["RetryCallState"], float]
"""Seconds between tries: always the same, one for each, or as a tenacity strategy says."""

LONGEST_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The options of a step; see `nbkit.step`.

    Raises:
        UsageError: an option makes no sense.
    """

    retries: int = 0
    on: On | None = None
    wait: Wait | None = None
    on_error: typing.Any = "raise"
    cleanup: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        if type(self.retries) is not int or self.retries < 0:
            raise UsageError(f"retries is a number of further tries, 0 or more: {self.retries!r}")
        if self.on is not None and not _is_on(self.on):
            raise UsageError(f"on is an error class, several, or a function: {self.on!r}")
        if not _is_wait(self.wait):
            raise UsageError(f"wait is a number of seconds, or one for each retry: {self.wait!r}")
        if isinstance(self.on_error, str) and self.on_error not in {"raise", "record"}:
            raise UsageError(
                f'on_error is "raise", "record", a function or a value to go on with, not '
                f"{self.on_error!r}; text to go on with is given as `lambda error: …`"
            )
        if self.cleanup is not None and not callable(self.cleanup):
            raise UsageError(f"cleanup is a function, called without arguments: {self.cleanup!r}")
        for name, given in (("on_error", self.on_error), ("cleanup", self.cleanup)):
            if inspect.iscoroutinefunction(given):
                raise UsageError(f"{name} is an ordinary function, not an async one")

    @property
    def raises(self) -> bool:
        """Whether the error of a failed step goes on its way."""
        return isinstance(self.on_error, str) and self.on_error == "raise"

    def value_after(self, error: Exception) -> typing.Any:
        """Return what a failed step that does not raise is worth."""
        if isinstance(self.on_error, str):
            return None
        return self.on_error(error) if callable(self.on_error) else self.on_error

    def helps(self, error: BaseException) -> bool:
        """Say whether another try could cure an error."""
        if not isinstance(error, Exception) or isinstance(error, Failed):
            return False
        if self.on is None:
            return is_transient(error) or driver.is_lost(error)
        if isinstance(self.on, type | tuple):
            return isinstance(error, self.on)
        return bool(self.on(error))


class Retries:
    """How often one run of a step has failed, and whether and when it is tried again.

    tenacity's strategies decide. Its loop would raise the last error anew, from its own lines;
    here the error just goes on its way.
    """

    def __init__(self, policy: Policy) -> None:
        from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

        self._rules = Retrying(
            retry=retry_if_exception(policy.helps),
            stop=stop_after_attempt(policy.retries + 1),
            wait=_strategy(policy.wait),
        )
        self._state = RetryCallState(self._rules, None, (), {})

    def seconds_until_next(self, error: BaseException) -> float | None:
        """Take note of an error; return how long to wait for the next try, None for no other."""
        state = self._state
        state.set_exception((type(error), error, error.__traceback__))
        if not self._rules.retry(state) or self._rules.stop(state):
            return None
        seconds = float(self._rules.wait(state))
        state.idle_for += seconds
        state.prepare_for_next_attempt()
        return max(0.0, seconds)


def _strategy(wait: Wait | None) -> WaitBaseT:
    from tenacity import wait_chain, wait_exponential_jitter, wait_fixed

    if wait is None:
        return wait_exponential_jitter(initial=1, max=LONGEST_WAIT_SECONDS)
    if isinstance(wait, int | float | timedelta):
        return wait_fixed(wait)
    if isinstance(wait, Sequence):
        return wait_chain(*(wait_fixed(seconds) for seconds in wait))
    return wait


def _is_on(given: object) -> bool:
    if not isinstance(given, type | tuple):
        return callable(given)
    kinds = given if isinstance(given, tuple) else (given,)
    return all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds)


def _is_wait(given: object) -> bool:
    if given is None or callable(given):
        return True
    if isinstance(given, timedelta):
        return given >= timedelta()
    if isinstance(given, Sequence) and not isinstance(given, str):
        return bool(given) and all(map(_is_seconds, given))
    return _is_seconds(given)


def _is_seconds(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and given >= 0
