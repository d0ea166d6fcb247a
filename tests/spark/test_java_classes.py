"""The Java classes by themselves: called in a bare JVM, without a session, table by table."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest
from py4j.java_collections import JavaArray, JavaMap
from py4j.java_gateway import GatewayParameters, JavaGateway, JavaObject, launch_gateway
from py4j.protocol import Py4JJavaError

from nbkit.spark.jars import spark_home
from nbkit.spark.java import find_java
from nbkit.spark.jvm import MODULE_OPTIONS, class_path

TYPES = "org.apache.spark.sql.types"
PATH = "file:///in/a b.json"


@pytest.fixture(scope="module")
def gateway():
    """A JVM with Spark's jars and nbkit's own, and nothing running in it."""
    py4j_jar = next((spark_home() / "jars").glob("py4j*.jar"))
    port, secret, process = launch_gateway(
        jarpath=str(py4j_jar),
        classpath=class_path(),
        java_path=str(find_java().path),
        javaopts=["-XX:TieredStopAtLevel=1", *MODULE_OPTIONS],
        die_on_exit=True,
        enable_auth=True,
        return_proc=True,
    )
    parameters = GatewayParameters(port=port, auth_token=secret, auto_convert=True)
    made = JavaGateway(gateway_parameters=parameters)
    yield made
    made.shutdown()
    process.stdin.close()
    process.wait()


@pytest.fixture(scope="module")
def jvm(gateway):
    return gateway.jvm


def columns(jvm, ddl, *, said=False):
    """Columns by their DDL; `said` where an author has written their types."""
    types = jvm.org.apache.spark.sql.types
    made = types.StructType.fromDDL(ddl) if ddl else types.StructType()
    if not said:
        return made
    text = made.json().replace('"metadata":{}', '"metadata":{"nbkit.said":true}')
    return types.DataType.fromJson(text)


def json_records(jvm, ddl, *, said=False, case=True, tag="", strict=False, whole=False, zone="UTC"):
    scala = jvm.org.apache.spark.api.python.PythonUtils.toScalaMap({})
    json = jvm.org.apache.spark.sql.catalyst.json
    options = json.JSONOptions(scala, zone, "_corrupt_record")
    own = columns(jvm, ddl, said=said)
    return jvm.nbkit.JsonRecords(options, own, zone, "", "", case, tag, strict, whole)


def plain(value):
    """A value of Java's as Python writes it; rows, arrays and times as texts."""
    if isinstance(value, JavaArray):
        return [plain(each) for each in value]
    if isinstance(value, JavaMap):
        return {key: plain(each) for key, each in value.items()}
    return value.toString() if isinstance(value, JavaObject) else value


def rows(records, text, path=PATH):
    """Rows of a text, each as its values and what is left, without the file's name."""
    found = []
    for row in records.call(text, path):
        values = [plain(row.get(at)) for at in range(row.length())]
        rest = values.pop()
        if rest is not None:
            assert rest.endswith(f',"_file_path":"{path}"}}')
            rest = rest.removesuffix(f',"_file_path":"{path}"}}') + "}"
        found.append((values, rest))
    return found


