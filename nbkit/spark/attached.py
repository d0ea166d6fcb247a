"""PySpark in a client, over the driver's JVM instead of one of its own.

Imported only when a session is wanted: it needs pyspark.
"""

from __future__ import annotations

import functools
import logging
import os
import warnings
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession
from pyspark.sql.catalog import Catalog
from pyspark.sql.conf import RuntimeConfig

from nbkit.errors import DriverLostError, SetupError
from nbkit.foreign_errors import STOPPED
from nbkit.spark import apart
from nbkit.spark.catalogs import DEFAULT
from nbkit.spark.conf import worker_python

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.channel import Channel, Line
    from nbkit.settings import Settings

_QUIET = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")


class LeasedContext(SparkContext):  # type: ignore[misc]
    """The shared Spark context as one client may use it: it ends its own work, nobody else's.

    Attributes:
        lease: the connection that it lasts as long as.
        tag: of all jobs of this client.
        lacking: what this Spark does not have, in one line.
    """

    lease: ClassVar[Channel]
    tag: ClassVar[str] = ""
    lacking: ClassVar[str] = ""

    def _repr_html_(self) -> str:
        """Say what it is; without PySpark's link to pages that are off, or that ask for a token."""
        pages = "<p>Spark's pages: <code>nbkit driver ui</code></p>" if self.uiWebUrl else ""
        facts = [
            ("Version", f"v{self.version}"),
            ("Master", self.master),
            ("AppName", self.appName),
        ]
        listed = (f"<dt>{name}</dt><dd><code>{escape(fact)}</code></dd>" for name, fact in facts)
        return f"<div><p><b>SparkContext</b></p>{pages}<dl>{''.join(listed)}</dl></div>"

    def cancelAllJobs(self) -> None:  # noqa: N802 - PySpark's name
        """Interrupt this session's jobs, in whatever state the connection to Java is."""
        self.lease.send({"do": "cancel"})

    def stop(self) -> None:
        """End the lease, and with it this session; the driver goes on."""
        if accumulators := self.__dict__.pop("_accumulatorServer", None):
            accumulators.shutdown()
        self.lease.close()
        gateway = SparkContext._gateway  # noqa: SLF001
        with SparkContext._lock:  # noqa: SLF001
            SparkContext._active_spark_context = None  # noqa: SLF001
            SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001
            self._jsc = None
        if gateway is not None:
            gateway.close()


class LeasedSparkSession(SparkSession):  # type: ignore[misc]
    """A session of the shared driver; within `apart.within`, the session that is said there."""

    @property
    def _jsparkSession(self) -> Any:  # noqa: N802 - PySpark's name
        said = self._said()
        return self._own if said is None else said._jsparkSession  # noqa: SLF001 - of a session

    @_jsparkSession.setter
    def _jsparkSession(self, session: Any) -> None:  # noqa: N802
        self._own = session

    @functools.cached_property
    def conf(self) -> RuntimeConfig:
        """The settings of the session."""
        return _Settings(self)

    @functools.cached_property
    def catalog(self) -> Catalog:
        """The catalog, as the session sees it."""
        return _Tables(self)

    def _said(self) -> SparkSession | None:
        """Return the session that is meant instead of this one, if any."""
        only = SparkSession._instantiatedSession  # noqa: SLF001 - PySpark has no other way
        return apart.here() if self is only else None

    def stop(self) -> None:
        """End this session alone."""
        from pyspark.sql.context import SQLContext

        self._sc.stop()
        SparkSession._instantiatedSession = SparkSession._activeSession = None  # noqa: SLF001
        SQLContext._instantiatedContext = None  # noqa: SLF001


class _Settings(RuntimeConfig):  # type: ignore[misc]
    """The settings of the session that is meant now, also when somebody keeps this value."""

    def __init__(self, session: LeasedSparkSession) -> None:
        self._session = session

    @property
    def _jconf(self) -> Any:
        return self._session._jsparkSession.conf()  # noqa: SLF001


class _Tables(Catalog):  # type: ignore[misc]
    """The catalog of the session that is meant now, also when somebody keeps this value."""

    def __init__(self, session: LeasedSparkSession) -> None:
        self._sparkSession = session
        self._sc = session.sparkContext

    @property
    def _jsparkSession(self) -> Any:  # noqa: N802 - PySpark's name
        return self._sparkSession._jsparkSession  # noqa: SLF001

    @property
    def _jcatalog(self) -> Any:
        return self._jsparkSession.catalog()


