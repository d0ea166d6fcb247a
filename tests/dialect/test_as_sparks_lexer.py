"""The lexer and the splitter against Spark's own, on statements that hypothesis makes."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbkit.dialect.splitter import inner_statements, statements
from nbkit.dialect.tokens import Token, tokens

pytestmark = pytest.mark.e2e

_TOKEN = re.compile(
    r"\[@-?\d+,(\d+):(\d+)='(?:.*?)',<(\d+)>,(?:channel=(\d+),)?\d+:\d+\]", re.DOTALL
)
_MARKS = frozenset(
    """SEMICOLON LEFT_PAREN RIGHT_PAREN COMMA DOT LEFT_BRACKET RIGHT_BRACKET BANG EQ NSEQ NEQ NEQJ
    LT LTE GT GTE SHIFT_LEFT SHIFT_RIGHT SHIFT_RIGHT_UNSIGNED PLUS MINUS ASTERISK SLASH PERCENT
    TILDE AMPERSAND PIPE CONCAT_PIPE OPERATOR_PIPE HAT COLON DOUBLE_COLON ARROW FAT_ARROW
    HENT_START HENT_END QUESTION UNRECOGNIZED""".split()  # noqa: SIM905 - a list of words
)
_KINDS = {
    "STRING_LITERAL": "text",
    "DOUBLEQUOTED_STRING": "text",
    "BACKQUOTED_IDENTIFIER": "name",
    "DOLLAR_QUOTED_STRING_BODY": "inside",
    "END_DOLLAR_QUOTED_STRING": "end",
    "BEGIN_DOLLAR_QUOTED_STRING": "body",
}
_NUMBERS = re.compile(r"(?!ANY|FIRST|LAST)\w+_VALUE|\w+_LITERAL")


class SparksLexer:
    """Spark's lexer, its answers in our words."""

    def __init__(self, jvm):
        self._jvm = jvm
        self._parser = jvm.org.apache.spark.sql.catalyst.parser
        vocabulary = self._lexer("").getVocabulary()
        count = vocabulary.getMaxTokenType() + 1
        self._names = [vocabulary.getSymbolicName(number) for number in range(count)]

    def _lexer(self, text):
        stream = self._jvm.org.antlr.v4.runtime.CharStreams.fromString(text)
        lexer = self._parser.SqlBaseLexer(self._parser.UpperCaseCharStream(stream))
        lexer.removeErrorListeners()
        return lexer

    def pieces(self, text):
        found = []
        said = self._lexer(text).getAllTokens().toString()
        for start, stop, number, channel in _TOKEN.findall(said):
            kind = self._kind(self._names[int(number)])
            if channel:
                continue
            if kind in {"inside", "end"}:
                found[-1][2] = int(stop) + 1
            else:
                found.append([kind, int(start), int(stop) + 1])
        return found

    def _kind(self, name):
        if name in _MARKS:
            return "mark"
        return _KINDS.get(name) or ("number" if _NUMBERS.fullmatch(name) else "word")


@pytest.fixture(scope="module")
def spark(jvm):
    return SparksLexer(jvm)


def shown(text):
    return [[token.kind, token.start, token.end] for token in tokens(text)]


_FRAGMENTS = st.sampled_from(
    [
        *"""' '' " ` \\ r' R" -- /* */ /*+ /** ; $$ $a$ $A$ $ ${ } {{ }} : :: ? @ a B1 _x é 日 ² Ⅷ
        \uff11 😀 1 . 5e E+ 1.5 .5 1.e BD L D < > >> >>> <=> ARRAY MAP< STRUCT ( ) , = == ! !< !> |
        || |> -> => - + * / % ~ ^ & # [ ] BEGIN END s3://a/b ab:// x:y a@v1""".split(),  # noqa: SIM905
        *(" ", "\n", "\r\n", "\t", "\u200b", "\u00a0", "\ufeff", "\\\n"),
        *("'it''s'", 'r"\\"', "`a``b`"),
    ]
)
_quietly = settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))


@_quietly
@given(text=st.lists(_FRAGMENTS, max_size=16).map("".join))
def test_every_text_is_cut_as_spark_cuts_it(spark, text):
    """Whether it is a statement or not."""
    assert shown(text) == spark.pieces(text)


_ESCAPES = st.sampled_from(
    r"""\0 \' \" \b \n \r \t \Z \\ \% \_ \u0041 \U0001F600 \101 \777 \8 \18 '' "" a é \u12 \U00 \x
    \012 \377 \200 😀 \ud83d\ude00 \é""".split()  # noqa: SIM905
)


