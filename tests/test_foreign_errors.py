"""The table of messages that are looked at: each is made anew by the library that says it."""

from __future__ import annotations

import ast
import socket
import struct
import threading
import time
import tomllib
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic_settings import SettingsError

from nbkit.foreign_errors import EVERY
from nbkit.replaced import undone
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OTHERS = "[TABLE_OR_VIEW_NOT_FOUND] The table or view `s`.`t` cannot be found. SQLSTATE: 42P01"


def text(act: Callable[[], object]) -> str:
    """What is said by whatever an action raises."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever it is, its text is what is wanted
        return str(error)
    raise AssertionError("nothing was raised")


def closed_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def of_grpc(_: Any) -> list[str]:
    import grpc

    channel = grpc.insecure_channel(f"127.0.0.1:{closed_port()}")
    return [text(lambda: channel.unary_unary("/a/b")(b"", timeout=30))]


def of_py4j(_: Any) -> list[str]:
    """The tracebacks of both of py4j's clients without a server."""
    from py4j.clientserver import ClientServer, JavaParameters, PythonParameters
    from py4j.java_gateway import GatewayParameters, JavaGateway

    port = closed_port()
    clients = [
        JavaGateway(gateway_parameters=GatewayParameters(port=port)),
        ClientServer(JavaParameters(port=port), PythonParameters(port=0, eager_load=False)),
    ]
    found = []
    for client in clients:
        try:
            client.jvm.java.lang.System.nanoTime()
        except Exception:  # noqa: BLE001
            found.append(traceback.format_exc())
    return found


def of_tomllib(_: Any) -> list[str]:
    return [text(lambda: tomllib.loads("a = 1\nb = s3cret\n"))]


def of_settings(monkeypatch: Any) -> list[str]:
    monkeypatch.setenv("NBKIT_SPARK", "{")
    with pytest.raises(SettingsError) as error:
        Settings()
    return [str(error.value)]


FAST: dict[str, Callable[[Any], list[str]]] = {
    "NO_SERVER": of_grpc,
    "PY4J_CONNECTION": of_py4j,
    "PLACE_IN_TOML": of_tomllib,
    "FIELD_OF_SETTINGS": of_settings,
}
INTEREST = {"PLACE_IN_TOML": {"2"}, "FIELD_OF_SETTINGS": {"spark"}}
"""What is looked for in a message, where that is not the mere fact."""


def test_the_whole_table_is_made_anew() -> None:
    """A row that nobody can provoke is none."""
    assert FAST.keys() | OF_SPARK.keys() == EVERY.keys()
    assert not FAST.keys() & OF_SPARK.keys()


LOOKS = {"startswith", "endswith", "find", "index", "count", "search", "match", "fullmatch"}
ROOT = Path(__file__).parents[1]


def looked_at(file: Path) -> Iterator[str]:
    """Yield the lines in which the text of a caught error is compared with something."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    handlers = [each for each in ast.walk(tree) if isinstance(each, ast.ExceptHandler)]
    for handler in handlers:
        for node in ast.walk(handler):
            texts: list[ast.expr] = []
            if isinstance(node, ast.Compare):
                texts = [node.left, *node.comparators]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                texts = [node.func.value, *node.args] if node.func.attr in LOOKS else []
            if any(_is_text_of(each, handler.name) for each in texts):
                yield f"{file.relative_to(ROOT)}:{node.lineno}"


def _is_text_of(node: ast.expr, name: str | None) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "str"
        and any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(node))
    )


def test_nobody_else_looks_at_a_message() -> None:
    """What is caught is known by its class, condition or code, or by a row of the table."""
    files = sorted((ROOT / "nbkit").rglob("*.py"))
    assert [line for file in files for line in looked_at(file)] == []


@pytest.mark.parametrize("name", EVERY)
def test_each_says_why_and_finds_nothing_else(name: str) -> None:
    """A message of another kind is none of these."""
    assert EVERY[name].why
    assert EVERY[name].said(OTHERS) == ""
    assert EVERY[name].said("") == ""


@pytest.mark.parametrize("name", FAST)
def test_messages_that_need_no_spark(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the libraries of now write them."""
    found = [EVERY[name].said(each) for each in FAST[name](monkeypatch)]
    assert found
    assert all(found)
    assert set(found) == INTEREST.get(name, set(found))


