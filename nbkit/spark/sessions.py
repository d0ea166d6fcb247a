"""Inside the JVM: one Spark context for all, and for each lease a session and a gateway.

The threads that serve a gateway inherit, from the thread that starts it, the active session,
the scheduler pool, and the tag and group of its jobs. So whatever a client does, in any of its
threads, is known to be its own and can be ended without asking it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.spark.java_classes import lacking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.spark.jvm import Jvm

_LAST_LOOKS = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6)  # seconds between looks for jobs started meanwhile


def open_root(jvm: Jvm, conf: Mapping[str, str]) -> Any:
    """Create the Spark context; returns its first session, which is nobody's."""
    java = jvm.gateway.jvm
    spark_conf = java.org.apache.spark.SparkConf()
    for name, value in conf.items():
        spark_conf.set(name, value)
    builder = java.org.apache.spark.sql.classic.SparkSession.builder().config(spark_conf)
    root = builder.getOrCreate()
    root.catalog().databaseExists("spark_catalog.default")  # opens the metastore: errors come now
    return root


@dataclass(frozen=True, slots=True)
class LeasedSession:
    """One client's session and gateway in the JVM.

    Attributes:
        name: tag, group and pool of the session's jobs.
        session: the Java `SparkSession`.
        server: the Java gateway server that only this client can talk to.
        refused: settings that Spark would not take, one line each.
    """

    name: str
    session: Any
    server: Any
    refused: tuple[str, ...]

    @classmethod
    def open(cls, jvm: Jvm, root: Any, number: int, conf: Mapping[str, str]) -> LeasedSession:
        """Open a session; to be called in a thread of its own, for what it leaves there."""
        java = jvm.gateway.jvm
        name = f"nbkit-{number}"
        session = root.newSession()
        refused = tuple(filter(None, (_set(session, *setting) for setting in conf.items())))
        context = root.sparkContext()
        java.org.apache.spark.sql.classic.SparkSession.setActiveSession(session)
        context.setLocalProperty("spark.scheduler.pool", name)
        context.setJobGroup(name, name, False)
        context.addJobTag(name)
        server = java.org.apache.spark.api.python.Py4JServer(context.getConf())
        server.start()
        return cls(name, session, server, refused)

    def described(self) -> dict[str, Any]:
        """Return what the client needs to attach."""
        return {
            "gateway_port": self.server.getListeningPort(),
            "secret": self.server.secret(),
            "session": self.session.sessionUUID(),
            "application_id": self.session.sparkContext().applicationId(),
            "name": self.name,
            "refused": self.refused,
            "lacking": lacking(),
        }

    def cancel(self) -> None:
        """Interrupt what the session runs now; it can go on with other work."""
        context = self.session.sparkContext()
        context.cancelJobsWithTag(self.name)
        context.cancelJobsWithTag(f"spark-session-{self.session.sessionUUID()}")

    def close(self) -> None:
        """End the gateway, the streams and the jobs, also those about to start."""
        self.server.shutdown()
        context = self.session.sparkContext()
        context.cancelJobGroupAndFutureJobs(self.name)
        self.session.conf().set("spark.sql.streaming.stopTimeout", "20s")
        for pause in _LAST_LOOKS:
            time.sleep(pause)
            self.cancel()
            for stream in self.session.streams().active():
                stream.stop()
            if pause and not context.statusTracker().getJobIdsForTag(self.name):
                return


def _set(session: Any, name: str, value: str) -> str:
    try:
        session.conf().set(name, value)
    except Exception as error:  # noqa: BLE001 - py4j's error; the client says it in a warning
        return f"{name} = {value}: {first_lines(error)}"
    return ""


def first_lines(error: Exception) -> str:
    """Return what an error says, without the stack trace that py4j puts into it."""
    java = getattr(error, "java_exception", None)
    text = str(java.getMessage()) if java is not None else str(error)
    return "\n".join(text.strip().splitlines()[:3]) or type(error).__name__
