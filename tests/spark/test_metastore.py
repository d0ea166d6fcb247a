"""`[spark] metastore`: tables of a team, on record in a PostgreSQL database."""

from __future__ import annotations

import pytest

from nbkit.errors import SetupError
from nbkit.settings import Settings
from nbkit.spark import control
from nbkit.spark.lease import attach
from nbkit.spark.metastore import Postgresql, metastore_conf

OPTION = "spark.hadoop.javax.jdo.option.Connection"


def conf_of(tmp_path, url):
    settings = Settings.model_validate({"root": tmp_path, "spark": {"metastore": url}})
    return metastore_conf(settings, tmp_path)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (
            "jdbc:postgresql://h:5/db?user=u&password=p%26q",
            ("jdbc:postgresql://h:5/db", "u", "p&q"),
        ),
        ("jdbc:postgresql://u:p%40q@h/db", ("jdbc:postgresql://h/db", "u", "p@q")),
        ("jdbc:postgresql://h/db", ("jdbc:postgresql://h/db", "", "")),
        (
            "jdbc:postgresql://h1,h2:5/db?ssl=true&user=u&targetServerType=primary",
            ("jdbc:postgresql://h1,h2:5/db?ssl=true&targetServerType=primary", "u", ""),
        ),
        ("jdbc:postgresql:db?user=u", ("jdbc:postgresql:db", "u", "")),
    ],
)
def test_name_and_password_are_taken_out_of_the_address(url, parts):
    """Spark and messages show the address; names of settings say which value is a secret."""
    found = Postgresql.parse(url)
    assert found == Postgresql(*parts)


def test_hive_hears_of_the_database(tmp_path):
    """And makes no table when it first needs one, which waits for ever in PostgreSQL."""
    conf = conf_of(tmp_path, "jdbc:postgresql://h/db?user=u&password=hush")

    assert [key for key, value in conf.items() if "hush" in value] == [f"{OPTION}Password"]
    assert conf[f"{OPTION}DriverName"] == "org.postgresql.Driver"
    assert conf["spark.hadoop.datanucleus.schema.autoCreateAll"] == "false"


@pytest.mark.parametrize("url", ["", "jdbc:mysql://h/db?user=u"])
def test_other_databases_are_left_to_hive(tmp_path, url):
    """By default an embedded one, below `.nbkit/`."""
    conf = conf_of(tmp_path, url)

    assert conf[f"{OPTION}URL"] == url or "databaseName=" in conf[f"{OPTION}URL"]
    assert conf["spark.hadoop.datanucleus.schema.autoCreateAll"] == "true"


@pytest.fixture
def database():
    """An empty database on the loopback: Java knows no unix sockets."""
    from postgresql import Server, programs

    if programs() is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt install postgresql")
    server = Server("127.0.0.1")
    server.start()
    server.sql("CREATE DATABASE metastore")
    yield f"jdbc:postgresql://127.0.0.1:{server.port}/metastore?user=nbkit"
    server.remove()


WORK = """
me = {me!r}
spark.sql("create schema if not exists team")
spark.range(10).write.saveAsTable(f"team.of_{{me}}")
print("written", flush=True)
sys.stdin.readline()
print(spark.table("team.of_{other}").count())
spark.sql("insert into team.of_{other} values (99)")
print("inserted", flush=True)
sys.stdin.readline()
print(sorted(row.tableName for row in spark.sql("show tables in team").collect()))
print(sorted(row.id for row in spark.table(f"team.of_{{me}}").collect())[-2:])
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_drivers_share_one_metastore(database, client, tmp_path):
    """Both start at once on an empty database; each sees at once what the other makes."""

    def settings_of(name, url=database):
        spark = {"metastore": url, "warehouse": str(tmp_path / "lake"), "memory": "700m"}
        return Settings.model_validate(
            {"root": tmp_path / name, "spark": {**spark, "master": "local[1]"}}
        )

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    both = {"one": settings_of("one"), "two": settings_of("two")}
    clients = [
        client(WORK.format(me=me, other=other), both[me])
        for me, other in (("one", "two"), ("two", "one"))
    ]
    try:
        assert [each.line() for each in clients] == ["written", "written"]
        for each in clients:
            each.tell()
        assert [each.line() for each in clients] == ["10", "10"]
        assert [each.line() for each in clients] == ["inserted", "inserted"]
        for each in clients:
            each.tell()
        assert [each.result() for each in clients] == ["['of_one', 'of_two']\n[9, 99]"] * 2
    finally:
        for settings in both.values():
            control.stop(settings)
    nowhere = settings_of("one", database.replace("/metastore", "/nowhere"))
    with pytest.raises(SetupError, match=r"The metastore .*/nowhere cannot be used: .*not exist"):
        attach(nowhere)