class Real:
    """A real session, and what it needs to fail."""

    def __init__(self, spark: Any, folder: Path) -> None:
        self.spark, self.jvm, self.folder = spark, spark._jvm, folder
        spark.sql("CREATE SCHEMA real")
        spark.sql("CREATE TABLE real.t USING delta AS SELECT id FROM range(3)")

    def sql(self, *statements: str) -> list[str]:
        return [text(lambda each=each: self.spark.sql(each)) for each in statements]

    def no_plugin(self) -> list[str]:
        self.spark.conf.set("spark.sql.catalog.gone", "nbkit.ProjectCatalogGone")
        return self.sql("SELECT * FROM gone.s.t")

    def no_path(self) -> list[str]:
        return [text(lambda: self.spark.read.csv(str(self.folder / "nothing")))]

    def no_catalog(self) -> list[str]:
        ways = (
            lambda: self.spark.table("nope.s.t"),
            lambda: self.spark.range(1).write.saveAsTable("nope.s.t"),
            lambda: self.spark.catalog.setCurrentCatalog("nope"),
        )
        found = self.sql("CREATE SCHEMA nope.s", "USE nope.s", "SHOW TABLES IN nope.s")
        return [*found, *map(text, ways)]

    def no_source(self) -> list[str]:
        names = ("kafka2", "avro")
        return [text(self.spark.read.format(name).load) for name in names]

    def no_scheme(self) -> list[str]:
        return [text(lambda: self.spark.read.csv("nope://a/b"))]

    def no_class(self) -> list[str]:
        schemes = ("gs", "s3a", "abfss")
        return [text(lambda each=each: self.spark.read.csv(f"{each}://a@b/c")) for each in schemes]

    def no_variant(self) -> list[str]:
        return self.sql("SELECT s:a FROM VALUES ('x') t(s)")

    def no_clone(self) -> list[str]:
        self.spark.sql("CREATE TABLE real.full USING delta AS SELECT id FROM range(1)")
        return self.sql("CREATE OR REPLACE TABLE real.full SHALLOW CLONE real.t")

    def not_to_null(self) -> list[str]:
        return self.sql("ALTER TABLE real.t ALTER COLUMN id SET NOT NULL")

    def conflict(self) -> list[str]:
        """Another one writes between the look of a deletion and its commit."""
        looked, go_on = self.folder / "looked", self.folder / "go_on"

        def waiting(_: int) -> bool:
            looked.touch()
            while not go_on.exists():
                time.sleep(0.01)
            return True

        self.spark.udf.register("waiting", waiting, "boolean")
        found: list[str] = []
        deletion = "DELETE FROM real.t WHERE id = 1 AND waiting(id)"
        thread = threading.Thread(target=lambda: found.extend(self.sql(deletion)))
        thread.start()
        while not looked.exists() and thread.is_alive():
            time.sleep(0.01)
        self.spark.sql("UPDATE real.t SET id = 5 WHERE id = 1")
        go_on.touch()
        thread.join()
        return found

    def table_exists(self) -> list[str]:
        """As the metastore says it to the one of two who comes second."""
        client = self.spark._jsparkSession.sharedState().externalCatalog().unwrapped().client()
        return [text(lambda: client.createTable(client.getTable("real", "t"), False))]

    def no_network(self) -> list[str]:
        net = self.jvm.java.net
        with socket.create_server(("127.0.0.1", 0)) as server:
            client = net.Socket("127.0.0.1", server.getsockname()[1])
            accepted, _ = server.accept()
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            reset = text(lambda: client.getInputStream().read())
        refused = text(lambda: net.Socket("127.0.0.1", closed_port()))
        return [reset, refused, text(lambda: net.InetAddress.getByName("nope.invalid"))]

    def write_failed(self) -> list[str]:
        """As the tasks of a write say it; PySpark takes it off again where it knows the cause."""
        errors = getattr(self.jvm.org.apache.spark.sql.errors, "QueryExecutionErrors$")
        cause = self.jvm.java.lang.RuntimeException("odd")
        made = getattr(errors, "MODULE$").taskFailedWhileWritingRowsError("/a", cause)
        return [made.getMessage()]

    def machine_failed(self) -> list[str]:
        """A full disk; of others, which no test makes, the names that Spark writes."""
        lang, spark = self.jvm.java.lang, self.jvm.org.apache.spark
        names = ("memory.SparkOutOfMemoryError", "shuffle.FetchFailedException")
        full = text(lambda: self.jvm.java.io.FileOutputStream("/dev/full").write(1))
        lost = spark.ExecutorLostFailure("1", True, self.jvm.scala.Option.empty())
        classes = [lang.Class.forName(f"org.apache.spark.{name}").getName() for name in names]
        waited = lang.Class.forName("java.util.concurrent.TimeoutException").getName()
        return [full, lost.toErrorString(), *classes, waited]

    def python_raised(self) -> list[str]:
        from pyspark.sql.functions import udf

        return [text(self.spark.range(1).select(udf(lambda _: 1 / 0)("id")).collect)]

    def call_failed(self) -> list[str]:
        lang = self.jvm.java.lang
        return [text(lambda: lang.Class.forName("no.Such")), text(self.spark._jsc.nope)]

    def types_differ(self) -> list[str]:
        place = self.folder / "parquet"
        self.spark.range(1).write.parquet(str(place / "n=1"))
        self.spark.range(1).selectExpr("'x' AS id").write.parquet(str(place / "n=2"))
        return [text(lambda: self.spark.read.option("mergeSchema", True).parquet(str(place)))]

    def place_in_query(self) -> list[str]:
        return self.sql("SELECT\n nope", "SELECT 1\n +")

    def java_refused(self) -> list[str]:
        lang = self.jvm.java.lang
        return [text(lambda: lang.System.nope), text(self.spark._jsc.nope)]

    def stopped(self) -> list[str]:
        """While a job goes on, and after it; nothing comes after this."""
        begun = self.folder / "begun"

        def slowly(_: int) -> None:
            begun.touch()
            time.sleep(600)

        from pyspark.sql.functions import udf

        rows = self.spark.range(1).select(udf(slowly)("id"))
        found: list[str] = []
        thread = threading.Thread(target=lambda: found.append(text(rows.collect)))
        thread.start()
        while not begun.exists() and thread.is_alive():
            time.sleep(0.01)
        context = self.spark._jsc.sc()
        context.stop()
        thread.join()
        later = text(lambda: self.spark.range(1).count())
        any_kind = self.jvm.scala.reflect.ClassTag.Any()
        return [*found, later, text(lambda: context.emptyRDD(any_kind).count())]