FITS = [  # type, value in the file, in the column
    ("BIGINT", "9223372036854775807", 9223372036854775807),
    ("BIGINT", "1.0", 1),
    ("BIGINT", "1e3", 1000),
    ("BIGINT", "-0", 0),
    ("INT", "-2147483648", -2147483648),
    ("TINYINT", "-128", -128),
    ("DECIMAL(5,2)", "123.45", Decimal("123.45")),
    ("DECIMAL(5,2)", "1.2300", Decimal("1.23")),
    ("DECIMAL(5,2)", "0e99", Decimal("0.00")),
    ("DECIMAL(38,0)", "9" * 38, Decimal("9" * 38)),
    ("DOUBLE", "0.1", 0.1),
    ("DOUBLE", "9007199254740992", 9007199254740992.0),
    ("DOUBLE", "0.1000000000000000055511151231257827021181583404541015625", 0.1),
    ("FLOAT", "0.5", 0.5),
    ("STRING", "1.50", "1.50"),
    ("STRING", "true", "true"),
    ("STRING", '{"b" : 1,"a":[1.0]}', '{"b" : 1,"a":[1.0]}'),
    ("STRING", r'"\u00e4\n"', "ä\n"),
    ("STRING", '""', ""),
    ("VARCHAR(2)", '"😀😀"', "😀😀"),
    ("BOOLEAN", "false", False),
    ("DATE", '"2024-02-29"', "2024-02-29"),
    ("TIMESTAMP", '"2024-01-01T00:00:00.123456+02:00"', "2023-12-31T22:00:00.123456Z"),
    ("TIMESTAMP_NTZ", '"2024-01-01 00:00:01"', "2024-01-01T00:00:01"),
    ("BINARY", '"QQ=="', b"A"),
    ("ARRAY<INT>", "[1, null, 2]", [1, None, 2]),
    ("ARRAY<INT>", "[]", []),
    ("STRUCT<a:INT,b:STRING>", '{"b":"x"}', "[null,x]"),
    ("MAP<STRING,INT>", '{"k":1,"":2}', {"k": 1, "": 2}),
    *((kind, "null", None) for kind in ("BIGINT", "STRING", "ARRAY<INT>", "STRUCT<a:INT>")),
]
DOES_NOT_FIT = [
    ("BIGINT", "9223372036854775808"),
    ("BIGINT", "1.5"),
    ("BIGINT", "true"),
    ("BIGINT", '"1"'),
    ("BIGINT", "1e999999999"),
    ("BIGINT", "[1]"),
    ("INT", "2147483648"),
    ("TINYINT", "128"),
    ("DECIMAL(5,2)", "1234.5"),
    ("DECIMAL(5,2)", "0.001"),
    ("DOUBLE", "9007199254740993"),
    ("DOUBLE", "1e400"),
    ("DOUBLE", '"0.1"'),
    ("FLOAT", "16777217"),
    ("VARIANT", '[1,{"a":1234567890123456789012345678901234567890.5}]'),
    ("VARIANT", "1e400"),
    ("VARCHAR(2)", '"abc"'),
    ("CHAR(2)", "123"),
    ("BOOLEAN", "1"),
    ("BOOLEAN", '"true"'),
    ("DATE", '"2024-02-30"'),
    ("DATE", '"2024-02-29 10:00"'),
    ("DATE", "20240229"),
    ("TIMESTAMP", '"2024-01-01 00:00:00.1234567"'),
    ("TIMESTAMP", '"10:00"'),
    ("TIMESTAMP", "0"),
    ("BINARY", '"QQ"'),
    ("ARRAY<INT>", '[1,"x"]'),
    ("ARRAY<INT>", '{"a":1}'),
    ("STRUCT<a:INT>", "[]"),
    ("MAP<STRING,INT>", "[]"),
]
SAID = [  # where an author wrote the type, a text that spells a value is one
    ("BIGINT", '" 7 "', 7),
    ("DECIMAL(5,2)", '"1.20"', Decimal("1.20")),
    ("DOUBLE", '"-INF"', float("-inf")),
    ("BOOLEAN", '"TRUE"', True),
    ("TIMESTAMP", "-1", "1969-12-31T23:59:59Z"),
]
PARTLY = [  # type, value, in the column, what is left
    ("STRUCT<a:INT>", '{"a":1,"b":2,"c":null}', "[1]", '{"b":2}'),
    ("STRUCT<a:INT>", '{"a":"x","A":1}', "[null]", '{"a":"x","A":1}'),
    ("STRUCT<a:INT>", '{"a":1,"a":2}', "[2]", '{"a":1}'),
    ("ARRAY<STRUCT<a:INT>>", '[{"a":1},{"b":1}]', ["[1]", "[null]"], '[null,{"b":1}]'),
    ("MAP<STRING,INT>", '{"x":1,"x":2,"y":"no"}', {"x": 2}, '{"x":1,"y":"no"}'),
]


@pytest.mark.parametrize(("kind", "given", "wanted"), FITS)
def test_a_value_that_fits(jvm, kind, given, wanted):
    """Is in its column, with nothing left."""
    assert rows(json_records(jvm, f"x {kind}"), f'{{"x":{given}}}') == [([wanted], None)]


