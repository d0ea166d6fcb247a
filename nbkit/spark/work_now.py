"""What Spark does for one notebook at this moment: asked of Spark, said for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbkit.wire import SparkWork


def nothing() -> SparkWork:
    """Return that there is nothing to tell."""
    return _work()


def starting() -> SparkWork:
    """Return that the session, or its driver, starts."""
    return {**_work(), "starting": True}


def is_something(work: SparkWork | None) -> bool:
    """Say whether there is something to tell."""
    return work is not None and (work["starting"] or work["jobs"] > 0)


def share(work: SparkWork) -> float | None:
    """Return how much of it is done, from 0 to 1; None where that is not known."""
    return work["tasks_done"] / work["tasks"] if work["tasks"] else None


def together(works: Iterable[SparkWork]) -> SparkWork:
    """Return several as one: of what has jobs the sum; Spark starts if it does for all others."""
    found = [work for work in works if is_something(work)]
    running = [work for work in found if work["jobs"]]
    if not running:
        return found[0] if found else nothing()
    counts = ("jobs", "stages_done", "stages", "tasks_done", "tasks")
    return _work(*(sum(work[name] for work in running) for name in counts))  # type: ignore[literal-required]


def in_words(work: SparkWork) -> str:
    """Return what Spark does in a few words; empty for nothing."""
    if work["starting"]:
        return "starting Spark …"
    if not work["jobs"]:
        return ""
    if not work["stages"]:
        return "Spark is about to begin"
    jobs = f", {work['jobs']} jobs" if work["jobs"] > 1 else ""
    tasks = f"{work['tasks_done']:,} of {_counted(work['tasks'], 'task')}"
    stages = f"{work['stages_done']} of {_counted(work['stages'], 'stage')}"
    return f"Spark: {tasks}, {stages}{jobs}"


def in_short(work: SparkWork) -> str:
    """Return the same where there is hardly room."""
    return (
        f"Spark: {work['tasks_done']}/{work['tasks']} tasks" if work["stages"] else in_words(work)
    )


def looker(context: Any) -> Callable[[], SparkWork]:
    """Return what asks Spark, each time by one call to it, for the work of a leased context.

    Args:
        context: the PySpark context of this process, see `nbkit.spark.attached`.
    """
    ask = context._jvm.nbkit.WorkNow.of  # noqa: SLF001 - PySpark has no other way
    shared, tag = context._jsc.sc(), context.tag  # noqa: SLF001

    def look() -> SparkWork:
        return told(ask(shared, tag))

    return look


class Handled:
    """The work of a Spark Connect session, which tells of it by itself while it waits."""

    def __init__(self) -> None:
        self._operations: dict[str | None, tuple[int, int, int, int]] = {}

    def __call__(
        self,
        stages: Iterable[Any] | None,
        inflight_tasks: int,
        operation_id: str | None,
        done: bool,
    ) -> None:
        """Hear of an operation; a handler for `registerProgressHandler` of PySpark."""
        del inflight_tasks
        if done:
            self._operations.pop(operation_id, None)
            return
        known = list(stages or ())
        over = sum(bool(stage.done) for stage in known)
        tasks_over = sum(stage.num_completed_tasks for stage in known)
        tasks = sum(stage.num_tasks for stage in known)
        self._operations[operation_id] = (over, len(known), tasks_over, tasks)

    def look(self) -> SparkWork:
        """Return what it does now."""
        running = list(self._operations.values())
        return _work(len(running), *map(sum, zip(*running, strict=True))) if running else nothing()


def told(text: str) -> SparkWork:
    """Take in what the Java class `WorkNow` says."""
    return _work(*map(int, text.split()))


def _work(
    jobs: int = 0, stages_done: int = 0, stages: int = 0, tasks_done: int = 0, tasks: int = 0
) -> SparkWork:
    return {
        "kind": "spark_work",
        "starting": False,
        "jobs": jobs,
        "stages_done": stages_done,
        "stages": stages,
        "tasks_done": tasks_done,
        "tasks": tasks,
    }


def _counted(amount: int, name: str) -> str:
    return f"{amount:,} {name}" if amount == 1 else f"{amount:,} {name}s"
