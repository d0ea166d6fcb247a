"""What the listing commands print: runs, one run, the steps of a job, problems, checks.

These are the answer that was asked for, so they go to standard output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from rich import box
from rich.table import Table
from rich.text import Text

from nbkit.graph.kinds import words
from nbkit.graph.kinds.condition import CONDITION
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.report.consoles import output_console
from nbkit.report.state_looks import STYLES, StateLook
from nbkit.report.summary import failures, headline, places
from nbkit.report.view import run_view, text_of
from nbkit.report.wording import duration, moment, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from rich.console import Console

    from nbkit.errors import Problem
    from nbkit.report.view import Record, TaskView
    from nbkit.rules.explain import ExplainedStep


class Check(Protocol):
    """One thing that `nbkit doctor` looked at."""

    @property
    def name(self) -> str:
        """What was looked at."""
        ...

    @property
    def ok(self) -> bool:
        """Whether it is as it should be."""
        ...

    @property
    def message(self) -> str:
        """What was found."""
        ...

    @property
    def advice(self) -> str:
        """What to do about it; empty if it is fine."""
        ...


def print_runs(records: Sequence[Record], console: Console | None = None) -> None:
    """List runs, one line each; their `tasks` may be left out."""
    console = console or output_console()
    if not records:
        console.print("No runs yet.")
        return
    table = _table(
        "Run", "Job", "State", "Started", "Duration", "Message", right={"Run", "Duration"}
    )
    for record in records:
        run = run_view(record)
        table.add_row(
            str(run.run_id),
            Text(run.name),
            _badge(run.look),
            moment(run.started),
            duration(run.worked),
            Text(one_line(run.message), style="dim", no_wrap=True, overflow="ellipsis"),
        )
    console.print(table)


def print_planned(
    jobs: Sequence[tuple[str, Sequence[datetime], bool]], console: Console | None = None
) -> None:
    """List when jobs are to start: name, times, and whether that is paused."""
    console = console or output_console()
    for name, times, paused in jobs:
        console.print(Text(name, style="bold"))
        nothing = "paused" if paused else "no time starts it"
        for line in [f"{time:%a %Y-%m-%d %H:%M:%S} UTC" for time in times] or [nothing]:
            console.print(f"  {line}")


class Deployed(Protocol):
    """A deployed job; see `nbkit.app.overview.Overview`."""

    @property
    def job(self) -> Any:
        """As it is deployed."""
        ...

    @property
    def state(self) -> str:
        """What it does."""
        ...

    @property
    def triggers(self) -> Sequence[str]:
        """What starts it."""
        ...

    @property
    def next(self) -> Sequence[datetime]:
        """When it starts next."""
        ...

    @property
    def last(self) -> Record | None:
        """Its last run."""
        ...

    @property
    def missing(self) -> str:
        """The file that it came from, if that is gone."""
        ...

    @property
    def waits(self) -> Sequence[object]:
        """What it waits for, each as one sentence."""
        ...


def print_deployed(jobs: Sequence[Deployed], console: Console | None = None) -> None:
    """List deployed jobs, one line each: state, next time, last result."""
    console = console or output_console()
    if not jobs:
        console.print("No job is deployed; deploy one with: nbkit deploy JOB")
        return
    table = _table("Id", "Job", "State", "Starts", "Next", "Last run", right={"Id"})
    for each in jobs:
        run = run_view(each.last) if each.last else None
        target = f" ({each.job.target})" if each.job.target else ""
        table.add_row(
            str(each.job.job_id),
            Text(f"{each.job.name}{target}"),
            each.state,
            ", ".join(each.triggers),
            "\n".join(f"{time:%a %Y-%m-%d %H:%M:%S} UTC" for time in each.next),
            Text.assemble(_badge(run.look), f"  run {run.run_id}") if run else Text(""),
        )
    console.print(table)
    for each in jobs:
        for wait in each.waits:
            console.print(Text.assemble((f"{each.job.name}: ", "bold"), str(wait)))
        if each.missing:
            note = f"The file of {each.job.name} is gone: {each.missing}; it runs as deployed."
            console.print(Text(note, style=STYLES["warn"]))


def print_run(
    record: Record, console: Console | None = None, *, notebooks: str = "", report: str = ""
) -> None:
    """Show one run: its tasks, what failed and why, where to look."""
    console = console or output_console()
    run = run_view(record)
    console.print(headline(run))
    facts = [f"started {moment(run.started)}"] if run.started else []
    facts += [f"{name} = {value}" for name, value in run.parameters]
    if facts:
        console.print(Text("  " + ", ".join(facts), style="dim"))
    if run.message and not any(task.trouble.error in run.message for task in run.failed):
        console.print(Text(f"  {run.message}", style=STYLES["warn"]))
    table = _table(
        "Task", "Type", "State", "Attempts", "Duration", "", right={"Attempts", "Duration"}
    )
    for task in run.tasks:
        table.add_row(
            Text(task.key),
            task.kind,
            _badge(task.look),
            str(len(task.attempts) or ""),
            duration(task.milliseconds),
            _remark(task),
        )
    console.print(table)
    for line in (*failures(run), *places(notebooks=notebooks, report=report)):
        console.print(line)


def print_steps(steps: Iterable[ExplainedStep], console: Console | None = None) -> None:
    """Show what a job would do, round by round; steps of a round may run at the same time."""
    console = console or output_console()
    table = _table("Round", "Task", "Action", "After", "Values", right={"Round"})
    before = 0
    for step in steps:
        key, iteration = step.unit
        table.add_row(
            str(step.round) if step.round != before else "",
            Text(key if iteration is None else f"{key}[{iteration}]"),
            Text(_action(step)),
            Text(", ".join(step.after)),
            _values(step),
        )
        before = step.round
    console.print(table)


def print_problems(
    problems: Sequence[Problem], source: str, console: Console | None = None
) -> None:
    """List what is wrong with a job's definition, errors first; or say that nothing is."""
    console = console or output_console()
    errors = [problem for problem in problems if problem.severity == "error"]
    warnings = [problem for problem in problems if problem.severity == "warning"]
    notes = [problem for problem in problems if problem.severity == "note"]
    for glyph, word, tone, found in (
        ("✗", "error", "bad", errors),
        ("!", "warning", "warn", warnings),
        ("·", "note", "quiet", notes),
    ):
        for problem in found:
            pointer = f"  {problem.pointer}" if problem.pointer else ""
            console.print(
                Text.assemble((f"{glyph} {word}", STYLES[tone]), (pointer, "bold"))  # type: ignore[index]
            )
            console.print(Text(f"    {problem.message}"))
    if errors:
        verdict = Text(f"✗ {source} is not valid: ", style=STYLES["bad"])
    else:
        verdict = Text(f"✓ {source} is valid: ", style=STYLES["good"])
    verdict.append(f"{_amount(len(errors), 'error')}, {_amount(len(warnings), 'warning')}")
    console.print(verdict)


