"""`_rescued_data`: what of a record no column takes, kept as JSON text.

Whether a value is exactly one of its column's type is decided in Java (`nbkit/spark/plugin`), where
the file's own text is still there; formats that have types of their own are compared with those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import quoted_part
from nbkit.errors import SetupError
from nbkit.exact.nested_types import plain
from nbkit.pipelines.files import folder_values
from nbkit.pipelines.files.left_over import any_of, refusing
from nbkit.spark import java_classes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

RESCUED = "_rescued_data"
CORRUPT = "_corrupt_record"
VALUE_TAG = "_VALUE"

_PLACE = "_nbkit_"
_ROW = "_nbkit_row"
_PATH = "_nbkit_path"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What rows of files are to be.

    Attributes:
        columns: of them, with those that the names of folders give.
        folders: names of these, in lower case.
        rescued: name of the column for what no other takes; empty for none.
        options: of the format.
        by_place: whether a CSV header that has none of the names stands for them in their order.
        strict: whether a value that no column takes ends the query.
    """

    columns: StructType
    folders: frozenset[str]
    rescued: str
    options: Mapping[str, str]
    by_place: bool = False
    strict: bool = False

    @property
    def own(self) -> StructType:
        """The columns that stand in the files."""
        from pyspark.sql.types import StructType

        return StructType([e for e in self.columns if e.name.lower() not in self.folders])

    def option(self, name: str, otherwise: str = "") -> str:
        """Return an option, however it is spelled."""
        said = {each.lower(): value for each, value in self.options.items()}
        return said.get(name.lower(), otherwise)

    @property
    def case_sensitive(self) -> bool:
        """Whether names of other case are other names."""
        return self.option("readerCaseSensitive", "true").lower() != "false"


def json_rows(texts: DataFrame, wanted: Wanted, text: Column, *, whole: bool, tag: str = "") -> Any:
    """Return JSON texts as rows, and beside them what did not fit.

    Args:
        texts: of files, with what the names of folders say.
        wanted: how they are to be.
        text: the column of texts.
        whole: whether each text is a whole file: any number of records, or arrays of them.
        tag: of records that were XML, what their text is called beside attributes.
    """
    from pyspark.sql import Column as Made
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    spark = texts.sparkSession
    java = _json(spark, wanted, whole=whole, tag=tag)
    path = F.col("_metadata.file_path")
    rows = Made(java.rows(text._jc, path._jc, _kind(spark, _row_type(wanted))))  # noqa: SLF001
    return _laid_out(texts, rows, wanted)


def without_repeats(texts: DataFrame, options: Mapping[str, str], *, whole: bool) -> DataFrame:
    """Return JSON texts that have no name twice in an object, to infer columns from."""
    from pyspark.sql import Column as Made
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import StructType

    nothing = Wanted(StructType(), frozenset(), "", options)
    java = _json(texts.sparkSession, nothing, whole=whole, tag="")
    return texts.select(Made(java.once(F.col("value")._jc)).alias("value"))  # noqa: SLF001


def csv_shape(width: int) -> list[tuple[str, str]]:
    """Return names and types of CSV's values by their places, and of lines that have others."""
    return [*((f"{_PLACE}{at}", "string") for at in range(width)), (CORRUPT, "string")]


def csv_rows(lines: DataFrame, wanted: Wanted, width: int) -> DataFrame:
    """Return lines of CSV as rows, by the names in their own files' headers.

    Args:
        lines: of files, in the shape of `csv_shape`, with what the names of folders say.
        wanted: how they are to be.
        width: how many values there are beside the line.
    """
    from pyspark.sql import Column as Made
    from pyspark.sql import functions as F  # noqa: N812

    spark = lines.sparkSession
    values = F.array(*(F.col(f"{_PLACE}{at}") for at in range(width))).cast("array<string>")
    given = (values._jc, F.col(CORRUPT)._jc, F.col("_metadata.file_path")._jc)  # noqa: SLF001
    rows = Made(_csv(spark, wanted).rows(*given, _kind(spark, _row_type(wanted))))
    return _laid_out(lines, rows, wanted)


def csv_names(files: DataFrame, options: Mapping[str, str]) -> Column:
    """Return the names that CSV files have for their columns, by the column `path`."""
    from pyspark.sql import Column as Made
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import StructType

    java = _csv(files.sparkSession, Wanted(StructType(), frozenset(), "", options))
    return Made(java.names(F.col("path")._jc))  # noqa: SLF001


def xml_shapes(files: DataFrame, options: Mapping[str, str]) -> Column:
    """Return the columns that XML files have, as JSON, by the column `path`: all are texts."""
    from pyspark.sql import Column as Made
    from pyspark.sql import functions as F  # noqa: N812

    spark = files.sparkSession
    xml = spark._jvm.org.apache.spark.sql.catalyst.xml  # noqa: SLF001 - PySpark has no other way
    reading = xml.XmlOptions(_scala(spark, options), "UTC", CORRUPT, True)
    java = _own(spark).XmlShapes(reading, _hadoop(spark))
    return Made(java.of(F.col("path")._jc))  # noqa: SLF001


