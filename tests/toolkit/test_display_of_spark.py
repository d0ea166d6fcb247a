"""Spark's DataFrames and SQL cells as a person sees them: one kernel, one driver."""

from __future__ import annotations

import pytest
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a cell of a person; return what it showed as text and as HTML, or its error."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "nbkit.toml").write_text("[spark]\nmemory = '1g'\n")
    manager, client = start_new_kernel(kernel_name="nbkit", cwd=str(folder))

    def run(source):
        found = []
        client.execute_interactive(source, timeout=240, output_hook=found.append)
        contents = [message["content"] for message in found]
        errors = [content["evalue"] for content in contents if "evalue" in content]
        data = [
            message["content"]["data"] for message in found if message["msg_type"] == "display_data"
        ]
        printed = [content["text"] for content in contents if "text" in content]
        texts = [shown["text/plain"] for shown in data]
        return "\n".join([*texts, *printed, *errors]), [shown["text/html"] for shown in data]

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_each_type_reads_well(run):
    """Times in the session's time zone, nested as JSON, binary as hex, two columns of a name."""
    text, (html,) = run(
        "spark.conf.set('spark.sql.session.timeZone', 'America/New_York')\n"
        "display(spark.sql('''SELECT 1 AS a, 'x' AS a, timestamp'2013-01-01 05:00:00' AS t,"
        " cast(0.1 AS float) AS f, binary('ab') AS b, 1.50bd AS d, NULL AS z,"
        " named_struct('p', array(1, NULL), 'q', date'2013-01-01') AS s,"
        " repeat('y', 5000) AS l'''))"
    )
    assert text.splitlines()[1].split(maxsplit=8)[:8] == [
        *("1", "x", "2013-01-01", "05:00:00", "0.1", "0x6162", "1.50", "null")
    ]
    assert "{&quot;p&quot;: [1, null], &quot;q&quot;: &quot;2013-01-01&quot;}" in html
    assert "y" * 1000 + "…" in html
    assert "nbkit-live" in html


def test_one_query_shows_a_table(run):
    """The rows are fetched once, and not counted."""
    text, _ = run(
        "frame = spark.range(0, 20_000, 1, 1)\n"
        "sc.setJobGroup('shown', ''); frame.display(); sc.setJobGroup('', '')\n"
        "print(len(sc.statusTracker().getJobIdsForGroup('shown')), 'job')"
    )
    assert "(first 20 rows; the table has more)" in text
    assert text.endswith("1 job\n")


def test_widgets_in_sql(run):
    """A SQL cell creates a widget, reads it in every form, and names the one that was meant."""
    run("%sql CREATE WIDGET DROPDOWN k DEFAULT '1' CHOICES SELECT id FROM range(3)")
    text, _ = run("%sql SELECT :k AS a, ${k} AS b, getArgument('k') AS c, '${k}' AS d")
    assert text.splitlines()[:2] == ["a  b  c  d", "1  1  1  1"]
    text, _ = run("%sql SELECT * FROM IDENTIFIER(:kk)")
    assert text.endswith("no input widget named kk is defined; nearest: k")


def test_a_stream_shows_what_has_arrived(run):
    """Rows that can be appended, and aggregates that cannot; afterwards nothing runs."""
    text, _ = run(
        "spark.range(30).write.saveAsTable('events')\n"
        "stream = spark.readStream.table('events')\n"
        "display(stream, 25, streamName='x')\n"
        "display(stream.groupBy().count())\n"
        "print(spark.streams.active, [table.name for table in spark.catalog.listTables()])"
    )
    assert "(first 20 rows; the table has more; a stream, as far as it had come when" in text
    assert "count\n30\n(1 row; a stream" in text
    assert text.endswith("[] ['events']\n")
