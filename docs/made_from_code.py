"""A hook of MkDocs: the pages of the reference are made from the code, so that they cannot drift.

A line `<!-- from the code: NAME -->` of a page becomes what the maker of that name writes.
`CHANGELOG.md` and `benchmarks/README.md` are pages as they stand.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import griffe
from mkdocs.structure.files import File
from typer.main import get_command

import nbkit
from nbkit import quality
from nbkit.cli import exit_status
from nbkit.cli.main import program
from nbkit.dialect.sql_call import STEPS
from nbkit.graph.kinds import KINDS, SUPPORTED
from nbkit.graph.schema import job_schema
from nbkit.pipelines.refresh.strategies import ways
from nbkit.quality.ready_made import READY_MADE
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[1]
AS_THEY_STAND = {
    "changelog.md": "CHANGELOG.md",
    "explanation/benchmarks.md": "benchmarks/README.md",
}
_PLACE = re.compile(r"^<!-- from the code: (.+) -->$", re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files of the repository that are pages."""
    for page, source in AS_THEY_STAND.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill the places of a page that the code has the words for."""
    return _PLACE.sub(lambda found: MAKERS[found[1]](), markdown)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(map(_cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def every_command() -> Iterator[tuple[str, Any]]:
    """Return each command as people type it, with the command itself."""

    def walk(command: Any, words: str) -> Iterator[tuple[str, Any]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield words, command
            return
        for name, each in inner.items():
            yield from walk(each, f"{words} {name}")

    return walk(get_command(program), "nbkit")


def commands() -> str:
    """Return a section for each command: its help, its arguments and its options."""
    found = [_options_of(get_command(program))]
    for words, command in every_command():
        usage = " ".join([words, *(_argument(each) for each in _arguments(command))])
        found += [f"## {words}\n", f"```text\n{usage}\n```\n", f"{command.help}\n"]
        if arguments := [(f"`{_argument(each)}`", each.help or "") for each in _arguments(command)]:
            found.append(_table(("Argument", "Meaning"), arguments))
        found.append(_options_of(command))
    return "\n".join(found)


def _arguments(command: Any) -> list[Any]:
    return [each for each in command.params if each.param_type_name == "argument"]


def _argument(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name).upper().strip("[]")
    return name if parameter.required else f"[{name}]"


def _options_of(command: Any) -> str:
    rows = []
    for each in command.params:
        if each.param_type_name != "option" or each.hidden:
            continue
        names = ", ".join(f"`{name}`" for name in [*each.opts, *each.secondary_opts])
        takes = "" if each.is_flag else f"`{each.metavar or each.name.upper()}`"
        rows.append((names, takes, each.help or ""))
    return _table(("Option", "Takes", "Meaning"), rows) if rows else ""


def exit_statuses() -> str:
    """Return the table of exit statuses."""
    rows = [(str(status), meaning) for status, meaning in exit_status.MEANING.items()]
    return _table(("Exit status", "Meaning"), rows)


def settings() -> str:
    """Return a section for each part of `nbkit.toml`."""
    found = []
    for section, field in Settings.model_fields.items():
        model = field.annotation
        if model is None or not hasattr(model, "model_fields"):
            continue
        parts = griffe.Docstring(model.__doc__ or "", lineno=1).parse("google", warnings=False)
        told = next(part.value for part in parts if part.kind.value == "attributes")
        meaning = {each.name: each.description for each in told}
        rows = [
            (f"`{name}`", _default(each), f"`{_variable(section, name)}`", meaning[name])
            for name, each in model.model_fields.items()
        ]
        head = ("Setting", "Default", "Variable", "Meaning")
        said = str(parts[0].value).split(": ", 1)[1]
        found += [f"## [{section}]\n", f"{said[0].upper()}{said[1:]}\n"]
        found.append(_table(head, rows))
    return "\n".join(found)


def _variable(section: str, name: str) -> str:
    return f"{Settings.model_config['env_prefix']}{section}_{name}".upper()


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if field.default_factory is not None and isinstance(value, int):
        return "by the machine's cores"
    return f"`{json.dumps(value)}`"


def run_graph() -> str:
    """Return a section for the job, for a task, and for each block that they may have."""
    schema = job_schema()
    blocks = schema["$defs"]
    ordered = ["Task", *sorted(set(blocks) - {"Task"})]
    return "\n".join([_block("Job", schema), *(_block(name, blocks[name]) for name in ordered)])


def _block(name: str, block: dict[str, Any]) -> str:
    if "enum" in block:
        return f"## {name}\n\n{_type(block)}\n"
    rows = [
        (
            f"`{field}`",
            _type(found),
            _json_default(found, needed=field in block.get("required", ())),
        )
        for field, found in block.get("properties", {}).items()
        if field != "$schema"
    ]
    said = f"## {name}\n\n{_cell(block.get('description', ''))}\n"
    return f"{said}\n{_table(('Field', 'Holds', 'If not given'), rows)}" if rows else said


def _json_default(field: dict[str, Any], *, needed: bool) -> str:
    if needed:
        return "needed"
    value = field.get("default")
    return "" if value in (None, [], {}) else f"`{value}`"


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        kinds = [_type(each) for each in field["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in field or "const" in field:
        return ", ".join(f"`{each}`" for each in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        return f"a list of {_type(field.get('items', {}))}"
    if field.get("type") == "object":
        inner = field.get("additionalProperties", True)
        return f"{_type(inner)} by name" if isinstance(inner, dict) else "an object"
    bounds = {"minimum": "at least", "maximum": "at most"}
    limits = [f"{words} {field[key]}" for key, words in bounds.items() if key in field]
    words = {"integer": "whole number", "string": "text", "boolean": "true or false"}
    kind = field.get("type", "anything")
    return ", ".join([words.get(kind, kind), *limits])


def task_types() -> str:
    """Return the table of task types: which run here."""
    blocks = job_schema()["$defs"]["Task"]["properties"]
    rows = [
        (
            f"`{name}`",
            "runs" if name in SUPPORTED else "is read, kept and validated",
            _type(blocks[name]),
        )
        for name in KINDS
    ]
    return _table(("Task type", "Here", "Its fields"), rows)


def python_api() -> str:
    """Return what `import nbkit` offers, from the docstrings."""
    found = []
    for name, module in sorted(nbkit._PUBLIC.items()):  # noqa: SLF001 - it is the list itself
        if name == "load_ipython_extension":
            continue
        if name == "pipeline":
            options = "    options: {heading: pipeline, toc_label: pipeline}"
            found.append(f"::: {module}.CellsPipeline\n{options}\n")
        else:
            found.append(f"::: {module}.{name}\n")
    return "\n".join(found)


def expectations() -> str:
    """Return every ready-made expectation, from its docstring."""
    made = sorted(READY_MADE.values(), key=lambda each: (each.__module__, each.__name__))
    return "\n".join(f"::: {each.__module__}.{each.__name__}\n" for each in made)


def quality_api() -> str:
    """Return what `nbkit.quality` offers beside ready-made expectations, from the docstrings."""
    found = {name: getattr(quality, name) for name in quality.__all__ if name not in READY_MADE}
    places = {f"{each.__module__}.{name}" for name, each in found.items() if callable(each)}
    return "\n".join(f"::: {place}\n" for place in sorted(places))


def refresh_ways() -> str:
    """Return the ways of refreshing a dataset."""
    rows = [(f"`{way.name}`", way.words) for way in ways().values()]
    return _table(("Way", "As people read it"), rows)


def sql_steps() -> str:
    """Return what a statement goes through on its way to Spark."""
    return _table(("Step", "Why"), [(f"`{name}`", why) for name, why in STEPS.items()])


MAKERS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "exit statuses": exit_statuses,
    "expectations": expectations,
    "python": python_api,
    "quality": quality_api,
    "run graph": run_graph,
    "settings": settings,
    "SQL steps": sql_steps,
    "task types": task_types,
    "ways": refresh_ways,
}
