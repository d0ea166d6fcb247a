"""What each row fails, as bits: one or a few whole numbers beside it, however many the rules.

A column for each rule would be copied, cached and read again with every row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbkit.quality.expectation import Expectation

_WORD = "__nbkit_fails_{}"
BITS = 62
"""In one word: a bigint without its sign."""


class Verdicts:
    """The columns that tell what a row fails, and conditions on them; all of it SQL.

    Attributes:
        expectations: what rows are judged by.
        columns: names of the columns.
    """

    def __init__(self, expectations: Sequence[Expectation]) -> None:
        self.expectations = tuple(expectations)
        words = range(-(-len(self.expectations) // BITS))
        self.columns = tuple(_WORD.format(word) for word in words)

    def judging(self) -> list[str]:
        """Return the expressions that make the columns of a row."""
        return [
            " | ".join(
                f"case when {each.failing} then {1 << bit}L else 0L end"
                for bit, each in enumerate(self.expectations[word * BITS : (word + 1) * BITS])
            )
            + f" as {column}"
            for word, column in enumerate(self.columns)
        ]

    def fails(self, places: Iterable[int]) -> str:
        """Return the condition of rows that fail one of the expectations at these places."""
        masks: dict[str, int] = {}
        for place in places:
            column = self.columns[place // BITS]
            masks[column] = masks.get(column, 0) | 1 << place % BITS
        tests = [f"{column} & {mask}L <> 0" for column, mask in masks.items()]
        return f"({' or '.join(tests)})" if tests else "false"

    def fails_any(self) -> str:
        """Return the condition of rows that fail anything."""
        return self.fails(range(len(self.expectations)))

    def places(self, action: str) -> list[int]:
        """Return where the expectations with an action are."""
        return [place for place, each in enumerate(self.expectations) if each.action == action]
