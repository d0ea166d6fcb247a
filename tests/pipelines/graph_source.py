"""A pipeline of `graph_cases` as people would write it: Python and SQL, in four styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.graph_oracle import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.graph_cases import Node

_KINDS = {
    "id": "bigint", "k": "string", "n": "bigint", "t": "string", "s": "bigint", "op": "string"
}  # fmt: skip
_ACTIONS = {
    "warn": "", "drop": " ON VIOLATION DROP ROW", "quarantine": " ON VIOLATION QUARANTINE ROW"
}  # fmt: skip
HEAD = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F
"""


class Source:
    """Writes the code of a pipeline.

    Args:
        root: the folder of its sources.
        names: of columns.
        sources: what there is to read.
        nodes: its datasets.
    """

    def __init__(
        self, root: Path, names: dict[str, str], sources: dict[str, Node], nodes: list[Node]
    ) -> None:
        self._root = root
        self._names = names
        self._sources = sources
        self._nodes = {each["name"]: each for each in nodes}
        self._all = ", ".join(map(self._column, COLUMNS))

    def files(self) -> dict[str, str]:
        """Return the text of each source file, by its name."""
        python, sql = [HEAD], []
        for node in self._nodes.values():
            style = node["style"]
            in_sql = style == "sql" and len(node["queries"]) == 1
            (sql if in_sql else python).append(self._sql(node) if in_sql else self._python(node))
        return {"a.py": "\n\n".join(python), "b.sql": "\n\n".join(sql)}

    def _sql(self, node: Node) -> str:
        name, query = node["name"], node["queries"][0]
        if node["kind"] == "cdc":
            op, left_out = self._column("op"), ", ".join(self._left_out())
            return f"""
CREATE TEMPORARY VIEW {name}_in AS SELECT * FROM {self._from("changes", stream=True)};
CREATE OR REFRESH STREAMING TABLE {name};
CREATE FLOW {name}_flow AS AUTO CDC INTO {name} FROM STREAM({name}_in)
KEYS ({self._column("k")}) APPLY AS DELETE WHEN {op} = 'D' SEQUENCE BY {self._column("s")}
COLUMNS * EXCEPT ({left_out}) STORED AS SCD TYPE {node["scd"]};"""
        rules = ", ".join(
            f"CONSTRAINT `{rule.replace('`', '``')}` "
            f"EXPECT ({self._holds(condition)}){_ACTIONS[action]}"
            for rule, condition, action in node["rules"]
        )
        what = {
            "view": "TEMPORARY VIEW",
            "stream": "OR REFRESH STREAMING TABLE",
            "mv": "OR REFRESH MATERIALIZED VIEW",
        }[node["kind"]]
        return f"CREATE {what} {name} {f'({rules})' if rules else ''} AS {self._text(node, query)};"

    def _python(self, node: Node) -> str:
        name = node["name"]
        if node["kind"] == "cdc":
            deletes = f"{self._column('op')} = 'D'"
            return f"""@dp.temporary_view
def {name}_in():
    return {self._frame("changes", stream=True)}

dp.create_streaming_table("{name}")
dp.create_auto_cdc_flow(
    "{name}", "{name}_in", [{self._column("k")!r}], F.col({self._column("s")!r}),
    apply_as_deletes={deletes!r}, except_column_list={self._left_out()!r},
    stored_as_scd_type={node["scd"]},
)"""
        if len(node["queries"]) > 1:
            flows = [
                f"@dp.append_flow(target={name!r})\ndef {name}_{at}():\n{self._body(node, query)}"
                for at, query in enumerate(node["queries"])
            ]
            table = f"dp.create_streaming_table({name!r}, **{self._rules_by_action(node)!r})"
            return "\n\n".join([table, *flows])
        rules = [
            f"@dp.expect{'' if action == 'warn' else f'_or_{action}'}"
            f"({rule!r}, {self._holds(condition)!r})"
            for rule, condition, action in node["rules"]
        ]
        what = {"view": "temporary_view", "stream": "table", "mv": "materialized_view"}
        body = self._body(node, node["queries"][0])
        return "\n".join([*rules, f"@dp.{what[node['kind']]}", f"def {name}():", body])

    def _rules_by_action(self, node: Node) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for rule, condition, action in node["rules"]:
            word = "expect_all" if action == "warn" else f"expect_all_or_{action}"
            found.setdefault(word, {})[rule] = self._holds(condition)
        return found

    def _body(self, node: Node, query: dict[str, Any]) -> str:
        stream = node["kind"] == "stream" or node.get("streaming", False)
        frame = self._frame(query["from"], stream=stream)
        if node["style"] == "view":
            return self._by_views(node, query, frame)
        if node["style"] != "frame" or query.get("form", "plain") not in {"plain", "distinct"}:
            return f"    return spark.sql({self._text(node, query)!r})"
        lines = [f"rows = {frame}"]
        for op in query["ops"]:
            if op[0] == "filter":
                lines.append(f"rows = rows.where({self._holds(op[1])!r})")
            else:
                value = self._value(op[1], op[2])
                lines.append(f"rows = rows.withColumn({self._names[op[1]]!r}, F.expr({value!r}))")
        picked = "" if node.get("raw") else f".select({[*map(self._column, COLUMNS)]!r})"
        again = ".distinct()" if query.get("form") == "distinct" else ""
        return "\n".join(f"    {line}" for line in [*lines, f"return rows{picked}{again}"])

    def _by_views(self, node: Node, query: dict[str, Any], frame: str) -> str:
        """Return a query over temporary views whose names all queries share."""
        lines = [f'{frame}.createOrReplaceTempView("src")']
        other = "src"
        if query.get("other"):
            second = self._frame(query["other"], stream=False)
            lines.append(f'{second}.createOrReplaceTempView("other")')
            other = "other"
        text = "SELECT * FROM src" if node.get("raw") else self._formed(query, "src", other)
        return "\n".join(f"    {line}" for line in [*lines, f"return spark.sql({text!r})"])

    def _text(self, node: Node, query: dict[str, Any]) -> str:
        stream = node["kind"] == "stream" or node.get("streaming", False)
        relation = self._from(query["from"], stream=stream)
        if node.get("raw"):
            return f"SELECT * FROM {relation}"
        other = self._from(query["other"], stream=False) if query.get("other") else ""
        return self._formed(query, relation, other)

    def _formed(self, query: dict[str, Any], relation: str, other: str) -> str:
        """Return the text of a query over a relation, and another one."""
        rows = f"SELECT {self._all} FROM {relation}"
        for op in query["ops"]:
            if op[0] == "filter":
                rows = f"SELECT * FROM ({rows}) WHERE {self._holds(op[1])}"
                continue
            columns = [
                f"{self._value(name, op[2])} AS {self._column(name)}"
                if name == op[1]
                else self._column(name)
                for name in COLUMNS
            ]
            rows = f"SELECT {', '.join(columns)} FROM ({rows})"
        i, k, n, t = map(self._column, COLUMNS)
        summed = f"(SELECT {k}, sum({n}) AS {n}, min({t}) AS {t} FROM {other} GROUP BY {k})"
        joined = f"SELECT a.{i}, a.{k}, a.{n} + b.{n} AS {n}, b.{t} FROM ({rows}) a"
        grouped = f"max({i}) AS {i}, {k}, sum({n}) AS {n}, min({t}) AS {t}"
        window = f"sum({n}) OVER (PARTITION BY {k}) AS {n}"
        exists = f"EXISTS (SELECT 1 FROM {other} b WHERE b.{k} = a.{k})"
        return {
            "plain": rows,
            "group": f"SELECT {grouped} FROM ({rows}) GROUP BY {k}",
            "join": f"{joined} JOIN {summed} b ON a.{k} = b.{k}",
            "left": f"{joined} LEFT JOIN {summed} b ON a.{k} = b.{k}",
            "union": f"{rows} UNION ALL SELECT {self._all} FROM {other}",
            "distinct": f"SELECT DISTINCT * FROM ({rows})",
            "semi": f"SELECT * FROM ({rows}) WHERE {k} IN (SELECT {k} FROM {other})",
            "anti": f"SELECT * FROM ({rows}) a WHERE NOT {exists}",
            "window": f"SELECT {i}, {k}, {window}, {t} FROM ({rows})",
        }[query.get("form", "plain")]

    def _frame(self, name: str, *, stream: bool) -> str:
        """Return Python that reads a dataset or a source."""
        if name in self._nodes:
            if stream:
                return f"spark.readStream.table({name!r})"
            return f"spark.read.table({name!r})"
        path, source = str(self._root / name), self._sources[name]
        if source["kind"] == "delta":
            return f"spark.{'readStream' if stream else 'read'}.format('delta').load({path!r})"
        if not stream:
            return f"spark.sql({f'SELECT * FROM {self._from(name, stream=False)}'!r})"
        given = {"format": source["format"], "schemaHints": self._hints(name)}
        options = "".join(f".option('cloudFiles.{key}', {value!r})" for key, value in given.items())
        return f"spark.readStream.format('cloudFiles'){options}.load({path!r})"

    def _from(self, name: str, *, stream: bool) -> str:
        """Return SQL that reads a dataset or a source."""
        if name in self._nodes:
            return f"STREAM({name})" if stream else name
        path, source = str(self._root / name), self._sources[name]
        if source["kind"] == "delta":
            return f"STREAM delta.`{path}`" if stream else f"delta.`{path}`"
        hints = literal(self._hints(name))
        said = f"read_files('{path}', format => '{source['format']}', schemaHints => {hints})"
        return f"STREAM {said}" if stream else said

    def _hints(self, name: str) -> str:
        columns = [*COLUMNS, *(("s", "op") if name == "changes" else ())]
        return ", ".join(f"{self._column(each)} {_KINDS[each]}" for each in columns)

    def _left_out(self) -> list[str]:
        rescued = ["_rescued_data"] if self._sources["changes"]["kind"] == "files" else []
        return [self._column("s"), self._column("op"), *rescued]

    def _column(self, name: str) -> str:
        return f"`{self._names[name].replace('`', '``')}`"

    def _value(self, name: str, change: list[Any]) -> str:
        kind, value = change
        column = self._column(name)
        if kind == "or":
            return f"coalesce({column}, {literal(value)})"
        if isinstance(value, str):
            return f"concat({column}, {literal(value)})"
        return f"{column} + {value}"

    def _holds(self, condition: list[Any]) -> str:
        name, kind, value = condition
        column = self._column(name)
        if kind == "there":
            return f"{column} IS NOT NULL"
        if kind == "mod":
            return f"{column} % {value} = 0"
        if kind == "in":
            return f"{column} IN ({', '.join(map(literal, value))})"
        return f"{column} {kind} {literal(value)}"


def literal(value: Any) -> str:
    """Return a value as SQL writes it."""
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return str(value)