def enter(
    channel: Channel, granted: Line, settings: Settings, env: Mapping[str, str]
) -> SparkSession:
    """Make the granted session the one of this process."""
    for name in _QUIET:
        _silence(name)
    os.environ.setdefault("PYSPARK_PYTHON", worker_python(settings))
    gateway = _gateway(granted["gateway_port"], granted["secret"], channel)
    jvm = gateway.jvm
    java_session = jvm.org.apache.spark.sql.classic.SparkSession.getActiveSession().get()
    java_context = jvm.JavaSparkContext(java_session.sparkContext())
    for refused in granted["refused"]:
        warnings.warn(f"Spark does not take {refused}", stacklevel=3)
    if lacking := granted.get("lacking"):
        warnings.warn(lacking, stacklevel=3)
    LeasedContext.lacking = lacking or ""
    LeasedContext.tag = granted["name"]
    LeasedContext.lease = channel  # a class attribute, since SparkContext is one per process too
    conf = SparkConf(_jconf=java_context.getConf())
    context = LeasedContext(conf=conf, gateway=gateway, jsc=java_context)
    context.environment |= {**env, "PYTHONPATH": _import_path()}
    session = LeasedSparkSession.__new__(LeasedSparkSession)
    session._sc = context  # noqa: SLF001 - so that __init__ leaves the JVM's default session alone
    SparkSession._instantiatedSession = SparkSession._activeSession = session  # noqa: SLF001
    session.__init__(context, java_session)  # type: ignore[misc]
    return session


def current() -> SparkSession | None:
    """Return this process's session, or None.

    Raises:
        DriverLostError: there was one, and its driver is gone.
    """
    session = SparkSession._instantiatedSession  # noqa: SLF001
    if not isinstance(session, LeasedSparkSession) or session._sc._jsc is None:  # noqa: SLF001
        return session
    if not session.sparkContext.lease.ended:
        return session
    session.stop()
    raise DriverLostError(
        "The Spark driver ended, and with it this session's temporary views and cached data.",
        "Its log is .nbkit/driver.log. The next use of Spark starts a new one.",
    )


def lost(error: BaseException) -> bool:
    """Return whether an error came of the driver's end, or of the connection to it."""
    session = SparkSession._instantiatedSession  # noqa: SLF001
    gone = isinstance(session, LeasedSparkSession) and session.sparkContext.lease.ended
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if isinstance(link, Py4JNetworkError | DriverLostError):
            return True
        if isinstance(link, Py4JError) and STOPPED.said(str(link)):
            return True
        if gone and isinstance(link, Py4JError | OSError):
            return True
        link = link.__cause__ or link.__context__
    return False


def remote(settings: Settings, conf: Mapping[str, str]) -> SparkSession:
    """Return a Spark Connect session.

    Raises:
        SetupError: the packages that Spark Connect needs are not installed.
    """
    try:
        session = SparkSession.builder.remote(settings.spark.remote).getOrCreate()
    except ImportError as error:
        raise SetupError(
            f"`[spark] remote` needs Spark Connect's packages: {error}",
            "Install them: `pip install 'pyspark[connect]==4.2.0'`.",
        ) from None
    default = {DEFAULT: settings.spark.default_catalog} if settings.spark.default_catalog else {}
    for name, value in {**default, **settings.spark.conf, **conf}.items():
        session.conf.set(name, value)
    return session


def _gateway(port: int, secret: str, channel: Channel) -> Any:
    wanted = {
        "PYSPARK_GATEWAY_PORT": str(port),
        "PYSPARK_GATEWAY_SECRET": secret,
        "PYSPARK_PIN_THREAD": "true",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        gateway = launch_gateway()
    finally:  # children of this process have no business with its gateway
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    client = gateway._gateway_client  # noqa: SLF001
    send = client.send_command

    def send_command(*args: Any, **kwargs: Any) -> Any:
        try:
            return send(*args, **kwargs)
        except KeyboardInterrupt:
            channel.send({"do": "cancel"})
            raise

    connect = client._create_new_connection  # noqa: SLF001

    def connect_again() -> Any:
        try:
            return connect()
        except Py4JNetworkError:  # seen while the JVM was ending an interrupted connection
            return connect()

    client.send_command = send_command
    client._create_new_connection = connect_again  # noqa: SLF001
    return gateway


def _import_path() -> str:
    """Return where Python workers look for modules: beside the notebook, as it does itself."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join(dict.fromkeys([os.getcwd(), *filter(None, given)]))  # noqa: PTH109


def _silence(name: str) -> None:
    """Keep PySpark from writing each failed query to standard error, besides the exception."""
    from pyspark.logger import PySparkLogger

    logger = PySparkLogger.getLogger(name)
    logger.setLevel(logging.CRITICAL + 1)