@pytest.mark.parametrize(("kind", "given"), DOES_NOT_FIT)
def test_a_value_that_does_not_fit(jvm, kind, given):
    """Is left as it stands in the file, or ends the query where nothing takes it."""
    text = f'{{"x":{given}}}'
    assert rows(json_records(jvm, f"x {kind}"), text) == [([None], text)]
    with pytest.raises(Py4JJavaError, match="column x has the value"):
        json_records(jvm, f"x {kind}", strict=True).call(text, PATH)


@pytest.mark.parametrize(("kind", "given", "wanted"), SAID)
def test_a_value_of_a_type_that_an_author_wrote(jvm, kind, given, wanted):
    """A text may spell it there, and nowhere else."""
    text = f'{{"x":{given}}}'
    assert rows(json_records(jvm, f"x {kind}", said=True), text) == [([wanted], None)]
    assert rows(json_records(jvm, f"x {kind}"), text) == [([None], text)]


@pytest.mark.parametrize(("kind", "given", "wanted", "left"), PARTLY)
def test_a_value_of_which_a_part_fits(jvm, kind, given, wanted, left):
    """Each part is in the column or left, never both and never neither."""
    found = rows(json_records(jvm, f"x {kind}"), f'{{"x":{given}}}')
    assert found == [([wanted], f'{{"x":{left}}}')]


@pytest.mark.parametrize(
    ("text", "case", "wanted"),
    [
        ('{"a":1,"A":2}', True, ([1, None], '{"A":2}')),
        ('{"a":1,"A":2}', False, ([2, None], '{"a":1}')),
        ('{"A":null,"b c`\\"":3}', False, ([None, 3], None)),
        ('{"":1,"ä":2}', True, ([None, None], '{"":1,"ä":2}')),
        ("{}", True, ([None, None], None)),
    ],
)
def test_names(jvm, text, case, wanted):
    """As they are spelled, or in any case; the last of repeated ones is the value."""
    records = json_records(jvm, 'a INT, `b c``"` INT', case=case)
    assert rows(records, text) == [wanted]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("INT", '{"x":1,"x":2}'),
        ("STRUCT<a:INT>", '{"x":{"a":1,"a":2}}'),
        ("MAP<STRING,INT>", '{"x":{"k":1,"k":2}}'),
    ],
)
def test_a_name_twice_where_nothing_takes_the_first_value(jvm, kind, text):
    """Ends the query, as it would be lost; one without a value does no harm."""
    records = json_records(jvm, f"x {kind}", strict=True)
    with pytest.raises(Py4JJavaError, match="has several values in one record"):
        records.call(text, PATH)
    assert len(records.call(text.replace("1", "null"), PATH)) == 1


BROKEN = ([None], '{"_corrupt_record":')


@pytest.mark.parametrize(
    ("text", "whole", "wanted"),
    [
        ("", False, []),
        (" \n", True, []),
        ('\ufeff{"a":1}', False, [([1], None)]),
        ('[{"a":1},{"a":2}]', True, [([1], None), ([2], None)]),
        ('{"a":1}\n{"a":2}', True, [([1], None), ([2], None)]),
        ('[{"a":1}, 5]', True, [([1], None), ([None], '{"_corrupt_record":"5"}')]),
        ('{"a":1}{"a":2}', False, [([None], r'{"_corrupt_record":"{\"a\":1}{\"a\":2}"}')]),
        ('{"a":', False, [([None], r'{"_corrupt_record":"{\"a\":"}')]),
    ],
)
def test_records(jvm, text, whole, wanted):
    """A text is one record, or a file of them; what is none is kept whole."""
    assert rows(json_records(jvm, "a INT", whole=whole), text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{ "a" : 1.0 }', '{ "a" : 1.0 }'),
        ('{"a":1,"A":2,"b":{"c":1,"c":[]}}', '{"a":1,"b":{"c":1}}'),
        ("broken", "broken"),
    ],
)
def test_each_name_once(jvm, text, wanted):
    """To infer columns from; a text that has none twice stays as it is, byte for byte."""
    assert json_records(jvm, "a INT").call(text) == wanted


def test_xml_text_beside_attributes(jvm):
    """The text of an element that elsewhere has attributes is a plain value."""
    records = json_records(jvm, "x INT, y STRING", tag="_VALUE")
    assert rows(records, '{"x":[{"_VALUE":5}],"y":{"_VALUE":"t"}}') == [([5, "t"], None)]


