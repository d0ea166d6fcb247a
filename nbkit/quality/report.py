"""What became of expectations, for people: HTML that needs no script, and text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from nbkit.counted import kept_out, rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbkit.quality.history import Past
    from nbkit.quality.outcome import Outcome, Result

_GOOD, _BAD = "#2e7d32", "#c62828"
_BAR, _HEIGHT, _STEP = 80, 18, 5


@dataclass(frozen=True, slots=True)
class Checked:
    """What was measured, and what had been before.

    Attributes:
        outcome: counts and results.
        past: earlier runs of each expectation, the newest first.
    """

    outcome: Outcome
    past: Mapping[str, Sequence[Past]]

    @property
    def ok(self) -> bool:
        """Whether everything held, whatever its action."""
        return self.outcome.ok

    @property
    def results(self) -> tuple[Result, ...]:
        """One for each expectation and check, as they were given."""
        return self.outcome.results

    @property
    def failures(self) -> tuple[Result, ...]:
        """The expectations and checks that did not hold."""
        return self.outcome.failures

    def __getitem__(self, name: str) -> Result:
        """Return the result of that name."""
        return self.outcome[name]

    def raise_for_failures(self) -> None:
        """Stop here if a check with the action `fail` did not hold.

        Raises:
            ExpectationFailedError: it names each of them, its counts and some rows.
        """
        self.outcome.raise_for_failures()

    def report(self) -> None:
        """Show it below the cell, also in the saved notebook."""
        from IPython.display import display

        display(self)

    def __repr__(self) -> str:
        lines = (
            f"  {'ok    ' if result.ok else 'FAILED'} {result.as_text()}" for result in self.results
        )
        return "\n".join([headline(self.outcome), *lines])

    def _repr_html_(self) -> str:
        lines = "\n".join(_row(result, self.past.get(result.name, ())) for result in self.results)
        columns = ("", "Expectation", "Rule", "Action", "Failing", "Before and now")
        head = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in columns)
        return (
            '<div class="nbkit-quality" style="overflow:auto">'
            f"<p><b>{escape(headline(self.outcome))}</b></p>\n"
            f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{lines}\n</tbody></table></div>"
        )


def headline(outcome: Outcome) -> str:
    """Return the whole in one line."""
    held = len(outcome.results) - len(outcome.failures)
    parts = [f"{outcome.dataset}: {rows(outcome.rows)}"]
    out = outcome.dropped + outcome.quarantined
    if out:
        parts.append(kept_out(out, outcome.quarantined, outcome.aside))
    parts.append(f"{held} of {len(outcome.results)} expectations held")
    return ", ".join(parts)


def _row(result: Result, past: Sequence[Past]) -> str:
    mark, colour = ("✓", _GOOD) if result.ok else ("✗", _BAD)
    status = "held" if result.ok else "failed"
    rule = escape(result.rule)
    if result.threshold:
        rule += f" <small>(at most {result.threshold:.2%} may fail)</small>"
    cells = [
        f'<span style="color:{colour}" title="{status}" aria-label="{status}">{mark}</span>',
        f"<b>{escape(result.name)}</b>{_sample(result)}",
        f"<code>{rule}</code>",
        result.action,
        escape(result.observed) or _bar(result, colour),
        _history(result, past),
    ]
    filled = (f'<td style="text-align:left">{cell}</td>' for cell in cells)
    return f"<tr>{''.join(filled)}</tr>"


def _bar(result: Result, colour: str) -> str:
    total = result.passed + result.failed
    width = 0 if not result.failed else max(1, round(_BAR * result.rate))
    return (
        f'<svg width="{_BAR}" height="8" role="img" aria-label="{result.rate:.2%} of rows fail">'
        f'<rect width="{_BAR}" height="8" fill="currentColor" opacity=".12"/>'
        f'<rect width="{width}" height="8" fill="{colour}"/></svg>'
        f"<br><small>{result.failed:,} of {total:,} ({result.rate:.2%})</small>"
    )


def _history(result: Result, past: Sequence[Past]) -> str:
    runs = [
        *((run.failed / run.rows if run.rows else 0.0, run.ok) for run in reversed(past)),
        (result.rate, result.ok),
    ]
    top = max((rate for rate, _ in runs), default=0.0) or 1.0
    bars = "".join(
        f'<rect x="{place * _STEP}" y="{_HEIGHT - height}" width="{_STEP - 1}" height="{height}" '
        f'fill="{_GOOD if ok else _BAD}"><title>{rate:.2%}</title></rect>'
        for place, (rate, ok) in enumerate(runs)
        for height in (max(2, round(_HEIGHT * rate / top)),)
    )
    failed = sum(not ok for _, ok in runs)
    told = f"failed in {failed} of {len(runs)} runs"
    width = len(runs) * _STEP
    return f'<svg width="{width}" height="{_HEIGHT}" role="img" aria-label="{told}">{bars}</svg>'


def _sample(result: Result) -> str:
    if not result.sample:
        return ""
    lines = "\n".join(json.dumps(row, ensure_ascii=False, default=str) for row in result.sample)
    count = f"{len(result.sample)} failing row{'s' * (len(result.sample) != 1)}"
    return f"<details><summary>{count}</summary><pre>{escape(lines)}</pre></details>"
