"""`%run ./other $name="value"`: another notebook's code, in this notebook."""

from __future__ import annotations

import shlex
import typing
from contextlib import contextmanager
from pathlib import Path

from nbkit import serving as attempt
from nbkit.dialect.paths import without_workspace
from nbkit.near import hint
from nbkit.notebook_file import read_notebook_file
from nbkit.source_notebook import FOUND_BY_NAME, LANGUAGES, cells, is_source_notebook

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.interactiveshell import InteractiveShell

_running: list[Path] = []
"""The notebooks and scripts that are being run inline, the innermost last."""


def register(shell: InteractiveShell) -> None:
    """Give `shell` a `%run` that takes notebooks; scripts go to IPython's own."""
    from IPython.core.magic import no_var_expand

    scripts = shell.find_line_magic("run")

    def run(line: str) -> None:
        """Run a notebook in this one: its names, and what it changes, are here afterwards."""
        words = shlex.split(line) or [""]
        path = _notebook(words[0])
        if path is None:
            expanded = shell.var_expand(line)
            named = (shlex.split(expanded) or [""])[0]
            _check_script(named)
            with _within(Path(named).expanduser().resolve()):
                scripts(expanded)
            return
        with _within(path), attempt.passing(_passed(words[1:])):
            for code in _code(path):
                shell.run_cell(code, store_history=False).raise_error()

    shell.register_magic_function(no_var_expand(run), "line", "run")


def _check_script(named: str) -> None:
    """See that there is something to run, since IPython would only miss a file `….py`.

    Raises:
        FileNotFoundError: there is neither a script nor a notebook of this name.
    """
    if named.startswith("-") or not named:
        return  # options, and no name: IPython knows
    if any(Path(f"{named}{suffix}").expanduser().is_file() for suffix in ("", ".py", ".ipy")):
        return
    path = _place(named)
    there = path.parent.iterdir() if path.parent.is_dir() else ()
    notebooks = [each.stem for each in there if each.suffix in {".ipynb", *LANGUAGES}]
    said = f"%run: there is no notebook {path.name} in {path.parent.resolve()}"
    raise FileNotFoundError(f"{said}{hint(path.name, sorted(set(notebooks)))}")


def _place(named: str) -> Path:
    context = attempt.current()
    here = Path(context["directory"]) if context else Path.cwd()
    return (_running[-1].parent if _running else here) / without_workspace(named)


def _notebook(named: str) -> Path | None:
    path = _place(named)
    for found in (path, *(Path(f"{path}{suffix}") for suffix in FOUND_BY_NAME)):
        if found.is_file() and (found.suffix == ".ipynb" or _is_source(found)):
            return found.resolve()
    return None


def _is_source(path: Path) -> bool:
    if path.suffix.lower() not in LANGUAGES:
        return False
    return is_source_notebook(path.read_text(encoding="utf-8", errors="replace"), path.suffix)


def _code(path: Path) -> list[str]:
    if path.suffix == ".ipynb":
        found = read_notebook_file(path).cells
        return [cell.source for cell in found if cell.cell_type == "code"]
    text = path.read_text(encoding="utf-8")
    return [cell.source for cell in cells(text, path.suffix) if cell.kind == "code"]


def _passed(words: list[str]) -> dict[str, str]:
    passed = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name.startswith("$") or not equals:
            raise ValueError(f'%run takes widgets as $name="value", not {word!r}')
        passed[name.removeprefix("$")] = value
    return passed


@contextmanager
def _within(path: Path) -> Iterator[None]:
    """Take note of what runs, for as long as it does.

    Raises:
        RecursionError: it runs already, so that it would run itself for ever.
    """
    way = [*_outermost(), *_running, path]
    if path in way[:-1]:
        names = " → ".join(each.name for each in way[way.index(path) :])
        raise RecursionError(f"%run goes round in a circle: {names}")
    _running.append(path)
    try:
        yield
    finally:
        _running.pop()


def _outermost() -> list[Path]:
    """Return the notebook that the job runs, where it can be told."""
    context = attempt.current()
    if context is None or not context["notebook_path"]:
        return []
    path = Path(context["directory"]) / Path(context["notebook_path"]).name
    places = (path, *(Path(f"{path}{suffix}") for suffix in FOUND_BY_NAME))
    return [place.resolve() for place in places if place.is_file()][:1]
