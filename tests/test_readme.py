"""What the README claims is what the code does."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from nbkit.cli import exit_status
from nbkit.cli.main import program
from nbkit.events import AttemptFinished, AttemptStarted, ForEachStarted, RunStarted, Unit
from nbkit.graph.load import parse_job
from nbkit.rules.apply import replay
from nbkit.rules.record import record
from nbkit.settings import Settings
from nbkit.tasks.registry import SUPPORTED

README = (Path(__file__).parents[1] / "README.md").read_text()
GLOBAL_FLAGS = {"--help", "-h"}


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def _rows(header: str) -> list[list[str]]:
    """Return the cells of the table whose header line begins so."""
    table = README[README.index(header) :].split("\n\n")[0]
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in table.splitlines()[2:]
    ]


def _commands() -> dict[str, set[str]]:
    """Return the flags of every command, by its words."""
    found: dict[str, set[str]] = {}

    def walk(command: object, words: tuple[str, ...]) -> None:
        if subcommands := getattr(command, "commands", None):
            for name, inner in subcommands.items():
                walk(inner, (*words, name))
            return
        flags: set[str] = set()
        for parameter in command.params:  # type: ignore[attr-defined]
            if parameter.param_type_name == "option":
                flags |= {"-p"} & set(parameter.opts) or set(parameter.opts[:1])
                flags |= set(parameter.secondary_opts)
        found[" ".join(words)] = flags - GLOBAL_FLAGS

    walk(get_command(program), ())
    return found


def _claimed_commands() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for first, text in _rows("| Command |"):
        named = re.findall(r"`([^`]+)`", first)
        words = [word for word in named[0].split()[1:] if word.islower()]
        flags = {flag.split()[0] for flag in re.findall(r"`(--?[a-z][^`]*)`", text)}
        for name in [" ".join(words), *(f"{words[0]} {other}" for other in named[1:])]:
            found[name] = flags
    return found


def test_every_command_and_flag_is_documented_and_exists() -> None:
    """The command table names each command with each flag, and no other."""
    claimed, real = _claimed_commands(), _commands()
    assert set(claimed) == set(real)
    for name, flags in real.items():
        group = name.split()[0]
        assert flags <= claimed[name], name
        siblings = set().union(*(real[other] for other in real if other.split()[0] == group))
        assert claimed[name] <= siblings, name


@pytest.mark.parametrize("line", [line for text in _blocks("sh") for line in text.splitlines()])
def test_commands_in_examples_exist(line: str) -> None:
    """A line that a reader may copy is a command with flags that it has."""
    words = line.split("#", maxsplit=1)[0].split()
    if not words or words[0] != "nbkit":
        return
    real = _commands()
    name = next(text for text in (" ".join(words[1:3]), words[1]) if text in real)
    assert {word for word in words if word.startswith("-")} <= real[name]


def test_exit_statuses_are_documented() -> None:
    """The table of exit statuses is the one in the code, word for word."""
    claimed = {int(status): meaning for status, meaning in _rows("| Exit status |")}
    assert claimed == exit_status.MEANING


def test_json_fields_exist() -> None:
    """Every field that the README names is in the record, where it says."""
    job = json.loads(_blocks("json")[0])
    graph = parse_job(json.dumps(job)).graph
    block = {"notebook_task": {"notebook_path": "load.ipynb"}}
    state = replay(
        graph,
        [
            RunStarted(1, 1, 2, "example", {"month": "0"}),
            AttemptStarted(2, Unit("load"), 0, 1_000_001, block),
            AttemptFinished(3, Unit("load"), 0, "SUCCESS"),
            ForEachStarted(4, "each", 1_000_002, (1,)),
        ],
    )
    run = record(graph, state)
    tasks = {task["task_key"]: task for task in run["tasks"]}
    places = {
        "run": run,
        "task": tasks["load"],
        "attempt": tasks["load"]["attempts"][0],
        "For each task": tasks["each"],
    }
    for names, of, _meaning in _rows("| Field |"):
        for name in re.findall(r"`([^`]+)`", names):
            for place in of.split(", "):
                assert name in places[place], f"{name} of {place}"


def test_the_example_job_is_valid() -> None:
    """The run graph in the README passes with no problem at all."""
    assert parse_job(_blocks("json")[0], strict=True).warnings == ()


def test_the_task_types_that_run_are_documented() -> None:
    """The table of task types names all that this nbkit runs, and no other."""
    claimed = {name for names, _ in _rows("| Task type |") for name in re.findall(r"\w+", names)}
    assert claimed == set(SUPPORTED)


def test_the_settings_are_real() -> None:
    """The settings file in the README is read without complaint."""
    Settings(**tomllib.loads(_blocks("toml")[0]))


def test_python_names_exist() -> None:
    """`nbkit.…` in Python examples is public."""
    import nbkit

    for text in _blocks("python"):
        for name in re.findall(r"\bnbkit\.(\w+)", text):
            assert hasattr(nbkit, name)


def test_links_lead_somewhere() -> None:
    """Relative links and pictures are files of this repository."""
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (Path(__file__).parents[1] / target).exists(), target


def test_program_is_typer() -> None:
    """The walk above sees the program that people run."""
    assert isinstance(program, typer.Typer)
