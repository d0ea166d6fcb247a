"""Databricks' paths and secrets in a notebook with Spark: one notebook, one driver."""

from __future__ import annotations

import nbformat
import pytest

pytestmark = pytest.mark.e2e

SECRET = "s3cret-of-spark"

SETTINGS = """
[spark.conf]
"spark.hadoop.fs.lake.impl" = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
"""
"""A scheme that only Hadoop knows; it happens to be the same folder."""

WRITE = """
V = "/Volumes/main/raw/landing"
dbutils.fs.put(f"{V}/in.csv", "id,name\\n1,a\\n2,b\\n")
df = spark.read.option("header", True).csv(f"{V}/in.csv")
df.write.mode("overwrite").save("/dbfs/tmp/delta")
df.write.mode("overwrite").option("path", f"{V}/table").saveAsTable("landed")
df.write.parquet(path=f"{V}/parquet")
print([i.name for i in dbutils.fs.ls("dbfs:/tmp/delta") if i.name.startswith("_")])
"""
READ = """
import pandas as pd
from delta.tables import DeltaTable
counts = [
    spark.read.load("dbfs:/tmp/delta").count(),
    spark.sql(f"SELECT * FROM delta.`{V}/table`").count(),
    spark.sql(f"SELECT * FROM parquet.`dbfs:{V}/parquet`").count(),
    spark.table("landed").count(),
    len(pd.read_csv(f"{V}/in.csv")),
    len(open(f"/dbfs{V}/in.csv").readlines()) - 1,
    spark.sparkContext.textFile(f"{V}/in.csv").count() - 1,
    len(pd.read_parquet(f"{V}/parquet")),
]
spark.sql(f"CREATE TABLE elsewhere (id INT) USING delta LOCATION '{V}/elsewhere'")
spark.sql("INSERT INTO elsewhere VALUES (1)")
DeltaTable.forPath(spark, f"{V}/elsewhere").update(set={"id": "5"})
stream = (
    spark.readStream.load(f"{V}/table").writeStream.option("checkpointLocation", f"{V}/_cp")
    .trigger(availableNow=True).start("/dbfs/tmp/streamed")
)
stream.awaitTermination()
counts.append(spark.read.load("/dbfs/tmp/streamed").count())
print(counts, spark.table("elsewhere").first().id, DeltaTable.isDeltaTable(spark, f"{V}/table"))
print(sorted({f.rpartition("/")[0] for f in df.inputFiles()}))
"""
REMOTE = """
print([i.path for i in dbutils.fs.ls("lake:/Volumes/main/raw/landing/in.csv")])
dbutils.fs.put("lake:/remote/x.txt", "far away")
print(dbutils.fs.head("lake:/remote/x.txt", 3), dbutils.fs.head("dbfs:/remote/x.txt"))
dbutils.fs.cp("lake:/remote", "dbfs:/near", True)
print([i.name for i in dbutils.fs.ls("dbfs:/near")], dbutils.fs.rm("lake:/remote", True))
try:
    dbutils.fs.ls("lake:/remote")
except Exception as error:
    print(error)
"""
ARRIVING = '''
stream = (
    spark.readStream.option("header", True).format("cloudFiles").option("cloudFiles.format", "csv")
    .option("cloudFiles.schemaLocation", f"{V}/_schema").load(f"{V}/*.csv").writeStream
    .option("checkpointLocation", f"{V}/_arrived").trigger(availableNow=True).toTable("arrived")
)
stream.awaitTermination()
print(spark.table("arrived").columns, spark.table("arrived").count())
spark.sql(f"SELECT name FROM read_files('{V}/in.csv') WHERE id = 2").show()
spark.sql(f"""CREATE TABLE sourced AS SELECT *, _metadata.file_name AS file
              FROM read_files('{V}/in.csv')""")
print(spark.table("sourced").columns)
copy = f"""COPY INTO copied FROM (SELECT id::INT, name FROM '{V}') FILEFORMAT = CSV
           PATTERN = '*.csv' FORMAT_OPTIONS ('header' = 'true')"""
for _ in range(2):
    spark.sql("CREATE OR REPLACE TABLE copied (id INT, name STRING)")
    print([spark.sql(copy).first()[0] for _ in range(2)], spark.table("copied").count())
'''
SECRETS = """
import os
print(spark.conf.get("spark.sql.my.secret"), len(spark.conf.get("spark.sql.my.secret")))
display(spark.sql("SELECT * FROM VALUES ('" + dbutils.secrets.get("s", "k") + "') AS t(v)"))
spark.sql("SELECT raise_error('" + dbutils.secrets.get("s", "k") + "') FROM range(2)").collect()
"""


def test_a_notebook_uses_databricks_paths_and_secrets_unchanged(project):
    """Readers, writers, SQL, streams, Auto Loader, pandas and `open` mean the same files."""
    (project.root / "nbkit.toml").open("a").write(SETTINGS)
    project.notebook("files", WRITE, READ, REMOTE, ARRIVING, SECRETS)
    cluster = {"spark_version": "1", "spark_conf": {"spark.sql.my.secret": "{{secrets/s/k}}"}}
    job = project.job(project.notebook_task("files", "files.ipynb", new_cluster=cluster))
    said = project.start("run", job, "--json", NBKIT_SECRET_S_K=SECRET).end(timeout=280)
    (task,) = said.json["tasks"]
    notebook = nbformat.read(project.root / task["output_notebook"], 4)
    texts = [
        "".join(output.get("text", "") for output in cell.get("outputs", []))
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    assert "['_delta_log/']" in texts[0]
    assert "[2, 2, 2, 2, 2, 2, 2, 2, 2] 5 True" in texts[1]
    assert "/Volumes/main/raw/landing']" in texts[1]
    assert "['lake:/Volumes/main/raw/landing/in.csv']" in texts[2]
    assert "far far away" in texts[2]
    assert "['x.txt'] True" in texts[2]
    assert "java.io.FileNotFoundException: No such file or directory lake:/remote" in texts[2]
    assert "['id', 'name', '_rescued_data'] 2" in texts[3]
    assert "|   b|" in texts[3]
    assert "['id', 'name', '_rescued_data', 'file']" in texts[3]
    assert texts[3].endswith("[2, 0] 2\n[2, 0] 2\n")
    assert f"[REDACTED] {len(SECRET)}" in texts[4]
    assert task["state"]["result_state"] == "FAILED"
    assert "[REDACTED]" in task["output"]["error"]
    log = (project.root / ".nbkit" / "driver.log").read_text()
    assert "[REDACTED]" in log  # Spark has written of the task's error
    for path in [*(project.root / "runs").rglob("*"), *(project.root / ".nbkit").rglob("*")]:
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in said.out + said.err
