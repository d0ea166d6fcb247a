"""Tab completes tables and columns: in `%sql`, in `spark.sql("…")`, in `spark.table("…")`.

Names come from the folders of the warehouse, columns from the logs of Delta: no Spark is started
for them, and none is waited for.
"""

from __future__ import annotations

import re
import time
import typing
from dataclasses import dataclass, field

from nbkit.errors import NbkitError

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

_KEPT_SECONDS = 5
_SQL_CELL = re.compile(r"\s*%%?sql\b")
_SQL_LINE = re.compile(
    r"^\s*%sql\b|(?<![\w.])(?:spark\.)?sql\(\s*[rRfFuU]{0,2}(?P<mark>\"{3}|'{3}|\"|')"
)
_TABLE = re.compile(
    r"""(?:(?<![\w.])(?:spark\.(?:table|read\.table|readStream\.table|catalog\.\w+)|table|dp\.read|pipeline\.preview)
    |\.saveAsTable|\.insertInto|DeltaTable\.forName)\(\s*(?:spark\s*,\s*)?["'](?P<word>[^"']*)$""",
    re.VERBOSE,
)
_WORD = re.compile(r"[\w.`]*$")
_NAME = re.compile(r"(?:`[^`]+`|\w+)(?:\.(?:`[^`]+`|\w+))*")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person is about to write.

    Attributes:
        word: its beginning.
        inside: the SQL around it, whose tables' columns may be meant; None for a table's name.
    """

    word: str
    inside: str | None = None


def asked(text: str, line: str) -> Asked | None:
    """Return what is about to be written; None if it is neither SQL nor the name of a table.

    Args:
        text: of the whole cell.
        line: the line that is written in, up to the cursor.
    """
    if _SQL_CELL.match(text):
        return Asked(_word(line), text)
    if named := _TABLE.search(line):
        return Asked(named["word"])
    begun = _SQL_LINE.search(line)
    if begun and not (begun["mark"] and begun["mark"] in line[begun.end() :]):
        return Asked(_word(line), line)
    return None


@dataclass(slots=True)
class Names:
    """The tables and columns of a project, and what else a notebook declares.

    Attributes:
        more: tell further names of tables, such as those of a pipeline in the notebook.
    """

    more: list[Callable[[], Iterable[str]]] = field(default_factory=list)
    _tables: dict[str, str] = field(default_factory=dict)
    _columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _at: float = 0

    def fitting(self, what: Asked) -> list[tuple[str, str]]:
        """Return what may be meant, each with its kind: `column` or `table`."""
        self._look()
        word = what.word.casefold()
        given = {name for tell in self.more for name in tell()}
        tables = sorted(
            name for name in {*self._tables, *given} if name.casefold().startswith(word)
        )
        found = [(name, "table") for name in tables]
        if what.inside is None:
            return found
        owner, dot, begun = what.word.rpartition(".")
        columns = (name for table in self._mentioned(what.inside) for name in self._of(table))
        start = begun.strip("`").casefold()
        fitting = (name for name in columns if name.strip("`").casefold().startswith(start))
        return [(f"{owner}{dot}{name}", "column") for name in dict.fromkeys(fitting)] + found

    def _look(self) -> None:
        if self._at and time.monotonic() - self._at < _KEPT_SECONDS:
            return
        from nbkit.settings import Settings
        from nbkit.spark.warehouse_tables import tables

        try:
            settings = Settings.of()
            self._tables = {
                name: each.folder
                for each in tables(settings)
                for name in each.names(settings.spark.default_catalog)
            }
        except NbkitError:  # running the cell tells
            self._tables = {}
        self._columns.clear()
        self._at = time.monotonic()

    def _mentioned(self, text: str) -> list[str]:
        """Return the tables that a text names, whole or without the schema `default`."""
        known = {name.casefold(): name for name in self._tables}
        known |= {name.removeprefix("default."): known[name] for name in known}
        spoken = (found[0].casefold() for found in _NAME.finditer(text))
        return list(dict.fromkeys(known[name] for name in spoken if name in known))

    def _of(self, table: str) -> Sequence[str]:
        if table not in self._columns:
            from nbkit.settings import Settings
            from nbkit.spark.warehouse_tables import about, quoted

            try:
                columns = about(self._tables[table], Settings.of()).columns
            except NbkitError:
                columns = ()
            self._columns[table] = tuple(quoted(name) for name, _, _ in columns)
        return self._columns[table]


names = Names()
"""Those of this kernel."""


def register(shell: InteractiveShell) -> None:
    """Let Tab complete names of tables and columns."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher()  # type: ignore[untyped-decorator]
    def tables_and_columns(context: CompletionContext) -> SimpleMatcherResult:
        what = asked(context.full_text, context.text_until_cursor)
        if what is None:
            return {"completions": []}
        return {
            "completions": [
                SimpleCompletion(text, type=kind) for text, kind in names.fitting(what)
            ],
            "matched_fragment": what.word,
            "suppress": True,
        }

    shell.Completer.custom_matchers.append(tables_and_columns)


def _word(line: str) -> str:
    found = _WORD.search(line)
    return found[0] if found else ""