class Counts:
    """An aggregate of bits, as Spark uses one."""

    def __init__(self, jvm):
        expressions = jvm.org.apache.spark.sql.catalyst.expressions
        word = expressions.BoundReference(0, jvm.org.apache.spark.sql.types.LongType(), True)
        self.java = jvm.nbkit.BitCounts(word, 0, 0)
        self.row = expressions.SpecificInternalRow(columns(jvm, "word BIGINT"))

    def of(self, *words):
        buffer = self.java.createAggregationBuffer()
        for word in words:
            if word is None:
                self.row.setNullAt(0)
            else:
                self.row.setLong(0, word)
            buffer = self.java.update(buffer, self.row)
        return buffer

    def seen(self, buffer):
        found = list(self.java.eval(buffer).toLongArray())
        return {bit: count for bit, count in enumerate(found) if count}


def test_bits_are_counted(jvm):
    """Of NULL and 0 none; of -1 all; and the highest is the sign."""
    counts = Counts(jvm)
    assert counts.seen(counts.of()) == {}
    assert counts.seen(counts.of(None, 0)) == {}
    assert counts.seen(counts.of(5, None, 4, 1)) == {0: 2, 2: 2}
    assert counts.seen(counts.of(-(2**63))) == {63: 1}
    assert counts.seen(counts.of(-1, -1)) == dict.fromkeys(range(64), 2)


def test_partial_counts_are_added(jvm):
    """Also after a way over the network, in any order, and beyond what an int holds."""
    counts = Counts(jvm)
    one, other = counts.of(1, 3), counts.of(2, None)
    moved = counts.java.deserialize(counts.java.serialize(other))
    assert counts.seen(counts.java.merge(one, moved)) == {0: 2, 1: 2}
    assert counts.seen(counts.java.merge(counts.of(), counts.of())) == {}
    many = counts.of(1)
    for _ in range(40):
        again = counts.java.deserialize(counts.java.serialize(many))
        many = counts.java.merge(many, again)
    assert counts.seen(many) == {0: 2**40}


def test_an_aggregate_moves_as_spark_moves_it(jvm):
    """It is the same one in another place of the buffer, or of other children."""
    java = Counts(jvm).java
    moved = java.withNewMutableAggBufferOffset(3).withNewInputAggBufferOffset(4)
    assert (moved.mutableAggBufferOffset(), moved.inputAggBufferOffset()) == (3, 4)
    assert not java.equals(moved)
    assert java.equals(moved.withNewMutableAggBufferOffset(0).withNewInputAggBufferOffset(0))
    assert java.withNewChildrenInternal(java.children().toIndexedSeq()).equals(java)
    assert (java.nullable(), java.dataType().simpleString()) == (False, "array<bigint>")


def csv_records(jvm, ddl, *, case=True, by_place=False, strict=False, **options):
    scala = jvm.org.apache.spark.api.python.PythonUtils.toScalaMap({"header": "true", **options})
    reading = jvm.org.apache.spark.sql.catalyst.csv.CSVOptions(scala, False, "UTC")
    hadoop = jvm.org.apache.spark.util.SerializableConfiguration(
        jvm.org.apache.hadoop.conf.Configuration()
    )
    own = columns(jvm, ddl)
    return jvm.nbkit.CsvRecords(reading, hadoop, own, "UTC", "", "", case, by_place, strict)


def csv_row(jvm, records, path, given, whole=None):
    texts = jvm.org.apache.spark.api.python.PythonUtils.toSeq(given)
    (row,) = records.call(texts, whole, path)
    values = [plain(row.get(at)) for at in range(row.length())]
    rest = values.pop()
    return values, rest and rest.partition(',"_file_path"')[0] + "}"


