"""What a pipeline consists of: Spark's `spark-pipeline.yml`, or a pipeline of a bundle."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbkit.bundle_files import choose, whole_bundle
from nbkit.errors import DefinitionError, Problem, UsageError
from nbkit.graph.address import Address
from nbkit.graph.bundle import is_bundle
from nbkit.graph.json_text import read_json
from nbkit.graph.load import bundled_pipeline
from nbkit.graph.syntax import SyntaxProblem
from nbkit.graph.yaml_text import read_yaml
from nbkit.near import hint
from nbkit.on_disk import file_at, is_file, is_there, kind, names_in, read_text
from nbkit.pipelines.declare.arguments import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUFFIXES = (".py", ".ipynb", ".sql")
"""Files that can be sources."""

_SPEC_NAMES = ("spark-pipeline.yml", "spark-pipeline.yaml")
_SPARK_KEYS = ("name", "storage", "libraries", "catalog", "database", "schema", "configuration")
_UNDERSTOOD = {
    *("name", "catalog", "schema", "target", "libraries", "configuration", "continuous"),
    *("development", "root_path", "storage"),
}
_OF_DEPLOYMENT = {
    *("allow_duplicate_names", "budget_policy_id", "channel", "clusters", "deployment", "edition"),
    *("environment", "event_log", "filters", "gateway_definition", "id", "ingestion_definition"),
    *("lifecycle", "notifications", "permissions", "photon", "restart_window", "run_as"),
    *("serverless", "tags", "trigger", "dry_run", "usage_policy_id"),
}


@dataclass(frozen=True, slots=True)
class Spec:
    """A pipeline as its settings have it.

    Attributes:
        name: for people, and for the pipeline's own folder.
        root: folder that sources import modules from.
        sources: files to evaluate, in order.
        schema, catalog: where names without a schema belong.
        configuration: what the code gets from `spark.conf.get`, and Spark settings.
        storage: folder for checkpoints; empty for nbkit's own place.
        continuous: whether it goes on until it is stopped.
        ignored: settings that mean something on Databricks only.
    """

    name: str
    root: Path
    sources: tuple[Path, ...] = ()
    schema: str = "default"
    catalog: str = ""
    configuration: Mapping[str, str] = field(default_factory=dict)
    storage: str = ""
    continuous: bool = False
    ignored: tuple[str, ...] = ()


def read_spec(named: str | Path) -> Spec:
    """Read a pipeline's settings.

    Args:
        named: a file, a folder with `spark-pipeline.yml`, `FILE:key` for a pipeline of a bundle,
            or one source file by itself.

    Raises:
        UsageError: there is no such file.
        DefinitionError: the settings are wrong; it carries every problem.
    """
    address = Address.parse(str(named))
    path, key = _located(address)
    if path.suffix.lower() in SUFFIXES:
        return Spec(path.stem, path.parent, (path,))
    document = _read(path)
    if is_bundle(document):
        return _of_bundle(path, key, address)
    return _of_spark(document, path)


def _located(address: Address) -> tuple[Path, str | None]:
    name, key = address.split(lambda name: is_there(Path(name)))
    path = Path(name)
    if kind(path) == "folder":
        found = [path / name for name in _SPEC_NAMES if is_file(path / name)]
        if not found:
            raise UsageError(f"there is no {_SPEC_NAMES[0]} in {path}")
        path = found[0]
    if file_at(path) is None:
        names = [
            each.name
            for each in names_in(path.parent)
            if each.suffix in {".yml", ".yaml"} or any(is_file(each / name) for name in _SPEC_NAMES)
        ]
        raise UsageError(f"there is no pipeline {path}{hint(path.name, names)}")
    return path.resolve(), key


def _read(path: Path) -> Any:
    text = read_text(path).removeprefix("\ufeff")
    try:
        return (read_json if path.suffix == ".json" else read_yaml)(text).value
    except SyntaxProblem as problem:
        raise DefinitionError((Problem("", str(problem)),), str(path)) from None


def _of_spark(document: Any, path: Path) -> Spec:
    """Read a spec of Spark's; unknown keys are errors, as they are to Spark."""
    if not isinstance(document, dict):
        problem = Problem("", "a pipeline is an object with name and libraries")
        raise DefinitionError((problem,), str(path))
    problems = [
        Problem(key, f"is no setting of a pipeline{hint(key, _SPARK_KEYS)}")
        for key in document
        if key not in _SPARK_KEYS
    ]
    if not isinstance(document.get("name"), str):
        problems.append(Problem("name", "is missing"))
    spec = _spec(document, path, path.stem, problems)
    if problems:
        raise DefinitionError(tuple(problems), str(path))
    return spec


