"""The JVM's class-data archive: classes that Spark and Delta load, parsed and verified once.

Built by a warm-up driver that does what notebooks do, kept in the user's cache, and used by
every driver after. It only ever saves time: without it, or with one that does not fit, the JVM
loads its classes the ordinary way.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit.errors import SetupError
from nbkit.settings import Settings
from nbkit.spark.cache import cache_directory, once
from nbkit.spark.conf import driver_conf
from nbkit.spark.jars import ensure_jars, spark_home
from nbkit.spark.java import find_java
from nbkit.spark.jvm import MODULE_OPTIONS, class_path, start_jvm
from nbkit.spark.sessions import LeasedSession, open_root

if TYPE_CHECKING:
    from typing import Any

_DUMP_SECONDS = 300
_FILE = "spark.jsa"
_WARM_UP = """
create schema bronze
create table bronze.t (n bigint, s string, d date) using delta
insert into bronze.t select id, cast(id as string), date'2013-01-01' from range(1000)
create or replace table bronze.u using delta as select n, s, d, n % 7 as k from bronze.t
merge into bronze.t using bronze.u on t.n = u.n and u.k = 0 when matched then update set s = 'x' \
when not matched then insert *
update bronze.u set s = 'y' where k = 1
delete from bronze.u where k = 2
select t.s, count(*), sum(u.n), avg(u.k), max(t.d), row_number() over (order by t.s) as r \
from bronze.t join bronze.u on t.n = u.n where u.k > 2 group by t.s order by r limit 5
describe history bronze.t
select * from bronze.t version as of 1
insert overwrite directory '{folder}/parquet' using parquet select * from bronze.t
insert overwrite directory '{folder}/csv' using csv options (header true) select * from bronze.t
insert overwrite directory '{folder}/json' using json select * from bronze.t
select count(*) from parquet.`{folder}/parquet`
select count(*) from csv.`{folder}/csv`
select count(*) from json.`{folder}/json`
show tables in bronze
drop table bronze.u
"""


def archive_path() -> Path:
    """Return where the archive for this Java and these jars is, or will be."""
    java = find_java()
    spark_jars = sorted(jar.name for jar in (spark_home() / "jars").glob("*.jar"))
    parts = [str(java.path), java.version, class_path(), *spark_jars, *MODULE_OPTIONS]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return cache_directory() / "class-data" / key / _FILE


def archive_options() -> list[str]:
    """Return the JVM options that use the archive; none while it is not built."""
    archive = archive_path()
    if not archive.exists():
        return []
    return [
        "-Xshare:auto",
        f"-XX:SharedArchiveFile={archive}",
        "-Xlog:cds=off",
        "-Xlog:class+path=off",
    ]


def ensure_class_data() -> Path:
    """Return the archive, building it the first time (which takes half a minute or so).

    Raises:
        SetupError: Spark does not run here, so there is nothing to archive.
    """
    return once(archive_path().parent, _build) / _FILE


def forget_class_data() -> None:
    """Remove all archives, so that the next `ensure_class_data` builds one."""
    shutil.rmtree(cache_directory() / "class-data", ignore_errors=True)


def _build(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="nbkit-spark-") as place:
        scratch = Path(place)
        settings = Settings.model_validate({"root": scratch})
        settings.spark.master = "local[2]"
        jvm = start_jvm(
            settings,
            scratch,
            options=["-Xlog:disable", f"-XX:ArchiveClassesAtExit={folder / _FILE}"],
        )
        try:
            conf = driver_conf(settings, ensure_jars(), scratch)
            _warm_up(open_root(jvm, conf), jvm, scratch)
        finally:
            jvm.end(patience=_DUMP_SECONDS)
    if not (folder / _FILE).exists():
        raise SetupError("This Java did not write a class-data archive.", "Drivers start without.")


def _warm_up(root: Any, jvm: Any, scratch: Path) -> None:
    leased = LeasedSession.open(jvm, root, 0, {})
    for statement in _WARM_UP.strip().format(folder=scratch).splitlines():
        leased.session.sql(statement).collectToPython()
    leased.close()