@pytest.mark.parametrize(
    ("text", "options", "wanted"),
    [
        ("", {}, []),
        ("\n\n", {}, []),
        ('\ufeffa,"b,c"\n1,2\n', {}, ["a", "b,c"]),
        ("a,,A,b\n", {}, ["a0", "_c1", "A2", "b"]),
        ("# said\n\na|b\n", {"comment": "#", "sep": "|"}, ["a", "b"]),
        ("a,b;1,2;", {"lineSep": ";"}, ["a", "b"]),
        ("1,2\n", {"header": "false"}, ["_c0", "_c1"]),
        ('"a\nb",c\n', {"multiLine": "true"}, ["a\nb", "c"]),
    ],
)
def test_names_of_csv(jvm, tmp_path, text, options, wanted):
    """As Spark makes them of a header: none twice, none empty."""
    file = tmp_path / "a b.csv"
    file.write_text(text, "utf-8")
    assert list(csv_records(jvm, "", **options).call(file.as_uri())) == wanted


def test_values_of_csv_go_by_the_header_of_their_file(jvm, tmp_path):
    """In whatever order and case they come; what no column takes is left."""
    file = tmp_path / "a.csv"
    file.write_text("b,A,more\n", "utf-8")
    exact = csv_records(jvm, "a INT, b DATE")
    path = file.as_uri()
    assert csv_row(jvm, exact, path, ["2024-02-29", "7", None]) == (
        [None, "2024-02-29"],
        '{"A":"7"}',
    )
    loose = csv_records(jvm, "a INT, b DATE", case=False)
    assert csv_row(jvm, loose, path, ["no", "7", "x"]) == ([7, None], '{"b":"no","more":"x"}')
    assert csv_row(jvm, loose, path, [None, None]) == ([None, None], None)
    told = csv_row(jvm, loose, path, ["2024-02-29", "7", "x", "y"], "2024-02-29,7,x,y")
    assert told[0] == [7, "2024-02-29"]
    assert told[1].startswith('{"_corrupt_record":"2024-02-29,7,x,y"')
    strict = csv_records(jvm, "a INT, b DATE", case=False, strict=True)
    with pytest.raises(Py4JJavaError, match="column A has the value"):
        csv_row(jvm, strict, path, [None, "7.5", None])


def test_a_header_without_known_names(jvm, tmp_path):
    """Stands for the columns in their order, where the author has named them."""
    file = tmp_path / "a.csv"
    file.write_text("x,y\n", "utf-8")
    by_place = csv_records(jvm, "a INT, b INT", by_place=True)
    assert csv_row(jvm, by_place, file.as_uri(), ["1", "2"]) == ([1, 2], None)
    by_name = csv_records(jvm, "a INT, b INT")
    assert csv_row(jvm, by_name, file.as_uri(), ["1", "2"]) == ([None, None], '{"x":"1","y":"2"}')


def test_files_that_were_looked_into(jvm):
    """By any way that Spark has to write an address; any other file ends the query."""
    known = "file:///in/a%20b.json"
    digests = [hashlib.sha256(each.encode()).hexdigest()[:16] for each in (known, "s3a://b/c")]
    looked = jvm.nbkit.LookedInto(" ".join(digests))
    for path in (known, "file:/in/a b.json", "file:/in/a%20b.json", "s3a://b/c"):
        assert looked.call(path) is True
    for path in ("file:///in/A%20b.json", "file:///in/a%20b.json2", ""):
        with pytest.raises(Py4JJavaError):
            looked.call(path)
    with pytest.raises(Py4JJavaError, match="came while this update had begun"):
        jvm.nbkit.LookedInto("").call(known)


def test_leaves_are_replaced_by_what_they_are(jvm):
    """One leaf, and not another that looks the same; those of subqueries too."""
    parser = getattr(jvm.org.apache.spark.sql.catalyst.parser, "CatalystSqlParser$")
    parsed = getattr(parser, "MODULE$").parsePlan
    plan = parsed("SELECT * FROM a JOIN a WHERE EXISTS (SELECT 1 FROM b)")
    leaves, other = plan.collectLeaves(), parsed("SELECT 1").collectLeaves().apply(0)
    replaced = jvm.nbkit.Replaced()
    assert replaced.of(plan).equals(plan)
    replaced.add(leaves.apply(1), other)
    said = replaced.of(plan).toString()
    assert said.count("UnresolvedRelation [a]") == 1
    assert said.count("UnresolvedRelation [b]") == 1
    assert said.count("OneRowRelation") == 1
    assert plan.toString().count("UnresolvedRelation [a]") == 2
