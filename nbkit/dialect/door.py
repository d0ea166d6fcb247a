"""What nbkit changes in PySpark and Delta so that they read SQL, names and paths of Databricks.

`nbkit.replaced` puts it in place as soon as a kernel imports them, and takes it away again.
"""

from __future__ import annotations

import functools

from nbkit.dialect import (
    catalog_in_use,
    catalog_use,
    clones,
    delta_otherwise,
    described,
    function_names,
    local_rows,
    missing_table,
    reader_options,
    row_changes,
    spark_paths,
    sql_call,
    statements,
    udf_hints,
)
from nbkit.replaced import Replacement, put, undone

__all__ = ["REPLACED", "understand", "undone"]

PYSPARK = "pyspark 4.2"
DELTA = "delta-spark 4.4"

_READER = "pyspark.sql.readwriter:DataFrameReader"
_WRITER = "pyspark.sql.readwriter:DataFrameWriter"
_WRITER_2 = "pyspark.sql.readwriter:DataFrameWriterV2"
_STREAM_READER = "pyspark.sql.streaming.readwriter:DataStreamReader"
_STREAM_WRITER = "pyspark.sql.streaming.readwriter:DataStreamWriter"
_CATALOG = "pyspark.sql.catalog:Catalog"
_FRAME = "pyspark.sql.classic.dataframe:DataFrame"
_OF_A_TABLE = (
    *("getTable", "refreshTable", "uncacheTable", "isCached", "recoverPartitions"),
    *("getTableProperties", "listPartitions", "truncateTable"),
)
_LISTS = ("listTables", "listFunctions", "listViews")
_FOUND = "a name of three levels may lie in a catalog that an earlier session has made"
_MADE = "a catalog in which something is made is made too, and one line says so"
_IN_USE = "a name without a catalog is looked for in the one that is in use"
_PATHS = "a path of Databricks without a scheme, such as /Volumes/…, leads to the project's folder"
_OPTION_PATHS = "so do the values of options that are paths"
_OPTION = {"option": "self, key, value"}
_OPTIONS = {"options": "self, **options"}
_LOAD = {"load": "self, path, format, schema, **options"}

