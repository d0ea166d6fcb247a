"""Settings of a project: `nbkit.toml`, and `NBKIT_…` environment variables above it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from nbkit.errors import DefinitionError, Problem
from nbkit.foreign_errors import FIELD_OF_SETTINGS
from nbkit.on_disk import PathError, cause, here, is_file, shown
from nbkit.readable import readable

FILE_NAME = "nbkit.toml"
_PREFIX = "NBKIT_"
_SAFE_IN_URL = "".join(each for each in map(chr, range(128)) if each not in "%?#")
_ENVIRONMENT = "the environment"
_OF_SPARK = {"spark_catalog", "system"}
_ALWAYS = ["main", "hive_metastore", "workspace"]


def can_be_catalog(name: str) -> bool:
    """Say whether a catalog can be called so: no name of Spark's, none that needs quotes."""
    return re.fullmatch(r"[A-Za-z_][\w-]*", name) is not None and name.lower() not in _OF_SPARK


def _catalog_name(name: str) -> str:
    if not can_be_catalog(name):
        raise ValueError(f"{name!r} cannot be the name of a catalog")
    return name


_LISTED = TypeAdapter(list[Annotated[str, AfterValidator(_catalog_name)]])


def _catalog_names(value: Any) -> Any:
    if isinstance(value, list):
        return _LISTED.validate_python(value)
    if value != "any":
        raise ValueError('is a list of names, or "any"')
    return value


CatalogNames = Annotated[Literal["any"] | list[str], PlainValidator(_catalog_names)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RunSettings(_Section):
    """`[run]`: how jobs run.

    Attributes:
        parallel: tasks at once; by default twice the cores.
        directory: where output notebooks and reports go, relative to the project root.
        ledger: SQLAlchemy URL of the ledger; by default SQLite in `directory`.
        cell_timeout_seconds: longest a single cell may run; 0 for no limit.
        grace_seconds: between interrupting a kernel and killing it.
        save_seconds: shortest time between two saves of a running output notebook.
        lease_seconds: how long a process on another machine may be silent before its runs count
            as lost; of a ledger in PostgreSQL. On one machine that is known at once.
        store: where a team keeps copies of output notebooks and reports: a URL such as
            `s3://bucket/runs`, or a folder relative to the project root; by default nowhere.
    """

    parallel: int = Field(default_factory=lambda: 2 * (os.cpu_count() or 1), ge=1)
    directory: str = "runs"
    ledger: str = ""
    cell_timeout_seconds: float = Field(0, ge=0)
    grace_seconds: float = Field(5, ge=0)
    save_seconds: float = Field(5, ge=0)
    lease_seconds: float = Field(30, ge=1)
    store: str = ""


class SparkSettings(_Section):
    """`[spark]`: the project's Spark driver.

    Attributes:
        master: `local[*]`, `spark://host:port`, `k8s://…` or `yarn`.
        remote: `sc://host:port` for Spark Connect sessions instead of a driver of our own.
        conf: Spark settings above nbkit's own.
        env: environment variables of the driver and its executors.
        warehouse: folder of managed tables, relative to the project root, or a Hadoop URL.
        metastore: JDBC URL of the Hive metastore; by default Derby under `.nbkit/`.
        catalogs: first parts of three-level names, such as `main.silver.orders`: `any`, for what
            notebooks make and use (main, hive_metastore and workspace are there always), or a list
            of those that there are and no others.
        default_catalog: the catalog that a session begins in, which names of one and two parts
            belong to, such as `main`; by default the session's own, `hive_metastore`.
        memory: heap of the driver's JVM, as Spark spells it; by default a quarter of the machine's,
            from 1 to 16 GB.
        java: home folder of the Java that runs Spark; by default JAVA_HOME, then the one that
            comes with nbkit, then the one on the path.
        grace_seconds: how long a driver without users waits before it stops itself.
        keep_minutes: how long one waits after a run that a person started at a terminal or from
            JupyterLab; 0 not to. It leaves earlier when the machine needs its memory.
        ui: whether the driver serves Spark's own pages, on the loopback and to those only who have
            its token; `nbkit driver ui` opens them.
    """

    master: str = "local[*]"
    remote: str = ""
    conf: dict[str, str] = Field(default_factory=dict)
    env: dict[str, str] = Field(default_factory=dict)
    warehouse: str = ".nbkit/warehouse"
    metastore: str = ""
    catalogs: CatalogNames = "any"
    default_catalog: str = ""
    memory: str = ""
    java: str = ""
    grace_seconds: float = Field(0, ge=0)
    keep_minutes: float = Field(15, ge=0)
    ui: bool = False

    @field_validator("default_catalog")
    @classmethod
    def _of_this_name(cls, name: str) -> str:
        return _catalog_name(name).lower() if name else name

    @model_validator(mode="after")
    def _begins_in_one_that_is_there(self) -> Self:
        listed = [] if self.catalogs == "any" else [each.lower() for each in self.catalogs]
        if listed and self.default_catalog and self.default_catalog not in listed:
            raise ValueError(f"default_catalog {self.default_catalog} is none of its catalogs")
        return self

    @property
    def first_catalogs(self) -> list[str]:
        """The catalogs that every session has from its start."""
        if self.catalogs != "any":
            return self.catalogs
        return list(dict.fromkeys([*_ALWAYS, *filter(None, [self.default_catalog])]))


class KernelSettings(_Section):
    """`[kernels]`: where notebooks run.

    Attributes:
        spare: kernels kept ready ahead of their use.
        preload: modules that the fork server imports once for all kernels.
    """

    spare: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=0)
    preload: list[str] = Field(
        default_factory=lambda: ["pandas", "pyarrow", "pyspark.sql.functions", "delta.tables"]
    )


