"""What a pipeline's sources define while they are evaluated: views, functions, settings.

All sources are evaluated in one session, one after another, as on Databricks. What a source has
defined itself holds for its own datasets, whatever a later one makes of the same name; what it
has not defined, its datasets have from the others, also from later ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.pipelines.scala import option, sequence
from nbkit.spark import apart
from nbkit.spark.session_settings import settings_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SourceSessions:
    """The session that sources are evaluated in, and how it was after each.

    Args:
        spark: the session of the process; nothing that sources say changes it.
    """

    def __init__(self, spark: SparkSession) -> None:
        self.session = apart.copied(spark)
        self._kept: list[SparkSession] = []
        self._defined: tuple[object, ...] = ()

    def kept(self) -> SparkSession:
        """Return a session with all that was defined until now; it is nobody's to change."""
        defined = _defined(self.session)
        if defined != self._defined or not self._kept:  # most sources define nothing
            self._kept.append(apart.copied(self.session))
            self._defined = defined
        return self._kept[-1]

    def complete(self) -> None:
        """Let each source have what only later ones have defined."""
        for each in self._kept:
            _fill(each, self.session)


def _defined(session: SparkSession) -> tuple[object, ...]:
    """Return what is another value as soon as something was defined, or defined anew."""
    state = _state(session)
    names = state.catalogManager()
    return (
        state.catalog().tempViews().hashCode(),
        state.functionRegistry().functionBuilders().hashCode(),
        state.tableFunctionRegistry().functionBuilders().hashCode(),
        state.conf().getAllConfs().hashCode(),
        names.currentCatalog().name(),
        str(names.currentNamespace()[0]) if len(names.currentNamespace()) else "",
    )


def _fill(session: SparkSession, whole: SparkSession) -> None:
    """Give a session what another has and it has not."""
    settings = settings_of(session)
    for name, value in settings_of(whole).items():
        if name not in settings:
            session.conf.set(name, value)
    mine, theirs = _state(session), _state(whole)
    known = set(sequence(mine.catalog().getTempViewNames()))
    for name in sequence(theirs.catalog().getTempViewNames()):
        view = option(theirs.catalog().getRawTempView(name))
        if name not in known and view is not None:
            mine.catalog().createTempView(name, view, False)
    known = set(_functions(mine))
    for name in _functions(theirs):
        if name not in known:
            _take_function(session._jvm, mine, theirs, name)  # noqa: SLF001 - PySpark has no other


def _functions(state: Any) -> list[str]:
    """Return the names of a session's own functions."""
    return [str(each.funcName()) for each in sequence(state.catalog().listTemporaryFunctions())]


def _state(session: SparkSession) -> Any:
    return session._jsparkSession.sessionState()  # noqa: SLF001 - PySpark has no other way


def _take_function(jvm: Any, mine: Any, theirs: Any, name: str) -> None:
    """Register a function of one session in another, whether it gives values or tables."""
    place = (jvm.scala.Some("session"), jvm.scala.Some("system"))
    whole = jvm.org.apache.spark.sql.catalyst.FunctionIdentifier(name, *place)
    for registry in ("functionRegistry", "tableFunctionRegistry"):
        found = getattr(theirs, registry)()
        info = option(found.lookupFunction(whole))
        builder = option(found.lookupFunctionBuilder(whole))
        if builder is not None:
            getattr(mine, registry)().registerFunction(whole, info, builder)