def _of_bundle(path: Path, key: str | None, address: Address) -> Spec:
    try:
        path, key = whole_bundle(path, key, "pipelines")
        text = read_text(path)
        choice = choose(
            path, text, target=address.target, variables=address.variables, undeclared="error"
        )
        settings, key = bundled_pipeline(text, source=path.name, key=key, choice=choice)
    except DefinitionError as error:
        raise DefinitionError(error.problems, str(path)) from None
    known = {*_UNDERSTOOD, *_OF_DEPLOYMENT}
    problems = [
        Problem(name, f"is no setting of a pipeline{hint(name, known)}")
        for name in settings
        if name not in known
    ]
    spec = _spec(settings, path, key, problems)
    if problems:
        raise DefinitionError(tuple(problems), f"{path}:{key}")
    return spec


def _spec(settings: dict[str, Any], path: Path, key: str, problems: list[Problem]) -> Spec:
    folder = path.parent
    sources: dict[Path, None] = {}
    libraries = settings.get("libraries") or []
    for number, library in enumerate(libraries):
        place = f"libraries[{number}]"
        for file in _files(library, folder, place, problems):
            sources.setdefault(file)
    if not sources and not problems:
        problems.append(Problem("libraries", "name no source: a notebook, .py or .sql file"))
    configuration = settings.get("configuration") or {}
    if not isinstance(configuration, dict):
        problems.append(Problem("configuration", "is an object of names and values"))
        configuration = {}
    root = settings.get("root_path")
    schema = settings.get("schema") or settings.get("target") or settings.get("database")
    return Spec(
        str(settings.get("name") or key),
        (folder / str(root)).resolve() if root else folder,
        tuple(sources),
        str(schema or "default"),
        str(settings.get("catalog") or ""),
        {str(name): spelled(value) for name, value in configuration.items()},
        _storage(folder, str(settings.get("storage") or "")),
        bool(settings.get("continuous")),
        tuple(name for name in settings if name in _OF_DEPLOYMENT),
    )


def _storage(folder: Path, given: str) -> str:
    """Return an address as it is from anywhere."""
    return given if not given or urlsplit(given).scheme else str(folder / given)


def _files(library: Any, folder: Path, place: str, problems: list[Problem]) -> Iterator[Path]:
    """Yield the sources that an entry of `libraries` means."""
    inner = library if isinstance(library, dict) else {}
    if isinstance(inner.get("glob"), dict):
        pattern = str(inner["glob"].get("include", ""))
        matched = list(_matching(folder, pattern))
        if not matched:
            problems.append(Problem(f"{place}.glob.include", f"nothing matches {pattern}"))
        yield from matched
        return
    for form in ("notebook", "file"):
        if isinstance(inner.get(form), dict):
            named = str(inner[form].get("path", ""))
            found = _source(folder, named)
            if found is None:
                beside = (folder / named).parent
                names = [each.name for each in beside.iterdir()] if beside.is_dir() else []
                near = hint(Path(named).name, names)
                problems.append(Problem(f"{place}.{form}.path", f"there is no {named}{near}"))
            else:
                yield found
            return
    problems.append(Problem(place, "names no source: it has a glob, a notebook or a file"))


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield the sources of a pattern: a file, or everything below `dir/**`."""
    path = folder / pattern
    if path.is_file():
        yield path.resolve()
        return
    if path.is_dir():
        pattern = f"{pattern.rstrip('/')}/**"
    if pattern.endswith("**"):
        pattern += "/*"
    for file in sorted(folder.glob(pattern)):
        if file.is_file() and file.suffix.lower() in SUFFIXES:
            yield file.resolve()


def _source(folder: Path, named: str) -> Path | None:
    for suffix in ("", *SUFFIXES):
        path = Path(f"{folder / named}{suffix}")
        if path.is_file():
            return path.resolve()
    return None
