"""The notebook's Spark session: attached when the notebook first needs it, never before."""

from __future__ import annotations

import threading
import typing
from pathlib import Path

from nbkit.errors import DriverLostError, SetupError
from nbkit.toolkit import attempt
from nbkit.toolkit.say import say

if typing.TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from nbkit.settings import Settings

INTERACTIVE_GRACE_SECONDS = 60.0
"""A driver that a person's kernel starts outlives it so long: restarting a kernel stays quick."""


class Session:
    """The one Spark session of this kernel, or none yet."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._attaching = False
        self._spark: SparkSession | None = None
        self.on_change: list[typing.Callable[[SparkSession | None], None]] = []

    def attach(self) -> SparkSession | None:
        """Return the session, attached to the project's driver if it is not yet.

        None only while attaching, for PySpark's own calls on the way there.

        Raises:
            SetupError: this machine cannot run Spark, or (DriverLostError) the driver is gone.
        """
        with self._lock:
            if self._attaching:
                return None
            if self._spark is None or not _is_active(self._spark):
                self._attaching = True
                try:
                    self._spark = _attach()
                finally:
                    self._attaching = False
                self._changed()
            return self._spark

    def forget(self) -> None:
        """Let go of a session whose driver is gone; the next use attaches afresh."""
        from pyspark.core.context import SparkContext
        from pyspark.sql import SparkSession

        with self._lock:
            self._spark = None
            SparkSession._instantiatedSession = None  # noqa: SLF001 - PySpark has no other way
            SparkSession._activeSession = None  # noqa: SLF001
            SparkContext._active_spark_context = None  # noqa: SLF001
            SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001
            self._changed()

    def _changed(self) -> None:
        for tell in self.on_change:
            tell(self._spark)


session = Session()


def sql(query: str, *args: typing.Any, **named: typing.Any) -> DataFrame:
    """Run a SQL query in the notebook's Spark session."""
    spark = session.attach()
    assert spark is not None
    return spark.sql(query, *args, **named)


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


def _is_active(spark: SparkSession) -> bool:
    """Say whether PySpark still has this session: `spark.stop()` takes it away."""
    from pyspark.sql import SparkSession

    return SparkSession._instantiatedSession is spark  # noqa: SLF001 - PySpark has no other way


def _attach() -> SparkSession:
    from nbkit.spark import lease

    context = attempt.current()
    try:
        spark = lease.attach(_settings(), context["spark_conf"] if context else {})
    except SetupError as error:
        say({"kind": "spark_lost", "message": str(error)})
        raise
    except (OSError, EOFError) as error:
        message = f"the Spark driver went away while the notebook attached to it: {error}"
        say({"kind": "spark_lost", "message": message})
        raise DriverLostError(message) from None
    say(
        {
            "kind": "spark_attached",
            "session": spark._jsparkSession.sessionUUID(),  # noqa: SLF001 - PySpark has no other way
            "application_id": spark.sparkContext.applicationId,
        }
    )
    return typing.cast("SparkSession", spark)


def _settings() -> Settings:
    from nbkit.settings import Settings

    context = attempt.current()
    if context is not None:
        return Settings.of(Path(context["project"]))
    settings = Settings.of()
    grace = max(settings.spark.grace_seconds, INTERACTIVE_GRACE_SECONDS)
    spark = settings.spark.model_copy(update={"grace_seconds": grace})
    return settings.model_copy(update={"spark": spark})