def print_checks(checks: Iterable[Check], console: Console | None = None) -> None:
    """List what `nbkit doctor` looked at, with advice where something is missing."""
    console = console or output_console()
    for check in checks:
        glyph, style = ("✓", STYLES["good"]) if check.ok else ("✗", STYLES["bad"])
        console.print(
            Text.assemble((f"{glyph} ", style), (f"{check.name:<14}", "bold"), f"  {check.message}")
        )
        if check.advice and not check.ok:
            console.print(Text(f"    {check.advice}"))


def print_changes(changes: Iterable[Sequence[str]], console: Console | None = None) -> None:
    """List what nbkit changes in other libraries: what, why, for which versions, how it ends."""
    console = console or output_console()
    for what, why, of, undone, unlike in changes:
        glyph, style = ("✗", STYLES["bad"]) if unlike else ("·", STYLES["quiet"])
        console.print(Text.assemble((f"{glyph} ", style), (what, "bold")))
        console.print(Text(f"    {why}"))
        console.print(Text(f"    written for {of}; undone: {undone}", style=STYLES["quiet"]))
        if unlike:
            console.print(Text(f"    here it is another one: {unlike}"))


def _table(*columns: str, right: set[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left")
    return table


def _badge(seen: StateLook) -> Text:
    return Text(f"{seen.glyph} {seen.word}", style=STYLES[seen.tone], no_wrap=True)


def _remark(task: TaskView) -> Text:
    """Return what else there is to say about a task, on one line."""
    if task.reason:
        return Text(one_line(task.reason), style="dim")
    parts: list[Any] = []
    if task.type == CONDITION.name:
        parts.append(f"{task.subject} → {task.outcome}" if task.outcome else task.subject)
    if task.iterations:
        parts += [f"{amount} {seen.word}" for seen, amount in task.counts]
    if task.exit_value:
        parts.append(f"returned {one_line(task.exit_value)[:60]}")
    parts += [f"{name} = {one_line(value)[:40]}" for name, value in task.values[:3]]
    return Text(", ".join(parts))


def _action(step: ExplainedStep) -> str:
    name = words(step.kind)
    return name if step.action in ("decide", "loop") else f"{step.action} {name}"


def _values(step: ExplainedStep) -> Text:
    if step.note:
        return Text(step.note, style="dim")
    block = step.block.get(step.kind, step.block)
    lines: list[str] = []
    if step.kind == CONDITION.name:
        known = "unknown" if step.outcome is None else str(step.outcome).lower()
        lines.append(f"{block.get('left')} {block.get('op')} {block.get('right')} → {known}")
    elif step.kind == FOR_EACH.name:
        inputs = "not known yet" if step.inputs is None else text_of(list(step.inputs))
        lines.append(f"inputs {inputs}")
    elif block.get("notebook_path"):
        lines.append(str(block["notebook_path"]))
    lines += [f"{name} = {value}" for name, value in step.parameters.items()]
    text = Text("\n".join(lines))
    return text.append(f"\nif {step.rule}", style="dim") if step.rule else text


def _amount(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