class FilesSettings(_Section):
    """`[files]`: where Databricks' own paths lead.

    Attributes:
        directory: folder of `dbfs:/`, `/dbfs/` and `/Volumes/`, relative to the project root.
            Nothing rebuilds what is in it.
    """

    directory: str = ".nbkit/files"


class WidgetSettings(_Section):
    """`[widgets]`: the inputs of notebooks while a person works in them.

    Attributes:
        rerun: whether a change of an input runs the cells again that read it.
    """

    rerun: bool = False


class NotifySettings(_Section):
    """`[notify]`: who is told what a job's notifications say.

    All are apprise URLs, in which `${NAME}` stands for an environment variable: no secret needs
    to be in the file.

    Attributes:
        email: the mail server, such as `mailtos://me:${PASSWORD}@smtp.example.com?from=me@…`.
        destinations: by the id that `webhook_notifications` of a job name.
        patience_seconds: how long nbkit stays after a run for messages still under way.
    """

    email: str = Field("", repr=False)
    destinations: dict[str, str] = Field(default_factory=dict, repr=False)
    patience_seconds: float = Field(10, ge=0)


class PipelinesSettings(_Section):
    """`[pipelines]`: how pipelines make tables.

    Attributes:
        track_changes: turn on Delta's change feed and row tracking for materialized views, so that
            views over them can be refreshed by what has changed; what a view's own properties say
            goes first.
    """

    track_changes: bool = True


class LineageSettings(_Section):
    """`[lineage]`: what pipelines tell OpenLineage about; by default nothing.

    Attributes:
        enabled: send events to where OpenLineage's own configuration says: `OPENLINEAGE_URL`,
            `openlineage.yml`.
        file: append events to this file instead, a line each, relative to the project root.
        namespace: of jobs and tables; by default the name of the project's folder.
    """

    enabled: bool = False
    file: str = ""
    namespace: str = ""

    @property
    def wanted(self) -> bool:
        """Whether events are to be made at all."""
        return self.enabled or bool(self.file)


