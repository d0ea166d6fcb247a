"""Evaluate a pipeline's sources: files of Python and SQL, and notebooks of both kinds."""

from __future__ import annotations

import ast
import json
import linecache
import re
import sys
import traceback
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nbkit import source_notebook
from nbkit.errors import Problem, UsageError
from nbkit.own_language import before_magic, has_magic, in_python_notebook, language_of
from nbkit.pipelines.declare.code_places import as_seen, place_of
from nbkit.pipelines.declare.configuration import configured
from nbkit.pipelines.declare.pyspark_names import as_pipeline_code
from nbkit.pipelines.declare.registry import Registry, collecting
from nbkit.pipelines.declare.source_sessions import SourceSessions
from nbkit.pipelines.declare.sql_declare import declare_sql
from nbkit.spark import apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

    from nbkit.pipelines.declare.declarations import Declared
    from nbkit.pipelines.declare.spec import Spec

_MAGIC = re.compile(r"\s*%{1,2}(\w[\w-]*)[ \t]*([^\n]*)\n?(.*)", re.DOTALL)
_SILENT = {"md", "md-sandbox", "pip", "sh", "fs", "load_ext", "matplotlib", "config", "autoreload"}
_CONF_NOT_FOUND = "SQL_CONF_NOT_FOUND"
_LINE_MAGIC = re.compile(r"^[ \t]*[%!]\w[^\n]*$", re.MULTILINE)


def evaluate(spec: Spec, spark: SparkSession) -> tuple[Declared, list[Problem]]:
    """Run the sources of a pipeline, and return what they declare and what is wrong with them.

    Nothing is read: query functions are only remembered. A source that fails keeps none of the
    others from being evaluated.
    """
    registry = Registry()
    evaluation = _Evaluation(spec, spark, registry)
    sessions = SourceSessions(spark)
    with ExitStack() as stack:
        stack.enter_context(collecting(registry))
        stack.enter_context(as_pipeline_code(registry))
        stack.enter_context(apart.within(sessions.session))
        stack.enter_context(configured(spark, spec.configuration))
        stack.enter_context(_importing({str(spec.root), *(str(p.parent) for p in spec.sources)}))
        for source in spec.sources:
            before = registry.count
            evaluation.run(source)
            if evaluation.ran_python:  # SQL alone defines nothing
                registry.settle(sessions.kept(), before)
        sessions.complete()
        registry.settle(sessions.kept())
    return registry.declared(), evaluation.problems


class _Evaluation:
    def __init__(self, spec: Spec, spark: SparkSession, registry: Registry) -> None:
        self.problems: list[Problem] = []
        self._spec = spec
        self._spark = spark
        self._registry = registry
        self._set: dict[str, str] = {}
        self.ran_python = False

    def run(self, source: Path) -> None:
        """Evaluate one source."""
        self._set = {}
        self.ran_python = False
        text = source.read_text(encoding="utf-8")
        names = self._names(source) | ({"__name__": "__main__"} if _runs_itself(text) else {})
        shown = as_seen(source)
        if source.suffix == ".ipynb":
            self._cells(list(_notebook_cells(text, shown)), names, source)
        elif source_notebook.is_source_notebook(text, source.suffix):
            self._cells(list(_source_cells(text, source.suffix, shown)), names, source)
        elif source.suffix.lower() == ".sql":
            self._sql(text, shown, 1)
        else:
            with _as_module(names) as module:
                self._python(text, str(source), module)

    def _names(self, source: Path) -> dict[str, Any]:
        from nbkit.toolkit.dbutils import dbutils
        from nbkit.toolkit.display import display, displayHTML

        return {
            "__name__": source.stem,
            "__file__": str(source),
            "dbutils": dbutils,
            "display": display,
            "displayHTML": displayHTML,
            "getArgument": dbutils.widgets.getArgument,
            "sc": getattr(self._spark, "sparkContext", None),
            "spark": self._spark,
            "sql": self._spark.sql,
        }

    def _cells(
        self, cells: list[tuple[str, str, int]], names: dict[str, Any], source: Path
    ) -> None:
        """Run cells one by one; the first that fails ends the notebook."""
        for code, file, line in cells:
            start = before_magic(code)
            magic = _MAGIC.match(code, start) if has_magic(code) else None
            if magic is None:
                plain = _LINE_MAGIC.sub(_passed_over, code)
                if not self._python("\n" * (line - 1) + plain, file, names):
                    return
                continue
            name, rest, body = magic[1], magic[2].strip(), magic[3]
            here = line + code.count("\n", 0, start)
            if name == "sql":
                self._sql(f"{rest}\n{body}", file, here)
            elif name == "run":
                self._run(rest, names, source)
            elif name == "python":
                if not self._python("\n" * here + body, file, names):
                    return
            elif name not in _SILENT:
                self.problems.append(Problem(f"{file}:{here}", f"nbkit runs no %{name} cells"))

    def _run(self, named: str, names: dict[str, Any], source: Path) -> None:
        """Evaluate another notebook with the names of this one."""
        word = named.split(maxsplit=1)[0].strip("'\"") if named else ""
        for suffix in ("", *source_notebook.FOUND_BY_NAME):
            path = Path(f"{source.parent / word}{suffix}")
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                read = _notebook_cells if path.suffix == ".ipynb" else None
                found = (
                    read(text, as_seen(path))
                    if read
                    else _source_cells(text, path.suffix, as_seen(path))
                )
                self._cells(list(found), names, path)
                return
        self.problems.append(Problem(as_seen(source), f"%run {word}: there is no such notebook"))

    def _python(self, code: str, file: str, names: dict[str, Any]) -> bool:
        """Run Python; what it raises becomes a problem, with the line of this source."""
        self.ran_python = True
        if file not in linecache.cache and not Path(file).is_file():
            lines = code.splitlines(keepends=True)
            linecache.cache[file] = (len(code), None, lines, file)
        try:
            exec(compile(code, file, "exec"), names)  # noqa: S102 - it is the person's own code
        except SyntaxError as error:
            place = place_of(error.filename or file, error.lineno or 0)
            self.problems.append(Problem(str(place), f"SyntaxError: {error.msg}"))
        except Exception as error:  # noqa: BLE001 - whatever the person's code raises
            self.problems.append(as_problem(error, file))
        else:
            return True
        return False

    def _sql(self, text: str, file: str, line: int) -> None:
        known = self._spec.configuration
        found = declare_sql(
            text, file, self._registry, self._spark, known, conf=self._set, first_line=line
        )
        self.problems += [Problem(str(each.place), each.message) for each in found]