def looked_into(rows: DataFrame, digests: Iterable[str]) -> DataFrame:
    """Return rows; one of a file that is not among those looked into ends the query."""
    from pyspark.sql import Column as Made
    from pyspark.sql import functions as F  # noqa: N812

    java = _own(rows.sparkSession).LookedInto(" ".join(digests))
    return rows.where(Made(java.of(F.col("_metadata.file_path")._jc)))  # noqa: SLF001


def _laid_out(texts: DataFrame, rows: Column, wanted: Wanted) -> DataFrame:
    """Return rows that Java has made with their names, and what the names of folders say."""
    from pyspark.sql import functions as F  # noqa: N812

    path = F.col("_metadata.file_path").alias(_PATH)
    folders = [name for name in texts.columns if name.lower() in wanted.folders]
    made = texts.select(*map(quoted_part, folders), path, F.explode(rows).alias(_ROW))
    places = {field.name: at for at, field in enumerate(wanted.own)}
    read, left = [], []
    for field in wanted.columns:
        if field.name.lower() not in wanted.folders:
            read.append(F.col(f"{_ROW}.c{places[field.name]}").alias(field.name))
            continue
        text = folder_values.column(made, field.name)
        value, other = folder_values.divided(text, field.dataType)
        read.append(value.alias(field.name))
        left += [] if other is None else [other.alias(field.name)]
    if wanted.rescued:
        read.append(_with_folders(F.col(f"{_ROW}.rest"), left).alias(wanted.rescued))
    elif left:
        made = refusing(made, left, F.col(_PATH))
    return made.select(*read)


def _with_folders(rest: Column, left: Sequence[Column]) -> Column:
    """Return what is left of a record, and before it what is left of the names of its folders."""
    from pyspark.sql import functions as F  # noqa: N812

    if not left:
        return rest
    own = F.to_json(F.struct(*left))
    alone = F.to_json(F.struct(*left, F.col(_PATH).alias("_file_path")))
    both = F.concat(F.left(own, F.length(own) - 1), F.lit(","), F.substr(rest, F.lit(2)))
    return F.when(any_of(left), F.coalesce(both, alone)).otherwise(rest)


def _row_type(wanted: Wanted) -> StructType:
    from pyspark.sql.types import StringType, StructField, StructType

    own = [StructField(f"c{at}", plain(each.dataType)) for at, each in enumerate(wanted.own)]
    return StructType([*own, StructField("rest", StringType())])


def _json(spark: SparkSession, wanted: Wanted, *, whole: bool, tag: str) -> Any:
    jvm: Any = spark._jvm  # noqa: SLF001 - PySpark has no other way
    zone = wanted.option("timeZone", spark.conf.get("spark.sql.session.timeZone"))
    options = _scala(spark, wanted.options)
    reading = jvm.org.apache.spark.sql.catalyst.json.JSONOptions(options, zone, CORRUPT)
    formats = (wanted.option("timestampFormat"), wanted.option("dateFormat"))
    own = _kind(spark, wanted.own)
    how = (wanted.case_sensitive, tag, wanted.strict, whole)
    return _own(spark).JsonRecords(reading, own, zone, *formats, *how)


def _csv(spark: SparkSession, wanted: Wanted) -> Any:
    jvm: Any = spark._jvm  # noqa: SLF001 - PySpark has no other way
    zone = wanted.option("timeZone", spark.conf.get("spark.sql.session.timeZone"))
    options = _scala(spark, wanted.options)
    reading = jvm.org.apache.spark.sql.catalyst.csv.CSVOptions(options, False, zone)
    formats = (wanted.option("timestampFormat"), wanted.option("dateFormat"))
    how = (wanted.case_sensitive, wanted.by_place, wanted.strict)
    own = _kind(spark, wanted.own)
    return _own(spark).CsvRecords(reading, _hadoop(spark), own, zone, *formats, *how)


def _hadoop(spark: SparkSession) -> Any:
    jvm: Any = spark._jvm  # noqa: SLF001 - PySpark has no other way
    conf = spark._jsparkSession.sessionState().newHadoopConf()  # noqa: SLF001
    return jvm.org.apache.spark.util.SerializableConfiguration(conf)


def _scala(spark: SparkSession, options: Mapping[str, str]) -> Any:
    jvm: Any = spark._jvm  # noqa: SLF001 - PySpark has no other way
    return jvm.org.apache.spark.api.python.PythonUtils.toScalaMap(dict(options))


def _kind(spark: SparkSession, columns: StructType) -> Any:
    return spark._jsparkSession.parseDataType(columns.json())  # noqa: SLF001


def _own(spark: SparkSession) -> Any:
    """Return nbkit's own package of Java, which executors elsewhere get too.

    Raises:
        SetupError: this driver has it not.
    """
    from py4j.java_gateway import JavaClass

    package = spark._jvm.nbkit  # noqa: SLF001 - PySpark has no other way
    if not isinstance(package.JsonRecords, JavaClass):
        said = java_classes.problem() or "the driver was started by another version"
        raise SetupError(
            f"Auto Loader needs nbkit's Java classes in the driver: {said}",
            "Start the driver anew: nbkit driver stop",
        )
    context = spark.sparkContext._jsc  # noqa: SLF001
    if not context.isLocal():
        context.sc().addJar(str(java_classes.jar_path()))
    return package
