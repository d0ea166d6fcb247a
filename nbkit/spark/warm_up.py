"""What notebooks commonly do, in small: to load and compile its classes ahead of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_STATEMENTS = """
create or replace table delta.`{folder}/t` (n bigint, s string, d date) using delta
insert into delta.`{folder}/t` select id, cast(id as string), date'2013-01-01' from range(1000)
create or replace table delta.`{folder}/u` using delta as select n, s, n % 7 as k from delta.`{folder}/t`
merge into delta.`{folder}/t` t using delta.`{folder}/u` u on t.n = u.n and u.k = 0 when matched then update set s = 'x' when not matched then insert (n, s) values (u.n, u.s)
select t.s, count(*), sum(u.n), avg(u.k), max(t.d), row_number() over (order by t.s) as r from delta.`{folder}/t` t join delta.`{folder}/u` u on t.n = u.n where u.k > 2 group by t.s order by r limit 5
update delta.`{folder}/u` set s = 'y' where k = 1
delete from delta.`{folder}/u` where k = 2
describe history delta.`{folder}/t`
insert overwrite directory '{folder}/parquet' using parquet select * from delta.`{folder}/t`
insert overwrite directory '{folder}/csv' using csv options (header true) select * from delta.`{folder}/t`
select count(*) from parquet.`{folder}/parquet`
select count(*) from csv.`{folder}/csv`
"""  # noqa: E501 - one statement, one line

_IN_THE_CATALOG = """
create schema if not exists bronze
create or replace table bronze.t using delta as select * from delta.`{folder}/t`
insert into bronze.t select * from delta.`{folder}/t`
select * from bronze.t version as of 1
show tables in bronze
drop table bronze.t
"""


def statements(folder: Path, *, catalog: bool = True) -> list[str]:
    """Return the statements, which write below a folder and, if allowed, in schema `bronze`."""
    text = _STATEMENTS + (_IN_THE_CATALOG if catalog else "")
    return [line.format(folder=folder) for line in text.splitlines() if line]


def run(session: Any, statement: str) -> None:
    """Run one statement in a Java session, with its result brought over as a notebook would."""
    session.sql(statement).collectToPython()