def as_problem(error: BaseException, file: str = "") -> Problem:
    """Return what an exception of a person's code says, at their own last line.

    Args:
        error: the exception.
        file: to look for in the traceback; by default the last one that is no library.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if (f.filename == file if file else _is_own(f.filename))]
    place = str(place_of(own[-1].filename, own[-1].lineno or 0) if own else place_of(file))
    name, said = _said(error)
    said = said.removeprefix(f"{place}: ")
    return Problem(place if place != "." else "", f"{name}: {said}" if name else said)


def _said(error: BaseException) -> tuple[str, str]:
    """Return the kind of an error, empty if its text says enough, and its first line."""
    name, text = type(error).__name__, str(error)
    java = getattr(error, "java_exception", None)
    if java is not None:  # Spark had no words of its own for it
        name, text = str(java.getClass().getSimpleName()), str(java.getMessage() or "")
    elif getattr(error, "getCondition", str)() == _CONF_NOT_FOUND:
        setting = error.getMessageParameters().get("sqlConf", "")  # type: ignore[attr-defined]
        return "", f"the pipeline's configuration has no {setting.strip(chr(34))}"
    said = next(iter(text.strip().splitlines()), "")
    quiet = isinstance(error, UsageError) or name in {"AnalysisException", "ParseException"}
    return "" if quiet and said else name, said


def _is_own(file: str) -> bool:
    """Say whether a file is the person's, and no library's."""
    ours = str(Path(source_notebook.__file__).parent)
    others = ("site-packages", "<frozen", "/lib/python")
    return not file.startswith(ours) and not any(part in file for part in others)


def _passed_over(found: re.Match[str]) -> str:
    """Leave an empty statement where a magic stood that means nothing to a pipeline."""
    text = found[0]
    return f"{text[: len(text) - len(text.lstrip())]}pass"


def _notebook_cells(text: str, shown: str) -> Iterator[tuple[str, str, int]]:
    """Yield each code cell with what to call it and its first line."""
    number = 0
    notebook = json.loads(text)
    spoken = language_of(notebook.get("metadata"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            number += 1
            source = cell["source"]
            whole = source if isinstance(source, str) else "".join(source)
            code = in_python_notebook(whole, spoken)
            if code.strip():
                yield code, f"{shown}[{number}]", 1


def _source_cells(text: str, suffix: str, shown: str) -> Iterator[tuple[str, str, int]]:
    """Yield each code cell with its file and the line that it begins at."""
    at = 0
    for cell in source_notebook.cells(text, suffix):
        if cell.kind != "code":
            continue
        first = cell.source.split("\n", 1)[-1 if cell.source.startswith("%") else 0]
        found = text.find(first.split("\n", 1)[0], at)
        line = text.count("\n", 0, found) + 1 if found >= 0 else 1
        if cell.source.startswith("%"):
            line = max(1, line - 1)
        at = max(at, found)
        yield cell.source, shown, line


@contextmanager
def _importing(folders: set[str]) -> Iterator[None]:
    """Let sources import modules beside them, fresh at each evaluation."""
    before, known = list(sys.path), set(sys.modules)
    sys.path[:0] = sorted(folders)
    try:
        yield
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - known:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if any(file.startswith(f"{folder}/") for folder in folders):
                del sys.modules[name]


@contextmanager
def _as_module(names: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Let classes find the module that they are made in, as those of dataclasses have to.

    Not longer than that, and Spark's workers, who have no such module, get what is in it by value.
    """
    from pyspark import cloudpickle

    name = names["__name__"]
    module = ModuleType(name)
    vars(module).update(names)
    known = sys.modules.setdefault(name, module)
    cloudpickle.register_pickle_by_value(known)
    try:
        yield vars(module)
    finally:
        cloudpickle.unregister_pickle_by_value(known)
        if known is module:
            del sys.modules[name]


def _runs_itself(text: str) -> bool:
    """Say whether code does something only where it is the program, as sources are on Databricks.

    Others have a module of their own while they run.
    """
    try:
        found = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    tests = (ast.unparse(node.test) for node in found if isinstance(node, ast.If))
    return any(test in {"__name__ == '__main__'", "'__main__' == __name__"} for test in tests)
