"""What the documentation says is what is there: tests, links, commands, messages, examples."""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jupyterlab import CHROMIUM, FLAGS, needs_chromium

from nbkit.cli.main import program
from nbkit.events import AttemptFinished, AttemptStarted, ForEachStarted, RunStarted, Unit
from nbkit.graph.load import parse_job
from nbkit.graph.model import Job, Task
from nbkit.quality.ready_made import READY_MADE
from nbkit.rules.apply import replay
from nbkit.rules.record import record
from nbkit.settings import Settings

if TYPE_CHECKING:
    from types import ModuleType

    import typer

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
WITH_CODE = [*PAGES, ROOT / "README.md", ROOT / ".github" / "CONTRIBUTING.md"]
EVERYWHERE = {"--help", "-h", "--version", "--project", "-C"}


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


pages = pytest.mark.parametrize("page", PAGES, ids=_name)
with_code = pytest.mark.parametrize("page", WITH_CODE, ids=_name)


@functools.cache
def _made() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "made_from_code", ROOT / "docs" / "made_from_code.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [
        re.sub(r"(?m)^" + indent, "", body)
        for indent, body in re.findall(rf"(?ms)^( *)```{language}\n(.*?)^ *```", text)
    ]


def _prose(page: Path) -> str:
    return re.sub(r"(?ms)^ *```.*?^ *```", "", page.read_text(encoding="utf-8"))


@functools.cache
def _flags() -> dict[str, set[str]]:
    """Return the options of every command, from their functions; of groups, none."""
    import typer.main

    found: dict[str, set[str]] = {"": set()}

    def add(app: typer.Typer, before: str) -> None:
        for each in app.registered_commands:
            command = typer.main.get_command_from_info(
                each, pretty_exceptions_short=True, rich_markup_mode=None
            )
            options = [one for one in command.params if one.param_type_name == "option"]
            names = {name for one in options for name in (*one.opts, *one.secondary_opts)}
            found[f"{before} {command.name}".strip()] = names
        for group in app.registered_groups:
            name = str(group.name)
            found[name] = set()
            assert group.typer_instance is not None
            add(group.typer_instance, name)

    add(program, "")
    return found


def _calls(page: Path) -> list[str]:
    """Return every call of nbkit that a page shows, in a block or in a line."""
    lines = [line for text in _blocks(page, "sh") for line in text.splitlines()]
    parts = [part for line in lines for part in re.split(r"&&|\||;", line.split(" #")[0])]
    prose = re.sub(r"(?m)^#.*$", "", _prose(page))  # headings may be messages
    parts += [text.split(" #")[0] for text in re.findall(r"`([^`\n]+)`", prose)]
    calls = [re.sub(r"^\s*(\$ )?(\S*/bin/)?nbkit(?= |$)", "nbkit", part) for part in parts]
    return [call.strip() for call in calls if call.split()[:1] == ["nbkit"]]


@with_code
def test_every_command_and_flag_exists(page: Path) -> None:
    """A command that a page names is one, and has the flags that it is shown with."""
    known = _flags()
    for call in _calls(page):
        words = [word for word in call.split()[1:] if not re.match(r"-C$|--project", word)]
        first = [" ".join(words[:2]), " ".join(words[:1])]
        name = next((each for each in first if each in known), "")
        assert name or not words or words[0].startswith("-"), f"{call}: no such command"
        group = name and any(each.startswith(f"{name} ") for each in known)
        assert not group or len(words) == 1, f"{call}: no such command"
        flags = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert flags <= known[name] | EVERYWHERE, call


@with_code
def test_every_named_test_exists(page: Path) -> None:
    """`tests/…::test_name` is a function of that file."""
    for file, name in re.findall(r"(tests/[\w/]+\.py)::(\w+)", page.read_text(encoding="utf-8")):
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        functions = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
        assert name in functions, f"{file}::{name}"


@with_code
def test_every_named_file_exists(page: Path) -> None:
    """A path in a line of code is there: in this repository, or in a project that `init` made."""
    folders = "nbkit|tests|notebooks|benchmarks|docs"
    starter = ROOT / "nbkit" / "app" / "starter"
    for path in re.findall(rf"`((?:{folders})/[\w./-]+)(?:::\w+)?`", _prose(page)):
        assert (ROOT / path).exists() or (starter / f"{path}.template").exists(), path