class Settings(BaseSettings):
    """All settings of one project, with its root folder."""

    model_config = SettingsConfigDict(
        extra="forbid", env_prefix=_PREFIX, env_nested_delimiter="_", env_nested_max_split=1
    )

    root: Path = Path()
    run: RunSettings = Field(default_factory=RunSettings)
    spark: SparkSettings = Field(default_factory=SparkSettings)
    kernels: KernelSettings = Field(default_factory=KernelSettings)
    files: FilesSettings = Field(default_factory=FilesSettings)
    widgets: WidgetSettings = Field(default_factory=WidgetSettings)
    notify: NotifySettings = Field(default_factory=NotifySettings)
    pipelines: PipelinesSettings = Field(default_factory=PipelinesSettings)
    lineage: LineageSettings = Field(default_factory=LineageSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, then environment, then the project's file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @classmethod
    def of(cls, start: Path | None = None, **changes: Any) -> Self:
        """Read the settings of the project that `start` (default: here) belongs to.

        Raises:
            DefinitionError: the file is not TOML, or names a setting that does not exist.
        """
        root = find_root(start or here())
        file = root / FILE_NAME
        located = type(cls.__name__, (cls,), {"model_config": SettingsConfigDict(toml_file=file)})
        try:
            return cast("Self", located(root=root, **changes))
        except ValidationError as error:
            problems = tuple(_problem(found["loc"], found["msg"]) for found in error.errors())
            told = all(each.pointer.upper().startswith(_PREFIX) for each in problems)
            raise DefinitionError(problems, _ENVIRONMENT if told else shown(file)) from None
        except SettingsError as error:  # a variable that should be JSON, and is none
            raise DefinitionError((_of_variable(str(error)),), _ENVIRONMENT) from None
        except OSError as error:
            raise PathError(cause(error, file)) from None
        except ValueError as error:  # tomllib's
            raise DefinitionError((Problem("", str(error)),), shown(file)) from None

    @property
    def state_directory(self) -> Path:
        """Folder of the driver file, logs, metastore and warehouse: `.nbkit/`."""
        return self.root / ".nbkit"

    @property
    def runs_directory(self) -> Path:
        """Folder of output notebooks and reports."""
        return self.root / self.run.directory

    @property
    def files_directory(self) -> Path:
        """Folder that `dbfs:/` stands for."""
        return self.root / self.files.directory

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger."""
        if self.run.ledger:
            return self.run.ledger
        file = str(self.runs_directory / "ledger.db")
        if readable(file) == file:
            return f"sqlite:///{quote(file, safe=_SAFE_IN_URL)}"
        of_bytes = quote(file, errors="surrogateescape")  # SQLite itself takes such a name
        return f"sqlite:///file:{quote(of_bytes)}?uri=true"


def find_root(start: Path) -> Path:
    """Return the project root: the nearest folder with `nbkit.toml`, else `pyproject.toml`."""
    start = start.resolve()
    for name in (FILE_NAME, "pyproject.toml"):
        for folder in (start, *start.parents):
            if is_file(folder / name):
                return folder
    return start


def _problem(loc: tuple[int | str, ...], message: str) -> Problem:
    """Return what is wrong with a setting, at the variable that sets it if there is one."""
    found = [(size, _variable(*loc[:size])) for size in (1, 2)]
    inside, variable = next(((size, name) for size, name in found if name), (0, ""))
    parts = [variable, *loc[inside:]] if variable else list(loc)
    return Problem(".".join(map(str, parts)), message)


def _variable(*loc: int | str) -> str:
    """Return the environment variable that sets this, as it is spelt; empty if none does."""
    wanted = _PREFIX + "_".join(map(str, loc))
    return next((name for name in os.environ if name.upper() == wanted.upper()), "")


def _of_variable(said: str) -> Problem:
    """Return the problem of a variable that could not be read; `said` names only its field."""
    section = FIELD_OF_SETTINGS.said(said)
    start = f"{_PREFIX}{section}".upper()
    names = sorted(name for name in os.environ if name.upper().startswith(start))
    return Problem(" or ".join(names), 'this should be JSON, such as {"a": "b"} or ["a"]')
