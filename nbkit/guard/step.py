"""`nbkit.step`: a named part of a notebook that is on record, and may be tried again."""

from __future__ import annotations

import asyncio
import functools
import inspect
import typing

from nbkit.errors import UsageError
from nbkit.guard.policy import Policy
from nbkit.guard.run import StepRun
from nbkit.toolkit.rerun import Repeatable

if typing.TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from types import TracebackType

    from nbkit.guard.policy import On, Wait

Function = typing.TypeVar("Function", bound="Callable[..., typing.Any]")


@typing.overload
def step(name: Function, /) -> Function: ...
@typing.overload
def step(
    name: str = "",
    /,
    *,
    retries: int = 0,
    on: On | None = None,
    wait: Wait | None = None,
    on_error: typing.Any = "raise",
    cleanup: Callable[[], object] | None = None,
) -> Step: ...
def step(
    name: typing.Any = "",
    /,
    *,
    retries: int = 0,
    on: On | None = None,
    wait: Wait | None = None,
    on_error: typing.Any = "raise",
    cleanup: Callable[[], object] | None = None,
) -> typing.Any:
    """Make a part of a notebook a step: named, timed, on the run's record, and retried.

    As a block, a decorator, or a loop; `retries` in a block works in notebook cells only::

        with nbkit.step("load orders", retries=3):
            load()

        @nbkit.step("load orders", retries=3)
        def load(): ...

        for attempt in nbkit.step("load orders", retries=3):
            with attempt:
                load()

    Args:
        name: as it will be called on record; a decorated function's name by default.
        retries: how many further tries there may be. Whatever a try did before its error is not
            undone: make the body such that it can run again.
        on: which errors are retried: classes, or a function of the error. By default those
            that may pass (`nbkit.guard.transient`): Delta conflicts, broken connections,
            timeouts, locked files, HTTP 429 and 503 and the like, a lost Spark driver.
        wait: seconds before the next try, one number for each, or a tenacity strategy. By
            default about 1, 2, 4 … and at most 30 seconds, with some chance in it.
        on_error: what happens when the step has failed. `"raise"`: its error goes on its way.
            `"record"`: the notebook goes on, the error is on record. A function of the error,
            or any value but text: the notebook goes on, and this is what the decorated function
            returns, or what `value` is in `with … as step`.
        cleanup: a function that is called when the step is over, in whatever way.

    Raises:
        UsageError: an option makes no sense.
    """
    policy = Policy(retries=retries, on=on, wait=wait, on_error=on_error, cleanup=cleanup)
    if inspect.isroutine(name):
        return Step("", policy)(name)
    if not isinstance(name, str):
        raise UsageError(f"the name of a step is text, not {name!r}")
    return Step(name, policy)


class Step(Repeatable):
    """A step that is not running yet, in any of its three forms; made by `nbkit.step`."""

    def __init__(self, name: str, policy: Policy) -> None:
        self._name = name
        self._policy = policy
        self._block: StepRun | None = None

    # A decorator

    def __call__(self, function: Function) -> Function:
        """Return a function every call of which is a run of this step.

        Raises:
            UsageError: it is no function, or a generator.
        """
        name = self._name or getattr(function, "__name__", "")
        if not inspect.isroutine(function):
            raise UsageError(f"nbkit.step decorates functions, not {function!r}")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise UsageError(
                f"{name} is a generator: its body runs while others take from it, and cannot "
                "begin again. Put the step around the loop that takes from it."
            )
        policy = self._policy
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run_async(*args: typing.Any, **named: typing.Any) -> typing.Any:
                __tracebackhide__ = True
                run = StepRun(name, policy)
                async for attempt in _Tries(run):
                    with attempt:
                        run.value = await function(*args, **named)
                return run.value

            return typing.cast("Function", run_async)

        @functools.wraps(function)
        def run_it(*args: typing.Any, **named: typing.Any) -> typing.Any:
            __tracebackhide__ = True
            run = StepRun(name, policy)
            for attempt in _Tries(run):
                with attempt:
                    run.value = function(*args, **named)
            return run.value

        return typing.cast("Function", run_it)

    # A loop

    def __iter__(self) -> Iterator[StepRun]:
        """Yield the step once for each try, to be used in a `with`."""
        return _Tries(StepRun(self._named(), self._policy))

    def __aiter__(self) -> AsyncIterator[StepRun]:
        """Yield the step once for each try; waiting lets other coroutines run."""
        return _Tries(StepRun(self._named(), self._policy))

    # A block

    def begin(self) -> StepRun:
        """Begin the step, for a block.

        Raises:
            UsageError: it has retries, and nothing here could run the body again.
        """
        name = self._named()
        if self._policy.retries:
            raise UsageError(_NO_RETRIES.format(name=name, retries=self._policy.retries))
        if self._block is not None:
            raise UsageError(f"step {name!r} is already open: call nbkit.step for another one")
        self._block = StepRun(name, self._policy)
        return self._block.begin()

    def end(self, error: BaseException | None) -> bool:
        """End the step."""
        run, self._block = self._block, None
        assert run is not None
        return run.end(error)

    def __enter__(self) -> StepRun:
        """Begin the step; see `begin`."""
        return self.begin()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """End the step."""
        return self.end(error)

    async def __aenter__(self) -> StepRun:
        """Begin the step."""
        return self.begin()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """End the step."""
        return self.end(error)

    def _named(self) -> str:
        if not self._name:
            raise UsageError('a step needs a name: nbkit.step("load orders")')
        return self._name


class _Tries:
    """Asks for one try after the other, with a pause between them."""

    def __init__(self, run: StepRun) -> None:
        self._run = run
        self._asked = 0

    def __iter__(self) -> typing.Self:
        return self

    def __next__(self) -> StepRun:
        from tenacity import nap

        pause = self._pause()
        if pause is None:
            raise StopIteration
        if pause:
            with self._run.waiting():
                nap.sleep(pause)
        return self._run

    def __aiter__(self) -> typing.Self:
        return self

    async def __anext__(self) -> StepRun:
        pause = self._pause()
        if pause is None:
            raise StopAsyncIteration
        if pause:
            with self._run.waiting():
                await asyncio.sleep(pause)
        return self._run

    def _pause(self) -> float | None:
        if self._asked > self._run.tries:
            raise UsageError(
                f"the body of step {self._run.name!r} belongs in a `with`: "
                "for attempt in nbkit.step(…): with attempt: …"
            )
        self._asked += 1
        return self._run.pause_seconds


_NO_RETRIES = """\
Step {name!r} has retries={retries}, but Python runs the body of a `with` once, and only in a \
notebook cell can nbkit change that (where `%load_ext nbkit` ran, or the kernel is nbkit's).
Decorate a function:     @nbkit.step({name!r}, retries={retries})
or loop over attempts:   for attempt in nbkit.step({name!r}, retries={retries}):
                             with attempt: ..."""