@with_code
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link is a page or a picture, and its anchor a heading."""
    made = _made()
    there = {(ROOT / "docs" / name).resolve() for name in made.AS_THEY_STAND}
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(#[^)]*)?\)", _prose(page)):
        file = (page.parent / target).resolve() if target else page
        assert file in there or file.exists(), target
        if anchor and file.suffix == ".md" and file not in there:
            text = made.on_page_markdown(file.read_text(encoding="utf-8"))
            assert anchor[1:] in _anchors(text), f"{target}{anchor}"


def _anchors(text: str) -> set[str]:
    from markdown.extensions.toc import slugify

    headings = re.findall(r"(?m)^#+ (.+?)(?: \{#([\w-]+)\})?$", text)
    return {given or slugify(heading.replace("`", ""), "-") for heading, given in headings}


def test_the_reference_has_every_command() -> None:
    """Each command is a section, with each of its options."""
    made = _made().commands()
    sections = {each.split("\n")[0]: each for each in made.split("\n## ")[1:]}
    commands = {f"nbkit {name}" for name in _flags() if f"## nbkit {name}\n" in f"## {made}"}
    groups = {"", "driver", "pipeline", "kernel"}
    assert commands == {f"nbkit {name}" for name in _flags() if name not in groups}
    for name in set(_flags()) - groups:
        for flag in _flags()[name] - EVERYWHERE:
            assert f"`{flag}`" in sections[f"nbkit {name}"]


def test_the_reference_has_every_setting() -> None:
    """Each setting is a row, with its variable and a meaning."""
    rows = {
        tuple(cell.strip() for cell in line.split("|")[1:-1])
        for line in _made().settings().splitlines()
    }
    said = {(row[0], row[2]): row[3] for row in rows if len(row) == 4}
    for section, field in Settings.model_fields.items():
        for name in getattr(field.annotation, "model_fields", {}):
            assert said[f"`{name}`", f"`NBKIT_{section.upper()}_{name.upper()}`"]


def test_the_reference_has_every_field_of_a_job() -> None:
    """Each field of a job and of a task is a row; each block that a row names is a section."""
    made = _made().run_graph()
    for model in (Job, Task):
        section = made.split(f"## {model.__name__}\n")[1].split("\n## ")[0]
        for name, field in model.model_fields.items():
            assert f"| `{field.alias or name}` |" in section
    assert set(re.findall(r"\]\(#([\w-]+)\)", made)) <= _anchors(made)


def test_the_reference_has_every_expectation() -> None:
    """Each ready-made expectation is there by the place of its docstring."""
    made = re.findall(r"^::: [\w.]+\.(\w+)$", _made().expectations(), re.MULTILINE)
    assert sorted(made) == sorted(READY_MADE)
    assert all(each.__doc__ for each in READY_MADE.values())


def test_every_field_of_a_record_is_there() -> None:
    """Each field that the page about records names is in a record, where it says."""
    page = (ROOT / "docs" / "reference" / "record.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| (`.+?) \| (.+?) \|", page)
    places = _record()
    assert len(rows) > 10
    for names, of in rows:
        for name in re.findall(r"`([^`]+)`", names):
            for place in of.split(", "):
                assert name in places[place], f"{name} of {place}"


def _record() -> dict[str, dict[str, Any]]:
    """Return a record, and of its parts what the page calls them."""
    (job, *_) = (text for text in _blocks(ROOT / "docs" / "how-to" / "jobs.md", "json"))
    graph = parse_job(job).graph
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
    attempt = tasks["load"]["attempts"][0]
    return {"run": run, "task": tasks["load"], "attempt": attempt, "For each task": tasks["each"]}


def test_every_place_for_the_code_is_filled() -> None:
    """A page asks for nothing that nobody makes, and everything made is asked for."""
    asked = {name for page in PAGES for name in _made()._PLACE.findall(page.read_text("utf-8"))}
    assert asked == set(_made().MAKERS)


@with_code
def test_examples_can_be_read(page: Path) -> None:
    """Python parses and names what nbkit has; settings, jobs and YAML are valid."""
    for text in _blocks(page, "python"):
        _check_python(text)
    for text in _blocks(page, "toml"):
        Settings(**tomllib.loads(text))
    for text in _blocks(page, "json"):
        if "tasks" in json.loads(text):
            assert parse_job(text, strict=True).warnings == ()
    for text in _blocks(page, "yaml"):
        yaml.safe_load(text)


def _check_python(text: str) -> None:
    import nbkit
    from nbkit import quality

    for each in ast.walk(ast.parse(text)):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            rooms: dict[str, Any] = {"nbkit": nbkit, "quality": quality}
            if room := rooms.get(each.value.id):
                assert hasattr(room, each.attr), each.attr
        if isinstance(each, ast.ImportFrom) and str(each.module).split(".")[0] == "nbkit":
            module = importlib.import_module(str(each.module))
            assert all(hasattr(module, name.name) for name in each.names)


def test_every_message_is_one_of_the_codes() -> None:
    """The headings of the page about messages are texts of the code, `…` for what varies."""
    texts = [
        " ".join(each.value.split())
        for file in (ROOT / "nbkit").rglob("*.py")
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    page = (ROOT / "docs" / "how-to" / "troubleshooting.md").read_text(encoding="utf-8")
    messages = re.findall(r"(?m)^### `(.+)`$", page)
    assert messages
    for message in messages:
        for piece in filter(None, (part.strip() for part in message.split("…"))):
            assert any(piece in text for text in texts), piece


@pytest.mark.e2e
@needs_chromium
def test_the_site_is_searched_without_a_network(tmp_path: Path) -> None:
    """Opened from its folder, it finds words, and asks nothing of any server."""
    from playwright.sync_api import sync_playwright

    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    subprocess.run(
        [*build, "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(FLAGS), chromium_sandbox=False
        )
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.set_default_timeout(60_000)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "reference" / "settings.html").as_uri())
        query = page.locator("[data-md-component=search-query]")
        query.click()
        said = page.locator(".md-search-result__meta")
        said.filter(has_text="Type to start searching").wait_for()  # until then nothing listens
        query.press_sequentially("quarantine")
        said.filter(has_text="matching documents").wait_for()
        found = page.locator(".md-search-result a[href*='expectations.html']")
        found.first.wait_for(state="attached")
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
