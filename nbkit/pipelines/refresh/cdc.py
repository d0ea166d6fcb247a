"""AUTO CDC: changes are kept in order, and the table is what they add up to.

Every change goes into a log of the table's own first, once. Then the keys that a batch is about
are worked out anew from all their changes, and merged into the table in one commit. So a change
that comes late finds its place, and a batch that is repeated after a crash changes nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.files.reading import answering
from nbkit.pipelines.refresh import cdc_snapshots, cdc_versions
from nbkit.pipelines.refresh.cdc_versions import OPERATION
from nbkit.pipelines.refresh.flow_session import moved
from nbkit.pipelines.refresh.written import Merged, Written
from nbkit.pipelines.resolve.cdc_columns import END, START, names_of, read_changes
from nbkit.pipelines.resolve.names import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import DataFrame

    from nbkit.pipelines.declare.declarations import Flow
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.live_inputs import LiveInputs
    from nbkit.pipelines.resolve.graph import AnalysedDataset


_VERSION, _DONE = "version.json", "done.json"


class ChangesInto:
    """Applies one flow of changes to a table.

    Args:
        found: the table.
        flow: what the changes are, and how to read them.
        live: answers the query for the source.
        place: the flow's checkpoint; beside it is the log of all changes of the table.
        generation: the life of the table.
    """

    def __init__(
        self,
        found: AnalysedDataset,
        flow: Flow,
        live: LiveInputs,
        place: HadoopFolder,
        generation: str,
    ) -> None:
        assert flow.changes is not None
        self._found = found
        self._flow = flow
        self._changes = flow.changes
        self._live = live
        self._place = place
        self._log = place.beside("nbkit-changes").address
        self._application = f"{generation}-{flow.name}"
        self._written = Written()

    def run(self, finished: Callable[[Any], None]) -> Written:
        """Apply everything that is new.

        Args:
            finished: waits for the end of a stream.
        """
        done = self._place / _DONE
        if self._flow.once and done.read() is not None:
            return self._written
        if self._changes.snapshots:
            self._snapshots()
        else:
            self._stream(finished)
        if self._flow.once:
            done.write("{}")
        return self._written

    def _stream(self, finished: Callable[[Any], None]) -> None:
        with answering(self._live):
            source = read_changes(self._live.spark, self._changes)
        events = moved(cdc_versions.as_events(source, self._changes), self._live.session)
        writer = events.writeStream.foreachBatch(self._batch)
        writer = writer.option("checkpointLocation", str(self._place))
        finished(writer.trigger(availableNow=True).start())

    def _keys(self, source: DataFrame) -> list[str]:
        return names_of(source, self._changes.keys)

    def _batch(self, batch: DataFrame, number: int) -> None:
        batch.persist()
        try:
            if not batch.count():  # fills the cache, too
                return
            writer = batch.write.format("delta").mode("append").option("mergeSchema", "true")
            writer = writer.option("txnAppId", self._application).option("txnVersion", number)
            writer.save(self._log)
            self._written.add_merged(self._merge(batch))
        finally:
            batch.unpersist()

    def _merge(self, batch: DataFrame) -> Merged:
        session, changes = batch.sparkSession, self._changes
        events = session.read.format("delta").load(self._log)
        keys = self._keys(events)
        table = session.read.table(quoted(self._found.key))
        columns = [name for name in table.columns if name not in {START, END}]
        truncated = bool(
            changes.truncates is not None
            and batch.where(f"{OPERATION} = 'truncate'").limit(1).count()
        )
        affected = None if truncated else batch.select(*keys).distinct()
        wanted = cdc_versions.events_of(events, keys, affected)
        if changes.scd_type == 1:
            rows = cdc_versions.newest(wanted, keys, columns, changes)
            on = keys
        else:
            versions = cdc_versions.history(wanted, keys, columns, changes)
            rows = cdc_versions.with_stale(versions, table, keys, affected)
            on = [*keys, START]
        return self._into_table(rows, on, table.columns)

    def _into_table(self, rows: DataFrame, on: Sequence[str], columns: Sequence[str]) -> Merged:
        """Merge rows, with what to do about each, in one commit."""
        from delta.tables import DeltaTable

        same = " AND ".join(f"t.`{name}` <=> s.`{name}`" for name in on)
        others = [name for name in columns if name not in on]
        differs = _differs(rows, others)
        merge = (
            DeltaTable.forName(rows.sparkSession, quoted(self._found.key))
            .alias("t")
            .merge(rows.alias("s"), same)
            .whenMatchedDelete(f"s.{OPERATION} = 'delete'")
        )
        if others:
            values = {f"`{name}`": f"s.`{name}`" for name in others}
            merge = merge.whenMatchedUpdate(differs, set=values)
        inserted = {f"`{name}`": f"s.`{name}`" for name in columns}
        merge = merge.whenNotMatchedInsert(f"s.{OPERATION} <> 'delete'", values=inserted)
        return Merged.of(merge.execute())

    def _snapshots(self) -> None:
        """Follow snapshots: those of a function one by one, or a table as it is now."""
        session = self._live.session
        file = self._place / _VERSION
        source = self._changes.source
        if isinstance(source, str):
            with answering(self._live):
                rows = read_changes(self._live.spark, self._changes)
            self._follow(moved(rows, session), None)
            return
        text = file.read()
        last = None if text is None else json.loads(text)["version"]
        while True:
            with answering(self._live):
                found = source(last)
            if found is None:
                return
            rows, version = found
            self._follow(moved(rows, session), version)
            file.write(json.dumps({"version": version}, default=str))
            last = version

    def _follow(self, snapshot: DataFrame, version: Any) -> None:
        key = self._found.key
        self._written.add_merged(cdc_snapshots.follow(snapshot, version, key, self._changes))


def _differs(rows: DataFrame, columns: Sequence[str]) -> str | None:
    """Return the condition that a row is not as it should be; None where that cannot be told."""
    kinds = {field.name: field.dataType.simpleString() for field in rows.schema}
    if any("map<" in kinds[name] or "variant" in kinds[name] for name in columns):
        return None
    return " OR ".join(f"NOT (t.`{name}` <=> s.`{name}`)" for name in columns)
