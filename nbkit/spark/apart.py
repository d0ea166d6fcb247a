"""Sessions of their own behind one name: whose query is being made decides what `spark` is.

People's code has one `spark`: a global of its module, of a helper module, or what PySpark calls
the active session. While a query is made in `within`, all of them mean the session given there, in
this thread: what it sets, and the views and functions that it makes, are seen by nobody else.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.replaced import Replacement, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyspark.sql import DataFrame, SparkSession

_here: ContextVar[SparkSession | None] = ContextVar("nbkit_session_here", default=None)
_PYSPARK = "pyspark 4.2"


def here() -> SparkSession | None:
    """Return the session that `within` has said in this thread; None outside of it."""
    return _here.get()


def copied(session: SparkSession, conf: Mapping[str, str] | None = None) -> SparkSession:
    """Return a session that begins as a copy of another, and goes its own way from there.

    Args:
        session: its settings, temporary views, functions, and current schema are copied.
        conf: settings of the copy alone.
    """
    from pyspark.sql import SparkSession as Plain

    java = getattr(session, "_own", None) or session._jsparkSession  # noqa: SLF001 - not `here`
    made = java.cloneSession()
    current = java.sessionState().catalogManager().currentCatalog().name()
    names = made.sessionState().catalogManager()
    if {names.currentCatalog().name(), current} != {"spark_catalog"}:
        names.setCurrentCatalog(current)  # Spark copies the session catalog's schema alone
        names.setCurrentNamespace(java.sessionState().catalogManager().currentNamespace())
    copy = Plain(session.sparkContext, made)
    for name, value in (conf or {}).items():
        copy.conf.set(name, value)
    return copy


def moved(rows: DataFrame, session: SparkSession) -> DataFrame:
    """Return the same query in another session, which will run it with its own settings."""
    from pyspark.sql import DataFrame as Plain

    jvm = session._jvm  # noqa: SLF001 - PySpark has no other way
    plan = rows._jdf.logicalPlan()  # noqa: SLF001
    java = jvm.org.apache.spark.sql.classic.Dataset.ofRows(session._jsparkSession, plan)  # noqa: SLF001
    return Plain(java, session)


@contextmanager
def within(session: SparkSession) -> Iterator[None]:
    """Let every name that people's code has for its session mean this one, in this thread."""
    from pyspark.sql import SparkSession

    put(REPLACED)
    java: Any = session._jvm.org.apache.spark.sql.classic.SparkSession  # noqa: SLF001 - as above
    before = java.getActiveSession()
    token = _here.set(session)
    java.setActiveSession(session._jsparkSession)  # noqa: SLF001
    try:
        yield
    finally:
        _here.reset(token)
        SparkSession._activeSession = SparkSession._instantiatedSession  # noqa: SLF001
        if before.isDefined():
            java.setActiveSession(before.get())
        else:
            java.clearActiveSession()


@contextmanager
def nothing_global(name: str) -> Iterator[None]:
    """Refuse global temporary views: those are seen by every session of the driver.

    Args:
        name: of what makes its query, for the message.

    Raises:
        UsageError: it made one, which is taken away again.
    """
    session = here()
    assert session is not None
    catalog = session._jsparkSession.sessionState().catalog()  # noqa: SLF001 - as above
    before = _global_views(catalog)
    yield
    for view, made in _global_views(catalog).items():
        if view not in before or before[view] != made:
            catalog.dropGlobalTempView(view)
            raise UsageError(
                f"{name} makes the global temporary view {view}, which every query of this Spark "
                "driver would see: make it a temporary view, or a dataset of the pipeline"
            )


def _global_views(catalog: Any) -> dict[str, Any]:
    names = catalog.globalTempViewManager().listViewNames("*")
    listed = [str(names.apply(at)) for at in range(names.size())]
    return {name: catalog.getRawGlobalTempView(name).get() for name in listed}


def of_batch(handler: Callable[[DataFrame, int], object]) -> Callable[[DataFrame, int], object]:
    """Return a function of batches that runs each in the batch's own session."""

    @functools.wraps(handler)
    def handle(batch: DataFrame, number: int) -> object:
        with within(batch.sparkSession):
            return handler(batch, number)

    return handle


def _active(call: Callable[..., Any]) -> Callable[..., Any]:
    """Answer with the session that is meant, in this thread."""

    @functools.wraps(call)
    def active(cls: Any) -> Any:
        return call(cls) if here() is None else cls._instantiatedSession

    return active


def _made_here(call: Callable[..., Any]) -> Callable[..., Any]:
    """Make a view in the session that is meant, and not where its DataFrame came from."""

    @functools.wraps(call)
    def make(self: Any, *args: Any, **named: Any) -> Any:
        session = here()
        return call(self if session is None else moved(self, session), *args, **named)

    return make


REPLACED = (
    Replacement(
        "pyspark.sql.classic.dataframe:DataFrame",
        {
            "createTempView": "self, name",
            "createOrReplaceTempView": "self, name",
            "registerTempTable": "self, name",
        },
        "a temporary view is made in the session of the query that makes it",
        _PYSPARK,
        _made_here,
    ),
    Replacement(
        "pyspark.sql.session:SparkSession",
        {"getActiveSession": "cls"},
        "while a query is made, the active session is that query's own",
        _PYSPARK,
        _active,
    ),
)
