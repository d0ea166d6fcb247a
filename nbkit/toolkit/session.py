"""The notebook's Spark session: attached when the notebook first needs it, never before."""

from __future__ import annotations

import functools
import threading
import typing
import warnings
from pathlib import Path

from nbkit import serving as attempt
from nbkit.errors import DriverLostError, SetupError, UsageError
from nbkit.toolkit.redaction import redactor
from nbkit.toolkit.say import say
from nbkit.toolkit.secret_store import resolved

if typing.TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from nbkit.settings import Settings
    from nbkit.wire import SparkAttached

INTERACTIVE_GRACE_SECONDS = 60.0
"""A driver that a person's kernel starts outlives it so long: restarting a kernel stays quick."""


class Session:
    """The one Spark session of this kernel, or none yet.

    Attributes:
        project: whose driver to use; None for what the attempt or the current folder says.
        root: whose driver is used.
        attaching: whether it is being attached right now.
        on_attach, on_change: are called before it is attached, and when there is another, or none.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._entered = False
        self.attaching = False
        self._spark: SparkSession | None = None
        self.project: Path | None = None
        self.root: Path | None = None
        self.on_attach: list[typing.Callable[[], None]] = []
        self.on_change: list[typing.Callable[[SparkSession | None], None]] = []

    def attach(self) -> SparkSession | None:
        """Return the session, attached to the project's driver if it is not yet.

        None only while attaching, for PySpark's own calls on the way there.

        Raises:
            SetupError: this machine cannot run Spark.
            DriverLostError: the driver is gone since the last use; the next use gets a new one.
        """
        with self._lock:
            if self._entered:
                return None
            self._entered = True
            try:
                if self._spark is None or not _is_live(self._spark):
                    self.attaching = True
                    for tell in self.on_attach:
                        tell()
                    self.root = _settings().root
                    self._become(_attach())
            except SetupError as error:
                self.lose(error)
                raise
            finally:
                self._entered = self.attaching = False
            return self._spark

    def of_project(self, root: Path) -> SparkSession:
        """Return the session, attached to the driver of a project.

        Args:
            root: the project's folder.

        Raises:
            UsageError: this process has another project's Spark already.
            SetupError: this machine cannot run Spark.
            DriverLostError: the driver is gone since the last use; the next use gets a new one.
        """
        with self._lock:
            if self._spark is None or not _is_live(self._spark):
                self.project = root
            spark = self.attach()
            if self.root != root:
                raise UsageError(
                    f"this process uses the Spark of another project, {self.root}; ask about the "
                    f"project {root} in a process of its own, or call spark.stop() first"
                )
            assert spark is not None
            return spark

    def lose(self, error: SetupError) -> None:
        """Let go of the session; of a lost driver (not of one never had) the runner hears."""
        if isinstance(error, DriverLostError):
            say({"kind": "spark_lost", "message": str(error)})
        with self._lock:
            if self._spark is not None:
                self._spark.stop()
                self._become(None)

    def answers(self) -> bool:
        """Ask the driver for a sign of life."""
        from py4j.protocol import Py4JError

        try:
            return self._spark is not None and self._spark._jvm.System.nanoTime() != 0  # noqa: SLF001 - PySpark has no other way
        except (Py4JError, OSError):
            return False

    @property
    def attached(self) -> bool:
        """Whether the notebook has a session."""
        return self._spark is not None

    def _become(self, spark: SparkSession | None) -> None:
        self._spark = spark
        for tell in self.on_change:
            tell(spark)


session = Session()


def sql(query: str, *args: typing.Any, **named: typing.Any) -> DataFrame:
    """Run a SQL query in the notebook's Spark session."""
    spark = session.attach()
    assert spark is not None
    return spark.sql(query, *args, **named)


def table(name: str) -> DataFrame:
    """Return a table of the notebook's Spark session."""
    spark = session.attach()
    assert spark is not None
    return spark.table(name)


def udf(*args: typing.Any, **named: typing.Any) -> typing.Any:
    """Make a function of Python one of Spark's; see `pyspark.sql.functions.udf`."""
    from pyspark.sql import functions

    return functions.udf(*args, **named)


class NotAttached:
    """Stands for `spark` or `sc` until a cell uses it; attaches on first use."""

    def __init__(self, name: str, pick: typing.Callable[[SparkSession], typing.Any]) -> None:
        self._name = name
        self._pick = pick

    def __getattr__(self, name: str) -> typing.Any:
        # Front ends look for _repr_html_ and the like, which must not start Spark.
        if name.startswith(("__", "_repr", "_ipython")):
            raise AttributeError(name)
        spark = session.attach()
        assert spark is not None
        return getattr(self._pick(spark), name)

    def __repr__(self) -> str:
        return f"<{self._name}: attached when it is first used>"


PLACEHOLDERS = {
    "spark": NotAttached("spark", lambda spark: spark),
    "sc": NotAttached("sc", lambda spark: spark.sparkContext),
}


def _sql_context(spark: SparkSession) -> typing.Any:
    from pyspark.sql.context import SQLContext

    with warnings.catch_warnings():  # that it is old is nothing that its reader can change
        warnings.simplefilter("ignore", FutureWarning)
        return SQLContext(spark.sparkContext, spark)


SQL_CONTEXT = NotAttached("sqlContext", _sql_context)
"""What stood for a session before there were sessions; older notebooks say it still."""


def is_classic(spark: SparkSession) -> bool:
    """Say whether a session has a Spark context; a Spark Connect session has none."""
    return hasattr(spark, "_jsparkSession")


def _is_live(spark: SparkSession) -> bool:
    """Say whether PySpark still has this session: `spark.stop()` takes it away."""
    from nbkit.spark import attached

    return attached.current() is spark if is_classic(spark) else not spark.is_stopped


def _attach() -> SparkSession:
    from nbkit.spark import lease

    context = attempt.current()
    conf, env = (context["spark_conf"], context["env"]) if context else ({}, {})
    settings = _settings()
    spark = lease.attach(settings, resolved(conf), resolved(env))
    redactor.told = functools.partial(_hide, settings)
    lease.hide(settings, list(redactor.values))
    if is_classic(spark):
        session_id = spark._jsparkSession.sessionUUID()  # noqa: SLF001 - PySpark has no other way
        said: SparkAttached = {"kind": "spark_attached", "session": session_id}
        said["application_id"] = spark.sparkContext.applicationId
        if lacking := getattr(spark.sparkContext, "lacking", ""):
            said["lacking"] = lacking
        say(said)
    else:
        say({"kind": "spark_attached", "session": spark.session_id})
    return spark


def _hide(settings: Settings, value: str) -> None:
    """Tell the driver of one more value that its log must not have."""
    from nbkit.spark import lease

    lease.hide(settings, [value])


def _settings() -> Settings:
    from nbkit.settings import Settings

    context = attempt.current()
    if context is not None:
        return Settings.of(Path(context["project"]))
    settings = Settings.of(session.project)
    grace = max(settings.spark.grace_seconds, INTERACTIVE_GRACE_SECONDS)
    spark = settings.spark.model_copy(update={"grace_seconds": grace})
    return settings.model_copy(update={"spark": spark})