@settings(_quietly, max_examples=500)
@given(inner=st.lists(_ESCAPES, max_size=6).map("".join), quote=st.sampled_from("'\""))
def test_a_text_says_what_spark_reads_in_it(jvm, inner, quote):
    """Escapes, codes and doubled quotes."""
    found = tokens(f"{quote}{inner}{quote}")
    if len(found) == 1:
        whole = getattr(jvm.org.apache.spark.sql.catalyst.util, "SparkParserUtils$")
        said = getattr(whole, "MODULE$").unescapeSQLString(found[0].text, False)
        assert found[0].value.encode("utf-16", "surrogatepass") == said.encode(
            "utf-16", "surrogatepass"
        )


_literals = st.sampled_from(
    ["'a;b'", "'it''s;'", r"'\';'", r"r'\'", '"; --"', "1.5", "`a;``b`", "/* ; /* ; */ */ 2", "end"]
)
_expressions = st.one_of(
    _literals,
    st.builds("{} = {} -- ; \\\n ' ;\n".format, _literals, _literals),
    st.builds("CASE WHEN {} = 1 THEN {} ELSE 3 END".format, _literals, _literals),
    st.builds("if({} = 1, 2, repeat({}, 2))".format, _literals, _literals),
)
_plain = st.one_of(  # and what is in them stays together
    st.builds("SELECT {} AS begin".format, _expressions),
    st.builds("SELECT * FROM t |> WHERE {} = 1".format, _expressions),
    st.builds("INSERT INTO t VALUES ({}, {})".format, _expressions, _expressions),
    st.builds("EXECUTE IMMEDIATE {} INTO x USING {}".format, st.just("'SELECT ?;'"), _literals),
)
_numbers = itertools.count()
_labels = st.none().map(lambda _: f"l{next(_numbers)}")  # no two may be the same


def _script(inner):
    body = st.lists(inner, min_size=1, max_size=3).map(
        lambda each: "".join(f"{s};\n" for s in each)
    )
    return st.one_of(
        st.builds("BEGIN DECLARE x INT; {} END".format, body),
        st.builds("{0}: BEGIN {1} END {0}".format, _labels, body),
        st.builds("IF {} = 1 THEN {} ELSEIF 2 = 2 THEN {} END IF".format, _expressions, body, body),
        st.builds("IF ({} = 1) THEN {} ELSE {} END IF".format, _expressions, body, body),
        st.builds("{0}: WHILE {1} = 2 DO {2} END WHILE {0}".format, _labels, _expressions, body),
        st.builds("FOR {} AS SELECT {} DO {} END FOR".format, _labels, _expressions, body),
        st.builds("REPEAT {} UNTIL {} = 1 END REPEAT".format, body, _expressions),
        st.builds("{0}: LOOP {1} LEAVE {0}; END LOOP {0}".format, _labels, body),
        st.builds("CASE WHEN {} = 1 THEN {} ELSE {} END CASE".format, _expressions, body, body),
        st.builds("CASE {} WHEN 1 THEN {} END CASE".format, _literals, body),
        st.builds(
            "BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN {} END; {} END".format, body, body
        ),
    )


_inside = st.recursive(_plain, _script, max_leaves=6)
_scripts = st.builds("BEGIN {}; END".format, _inside)


@settings(_quietly, max_examples=150)
@given(parts=st.lists(st.one_of(_plain, _scripts), min_size=1, max_size=4))
def test_statements_are_cut_where_they_end(parser, parts):
    """Each of them is one that Spark's grammar takes, and the cut gives each back as it was."""
    for part in parts:
        parser(part)
    assert list(statements(" ;\n".join(parts) + "; -- the end; really\n")) == [
        part.strip() for part in parts
    ]
    for part in parts:
        words = [token for each in inner_statements(tokens(part)) for token in each]
        missing = [token.upper for token in tokens(part) if token not in words]
        assert {each for each in missing if not each.startswith("L")} <= _OF_SCRIPTS
        assert words == sorted(words, key=lambda token: token.start)


_OF_SCRIPTS = frozenset("BEGIN END IF ELSE WHILE FOR REPEAT LOOP CASE : ;".split())  # noqa: SIM905


@pytest.fixture(scope="module")
def parser(jvm):
    """Spark's parser: raises where the grammar has no such statement."""
    made = jvm.org.apache.spark.sql.execution.SparkSqlParser()
    return made.parsePlan


def test_depth_counts_parentheses_that_are_code():
    """Those in texts, comments and bodies are none."""
    found = tokens("a(b, '(' /* ( */, $$ ( $$) c")
    assert [(token.text, token.depth) for token in found if token.kind in {"word", "body"}] == [
        ("a", 0),
        ("b", 1),
        ("$$ ( $$", 1),
        ("c", 0),
    ]
    assert found[0] == Token("word", "a", 0, 1, 0)