OF_SPARK: dict[str, Callable[[Real], list[str]]] = {
    "NO_PLUGIN": Real.no_plugin,
    "NO_PATH": Real.no_path,
    "NO_CATALOG": Real.no_catalog,
    "NO_SOURCE": Real.no_source,
    "NO_SCHEME": Real.no_scheme,
    "NO_CLASS": Real.no_class,
    "NO_VARIANT": Real.no_variant,
    "NO_CLONE": Real.no_clone,
    "NOT_TO_NULL": Real.not_to_null,
    "CONFLICT": Real.conflict,
    "TABLE_EXISTS": Real.table_exists,
    "NO_NETWORK": Real.no_network,
    "WRITE_FAILED": Real.write_failed,
    "MACHINE_FAILED": Real.machine_failed,
    "PYTHON_RAISED": Real.python_raised,
    "CALL_FAILED": Real.call_failed,
    "TYPES_DIFFER": Real.types_differ,
    "PLACE_IN_QUERY": Real.place_in_query,
    "JAVA_REFUSED": Real.java_refused,
    "STOPPED": Real.stopped,
}
INTEREST |= {
    "NO_CATALOG": {"nope"},
    "NO_SOURCE": {"kafka2", "avro"},
    "NO_SCHEME": {"nope"},
    "NO_CLASS": {"gs", "s3a", "azurebfs"},
    "PYTHON_RAISED": {"ZeroDivisionError: division by zero"},
    "CALL_FAILED": {
        "java.lang.ClassNotFoundException: no.Such",
        "py4j.Py4JException: Method nope([]) does not exist",
    },
    "PLACE_IN_QUERY": {"2"},
}


@pytest.mark.e2e
def test_messages_of_spark(tmp_path: Path) -> None:
    """Of Spark, Delta, Hadoop, Hive, Java and py4j, in one session that ends with the last one."""
    from nbkit.spark.lease import attach, hold

    wrong: dict[str, object] = {}
    settings = Settings.model_validate({"root": tmp_path, "spark": {"memory": "1g"}})
    with hold(settings), undone():  # another test of this process may have made `sql` nbkit's
        real = Real(attach(settings), tmp_path)
        for name, make in OF_SPARK.items():
            messages = make(real)
            found = [EVERY[name].said(each) for each in messages]
            if not found or not all(found) or set(found) != INTEREST.get(name, set(found)):
                wrong[name] = found, messages
        real.spark.stop()
    assert not wrong