REPLACED = (
    Replacement(
        "pyspark.sql.session:SparkSession",
        {"sql": "self, sqlQuery, args, **kwargs"},
        "SQL of Databricks reaches Spark in Spark's words, and is answered where Spark cannot",
        PYSPARK,
        sql_call.through_the_steps,
    ),
    Replacement(
        "pyspark.errors.exceptions.captured",
        {"convert_exception": "e"},
        "an error about a catalog or a connector says what to do about it",
        PYSPARK,
        statements.with_advice,
    ),
    Replacement(
        "pyspark.errors.exceptions.captured:CapturedException",
        {"__str__": "self"},
        "an error about a table that is not there says which are, when it is shown",
        PYSPARK,
        missing_table.shown_with_advice,
    ),
    Replacement(
        "pyspark.sql.pandas.typehints",
        {"infer_eval_type_for_udf": "f"},
        "a method without arguments is a UDF, and no aggregate",
        PYSPARK,
        udf_hints.of_functions,
    ),
    Replacement(
        "pyspark.sql.session:SparkSession",
        {"_create_dataframe": "self, data, schema, samplingRatio, verifySchema"},
        "values fit into columns of other types if they lose nothing, as in Spark Connect",
        PYSPARK,
        local_rows.fitting,
    ),
    Replacement(
        "pyspark.sql.functions",
        {"__all__": "…"},
        "older names of functions come with `import *`, as they did until Spark 4",
        PYSPARK,
        function_names.with_older,
    ),
    Replacement(
        _READER,
        {
            "load": "self, path, format, schema, **options",
            "csv": "self, path, …",
            "json": "self, path, …",
            "orc": "self, path, …",
            "parquet": "self, *paths, **options",
            "text": "self, paths, …",
            "xml": "self, path, …",
        },
        _PATHS,
        PYSPARK,
        spark_paths.any_path,
    ),
    Replacement(
        _WRITER,
        {
            "save": "self, path, format, mode, partitionBy, **options",
            "saveAsTable": "self, name, format, mode, partitionBy, **options",
            "csv": "self, path, …",
            "json": "self, path, …",
            "orc": "self, path, mode, partitionBy, compression",
            "parquet": "self, path, mode, partitionBy, compression",
            "text": "self, path, compression, lineSep",
            "xml": "self, path, …",
        },
        _PATHS,
        PYSPARK,
        spark_paths.any_path,
    ),
    Replacement(
        _STREAM_READER,
        {
            "load": "self, path, format, schema, **options",
            "csv": "self, path, …",
            "json": "self, path, …",
            "orc": "self, path, mergeSchema, pathGlobFilter, recursiveFileLookup",
            "parquet": "self, path, …",
            "text": "self, path, wholetext, lineSep, pathGlobFilter, recursiveFileLookup",
            "xml": "self, path, …",
        },
        _PATHS,
        PYSPARK,
        spark_paths.any_path,
    ),
    Replacement(
        _STREAM_WRITER,
        {
            "start": "self, path, format, outputMode, partitionBy, queryName, **options",
            "toTable": "self, tableName, format, outputMode, partitionBy, queryName, **options",
        },
        _PATHS,
        PYSPARK,
        spark_paths.any_path,
    ),
    Replacement(
        "pyspark.core.context:SparkContext",
        {
            "textFile": "self, name, minPartitions, use_unicode",
            "wholeTextFiles": "self, path, minPartitions, use_unicode",
            "binaryFiles": "self, path, minPartitions",
            "addFile": "self, path, recursive",
        },
        _PATHS,
        PYSPARK,
        spark_paths.any_path,
    ),
    Replacement(
        "pyspark.core.rdd:RDD",
        {
            "saveAsTextFile": "self, path, compressionCodecClass",
            "saveAsPickleFile": "self, path, batchSize",
        },
        _PATHS,
        PYSPARK,
        spark_paths.any_path,
    ),
    Replacement(
        "pyspark.sql.catalog:Catalog",
        {
            "createTable": "self, tableName, path, source, schema, description, **options",
            "createExternalTable": "self, tableName, path, source, schema, **options",
        },
        _PATHS,
        PYSPARK,
        spark_paths.any_path,
    ),
    *(
        entry
        for owner in (_READER, _WRITER, _WRITER_2, _STREAM_READER, _STREAM_WRITER)
        for entry in (
            Replacement(owner, _OPTION, _OPTION_PATHS, PYSPARK, spark_paths.option_path),
            Replacement(owner, _OPTIONS, _OPTION_PATHS, PYSPARK, spark_paths.options_paths),
        )
    ),
    *(
        Replacement(
            owner,
            names,
            "an option of Databricks that Spark would ignore is refused",
            PYSPARK,
            functools.partial(reader_options.checked, batch=owner == _READER),
        )
        for owner in (_READER, _STREAM_READER)
        for names in (_OPTION, _OPTIONS, _LOAD)
    ),
    Replacement(
        "delta.tables:DeltaTable",
        {
            "forPath": "cls, sparkSession, path, hadoopConf",
            "isDeltaTable": "cls, sparkSession, identifier",
        },
        _PATHS,
        DELTA,
        spark_paths.any_path,
    ),
    Replacement(
        "delta.tables:DeltaTable",
        {"convertToDelta": "cls, sparkSession, identifier, partitionSchema"},
        _PATHS,
        DELTA,
        spark_paths.identifier_path,
    ),
    Replacement(
        "delta.tables:DeltaTableBuilder",
        {"location": "self, location"},
        _PATHS,
        DELTA,
        spark_paths.any_path,
    ),
    Replacement(
        "delta.tables:DeltaTableBuilder",
        {"tableName": "self, identifier"},
        "a builder takes names of three levels",
        DELTA,
        statements.of_three_levels,
    ),
    Replacement(
        "delta.tables:DeltaTableBuilder",
        {"execute": "self"},
        "a builder finds what it made in the session's own catalog only",
        DELTA,
        statements.in_the_own_catalog,
    ),
    Replacement(
        "delta.tables:DeltaTable",
        {"vacuum": "self, retentionHours"},
        "files that a shallow clone reads stay, as in Unity Catalog",
        DELTA,
        clones.cleaning,
    ),
    Replacement(
        "delta.tables:DeltaTable",
        {
            "clone": "self, target, isShallow, replace, properties",
            "cloneAtTimestamp": "self, timestamp, target, isShallow, replace, properties",
            "cloneAtVersion": "self, version, target, isShallow, replace, properties",
        },
        "a clone is written down where VACUUM of its source finds it",
        DELTA,
        clones.cloning,
    ),
    Replacement(
        "delta.tables:DeltaTable",
        {"delete": "self, condition"},
        "a condition may have subqueries",
        DELTA,
        row_changes.deleting,
    ),
    Replacement(
        "delta.tables:DeltaTable",
        {"update": "self, condition, set"},
        "a condition and values may have subqueries",
        DELTA,
        row_changes.updating,
    ),
    Replacement(
        "delta.tables:DeltaTable",
        {"forName": "cls, sparkSession, tableOrViewName"},
        "a short name is looked for in the catalog that is in use",
        DELTA,
        statements.of_this_catalog,
    ),
    *(
        Replacement(where, names, _FOUND, of, catalog_use.reading)
        for where, names, of in (
            ("pyspark.sql.session:SparkSession", {"table": "self, tableName"}, PYSPARK),
            (_READER, {"table": "self, tableName"}, PYSPARK),
            (_STREAM_READER, {"table": "self, tableName"}, PYSPARK),
            (_WRITER, {"insertInto": "self, tableName, overwrite"}, PYSPARK),
            (_FRAME, {"mergeInto": "self, table, condition"}, PYSPARK),
            (_CATALOG, dict.fromkeys(_OF_A_TABLE, "self, tableName"), PYSPARK),
            (_CATALOG, dict.fromkeys(_LISTS, "self, dbName, pattern"), PYSPARK),
            (_CATALOG, {"getCreateTableString": "self, tableName, asSerde"}, PYSPARK),
            (_CATALOG, {"analyzeTable": "self, tableName, noScan"}, PYSPARK),
            (_CATALOG, {"dropTable": "self, tableName, ifExists, purge"}, PYSPARK),
            (_CATALOG, {"dropView": "self, viewName, ifExists"}, PYSPARK),
            (_CATALOG, {"dropDatabase": "self, dbName, ifExists, cascade"}, PYSPARK),
            (_CATALOG, {"getDatabase": "self, dbName"}, PYSPARK),
            (_CATALOG, {"getFunction": "self, functionName"}, PYSPARK),
            (_CATALOG, {"cacheTable": "self, tableName, storageLevel"}, PYSPARK),
            (_CATALOG, {"listColumns": "self, tableName, dbName"}, PYSPARK),
            ("delta.tables:DeltaTable", {"forName": "cls, sparkSession, tableOrViewName"}, DELTA),
        )
    ),
    *(
        Replacement(where, names, _MADE, of, catalog_use.making)
        for where, names, of in (
            (
                _WRITER,
                {"saveAsTable": "self, name, format, mode, partitionBy, **options"},
                PYSPARK,
            ),
            (_FRAME, {"writeTo": "self, table"}, PYSPARK),
            (_STREAM_WRITER, {"toTable": "self, tableName, …"}, PYSPARK),
            (_CATALOG, {"createTable": "self, tableName, …"}, PYSPARK),
            (_CATALOG, {"createExternalTable": "self, tableName, …"}, PYSPARK),
            (_CATALOG, {"createDatabase": "self, dbName, ifNotExists, properties"}, PYSPARK),
            (_CATALOG, {"setCurrentCatalog": "self, catalogName"}, PYSPARK),
            ("delta.tables:DeltaTableBuilder", {"tableName": "self, identifier"}, DELTA),
        )
    ),
    Replacement(
        _CATALOG,
        {
            "tableExists": "self, tableName, dbName",
            "getTable": "self, tableName",
            "listColumns": "self, tableName, dbName",
        },
        _IN_USE,
        PYSPARK,
        catalog_in_use.of_tables,
    ),
    Replacement(
        _CATALOG,
        {"databaseExists": "self, dbName", "getDatabase": "self, dbName"},
        _IN_USE,
        PYSPARK,
        catalog_in_use.of_schemas,
    ),
    Replacement(
        _CATALOG,
        dict.fromkeys(("listTables", "listViews"), "self, dbName, pattern"),
        _IN_USE,
        PYSPARK,
        catalog_in_use.listing,
    ),
    Replacement(
        _CATALOG,
        {"setCurrentDatabase": "self, dbName"},
        "a schema may have its catalog before it",
        PYSPARK,
        catalog_use.using,
    ),
    Replacement(
        _CATALOG,
        {
            "tableExists": "self, tableName, dbName",
            "functionExists": "self, functionName, dbName",
            "databaseExists": "self, dbName",
        },
        "nothing is in a catalog in which nothing was made yet, which is no error",
        PYSPARK,
        catalog_use.looking,
    ),
)
"""In this order: of what replaces the same function, the last sees a call first."""


def understand() -> None:
    """Let PySpark and Delta of this process take Databricks' SQL, paths and names of tables.

    Doing it again changes nothing.
    """
    sql_call.fill("immediate", statements.immediately)
    sql_call.fill("copy_into", statements.copied)
    sql_call.fill("unity_catalog", statements.local_first)
    sql_call.fill("described", described.with_described)
    sql_call.fill("clones", clones.with_clones)
    sql_call.fill("row_changes", row_changes.with_row_changes)
    sql_call.fill("delta", delta_otherwise.with_delta_otherwise)
    sql_call.fill("refused", statements.asked_again)
    sql_call.fill("catalogs", catalog_use.with_catalogs)
    sql_call.fill("paths", statements.with_paths)
    put(REPLACED)
