"""Small pure parts of pipelines, as tables: options, intervals, counts, places, what reads what."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nbkit.errors import DefinitionError, UsageError
from nbkit.pipelines.declare.code_places import place_of
from nbkit.pipelines.declare.spec import Spec
from nbkit.pipelines.files import loader_options
from nbkit.pipelines.files.file_arguments import file_arguments
from nbkit.pipelines.place import PipelinePlaces
from nbkit.pipelines.refresh import full_times
from nbkit.pipelines.refresh.continuous import Rounds, seconds_of
from nbkit.pipelines.refresh.progress import DatasetProgress
from nbkit.pipelines.refresh.written import Merged, Written
from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow, Inputs, PipelineGraph
from nbkit.quality.metrics import NotMeasuredError
from nbkit.quality.outcome import Outcome, Result


def test_options_of_auto_loader_and_of_the_format():
    """In any case, as texts; those of a cloud mean nothing here, and what is none is refused."""
    given = {
        "cloudFiles.format": "json",
        "CLOUDFILES.SchemaHints": "a INT",
        "cloudFiles.useNotifications": True,
        "cloudFiles.maxFilesPerTrigger": 5,
        "multiLine": True,
        "Sep": "|",
    }
    assert loader_options.split(given) == (
        {"format": "json", "schemahints": "a INT", "maxfilespertrigger": "5"},
        {"multiLine": "true", "Sep": "|"},
    )
    assert loader_options.split({}) == ({}, {})
    with pytest.raises(UsageError, match="schemaHint; nearest: schemahints"):
        loader_options.split({"cloudFiles.schemaHint": "a INT"})


@pytest.mark.parametrize(
    ("form", "own", "wanted"),
    [
        ("csv", {}, {"inferSchema": "false"}),
        ("csv", {"infercolumntypes": "TRUE"}, {"inferSchema": "true"}),
        ("json", {}, {"primitivesAsString": "true"}),
        ("json", {"infercolumntypes": "true"}, {}),
        ("xml", {}, {"inferSchema": "false"}),
        ("parquet", {}, {"mergeSchema": "true"}),
        ("text", {}, {}),
    ],
)
def test_how_columns_are_inferred(form, own, wanted):
    """As texts, unless types are asked for."""
    assert loader_options.inferring(form, own, {"x": "1"}) == {"x": "1", **wanted}
    assert loader_options.inferring("parquet", {}, {"mergeSchema": "false"})["mergeSchema"] == (
        "false"
    )


@pytest.mark.parametrize(
    ("form", "own", "others", "inferred", "wanted"),
    [
        ("json", {}, {}, True, ("addnewcolumns", "_rescued_data")),
        ("json", {}, {}, False, ("none", "")),
        ("json", {"rescueddatacolumn": "left"}, {}, False, ("none", "left")),
        ("csv", {}, {"rescuedDataColumn": "left"}, False, ("none", "left")),
        ("text", {}, {}, True, ("addnewcolumns", "")),
        ("json", {"schemaevolutionmode": "None"}, {}, True, ("none", "")),
        ("json", {"schemaevolutionmode": "RESCUE"}, {}, True, ("rescue", "_rescued_data")),
    ],
)
def test_what_becomes_of_new_columns(form, own, others, inferred, wanted):
    """And where what no column takes goes; the option of the format is not passed on."""
    assert loader_options.evolution(form, own, others, inferred=inferred) == wanted
    assert "rescuedDataColumn" not in others


@pytest.mark.parametrize(
    ("own", "others", "message"),
    [
        ({"schemaevolutionmode": "rescu"}, {}, "is no rescu; nearest: rescue"),
        ({}, {"MODE": "DROPMALFORMED"}, "leave out mode DROPMALFORMED"),
        ({}, {"encoding": "latin1"}, "and not in latin1"),
        ({}, {"Charset": "UTF-16"}, "and not in UTF-16"),
    ],
)
def test_options_with_which_values_would_be_lost(own, others, message):
    """Are refused; the mode and the encoding that it has anyway are not."""
    with pytest.raises(UsageError, match=message):
        loader_options.evolution("json", own, others, inferred=True)
    loader_options.evolution("json", {}, {"mode": "permissive", "charset": "utf_8"}, inferred=True)


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({}, {}),
        ({"cleansource": "off"}, {}),
        ({"cleansource": "delete"}, {"cleanSource": "delete"}),
        (
            {"cleansource": "Move", "cleansource.movedestination": "/x"},
            {"cleanSource": "archive", "sourceArchiveDir": "/x"},
        ),
        ({"cleansource": "MOVE"}, None),
        ({"cleansource": "keep"}, None),
    ],
)
def test_what_becomes_of_files_that_were_read(own, wanted):
    """They stay, go, or move to where it says."""
    if wanted is None:
        with pytest.raises(UsageError, match="OFF, DELETE, or MOVE"):
            loader_options.cleaning(own)
    else:
        assert loader_options.cleaning(own) == wanted


@pytest.mark.parametrize(
    ("text", "function", "wanted"),
    [
        (
            "STREAM(read_files('/a b', format => 'csv', sep => ','))",
            "read_files",
            (
                "/a b",
                {
                    "cloudFiles.inferColumnTypes": "true",
                    "cloudFiles.format": "csv",
                    "sep": ",",
                },
                None,
            ),
        ),
        (
            "`read_files`('/a', SCHEMA => 'x INT', schemaHints => \"y INT\")",
            "read_files",
            None,
        ),
        (
            "cloud_files('/a', 'json', map('multiLine', 'true', 'k', 'it''s'))",
            "cloud_files",
            ("/a", {"cloudFiles.format": "json", "multiLine": "true", "k": "it's"}, None),
        ),
        ("cloud_files('/a')", "cloud_files", ("/a", {"cloudFiles.format": "json"}, None)),
        (
            "read_files('/a' || '/b', header => TRUE, sep => concat('(', ','), n => -1)",
            "read_files",
            (
                "<'/a' || '/b'>",
                {
                    "cloudFiles.inferColumnTypes": "true",
                    "header": "TRUE",
                    "sep": "<concat('(', ',')>",
                    "n": "<-1>",
                },
                None,
            ),
        ),
        (
            "cloud_files(:here, 'json', map('k', concat('a', 'b'), 'l', 2))",
            "cloud_files",
            ("<:here>", {"cloudFiles.format": "json", "k": "<concat('a', 'b')>", "l": "2"}, None),
        ),
    ],
)
def test_what_functions_of_files_are_given(text, function, wanted):
    """By names, or as the older pairs; what is no constant is Spark's to make a value of."""
    path, options, schema = file_arguments(text, function, "<{}>".format)
    if wanted is None:
        assert options["cloudFiles.schemaHints"] == "y INT"
    else:
        assert (path, options, schema) == wanted


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5 seconds", 5), ("1 minute", 60), ("'10 seconds'", 10), (' "1 hour" ', 3600)],
)
def test_intervals(text, seconds):
    """As Databricks writes them, with or without quotes."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5", "5 parsecs", "-1 seconds"])
def test_what_is_no_interval(text):
    """The setting is named."""
    with pytest.raises(DefinitionError, match=r"pipelines\.trigger\.interval"):
        seconds_of(text)


def said(state, **what):
    return DatasetProgress("s.a", "streaming_table", state, **what)


def test_rounds_that_do_nothing_are_not_told():
    """The first one whole; later ones what was written or failed; at the end, that it ended."""
    heard = []
    rounds = Rounds([heard.append])
    first = [said("QUEUED"), said("RUNNING"), said("COMPLETED", rows=0)]
    for each in first:
        rounds(each)
    assert heard == first
    rounds.pause(0)
    for each in (said("RUNNING"), said("COMPLETED", rows=0), said("COMPLETED", how="unchanged")):
        rounds(each)
    assert heard == first
    rounds(said("COMPLETED", rows=2))
    assert heard[-1].rows == 2
    assert {each.state for each in rounds.stopped().values()} == {"STOPPED"}
    assert heard[-1].state == "STOPPED"
    told = len(heard)
    rounds.stopped()
    assert len(heard) == told, "what was stopped is stopped once"


def test_a_failure_ends_as_it_did():
    """It was not kept up to date until the end."""
    heard = []
    rounds = Rounds([heard.append])
    rounds(said("FAILED", message="no"))
    assert rounds.stopped()["s.a"].state == "FAILED"
    assert len(heard) == 1


def outcome(rows, kept, dataset="s.a"):
    result = Result("r", "x > 0", "drop", 0, kept, rows - kept, rows - kept)
    return Outcome(dataset, rows, kept, 0, (result,))


class Measured:
    """What was counted, or that nothing was."""

    def __init__(self, found):
        self._found = found

    def read(self):
        if self._found is None:
            raise NotMeasuredError("")
        return self._found


def test_what_flows_have_written_is_added():
    """Of the dataset its rows; of views that it reads only their expectations."""
    written = Written()
    written.add(Measured(outcome(5, 3)), own=True)
    written.add(Measured(outcome(9, 9, "v")), own=False)
    written.add(Measured(None), own=True)
    assert (written.rows, written.dropped) == (3, 2)
    other = Written()
    other.add(Measured(outcome(1, 1)), own=True)
    other.add_merged(Merged(2, 1))
    written.include(other)
    assert (written.rows, written.dropped, written.merged) == (7, 2, Merged(2, 1))
    assert {each.dataset: (each.rows, each.kept) for each in written.outcomes} == {
        "s.a": (6, 4),
        "v": (9, 9),
    }
    unknown = Written(rows=None, dropped=None)
    unknown.include(Written(rows=None, dropped=None))
    assert (unknown.rows, unknown.dropped) == (0, 0)
    assert Merged.of(SimpleNamespace(first=lambda: None)) == Merged()


def test_the_time_of_a_full_refresh_is_a_note(tmp_path):
    """One that is broken, or of another version, is none."""
    notes = {}

    class Folder(SimpleNamespace):
        def __truediv__(self, name):
            return Folder(name=f"{self.name}/{name}")

        def read(self):
            return notes.get(self.name, "")

        def write(self, text):
            notes[self.name] = text

    root = Folder(name="")
    assert full_times.of(root, "s.a") == full_times.FullTime()
    full_times.note(root, "s.a", full_times.FullTime(1.5, None))
    assert full_times.of(root, "s.a") == full_times.FullTime(1.5, None)
    for broken in ('{"seconds": 1', "[]", '{"minutes": 1}', "null", "5"):
        notes["/refreshes/s.a.json"] = broken
        assert full_times.of(root, "s.a") == full_times.FullTime()


def graph(**reads):
    """A graph of datasets by what they read; those that begin with `v` are views."""

    def dataset(key, parents):
        kind = "temporary_view" if key.startswith("v") else "materialized_view"
        flow = AnalysedFlow(None, key, False, Inputs(tuple(parents)), "d")
        return AnalysedDataset(key, SimpleNamespace(name=key), kind, None, (flow,), key)

    datasets = {key: dataset(key, parents) for key, parents in reads.items()}
    return PipelineGraph(None, None, datasets)


def test_what_reads_what():
    """Through views, each once; a dataset that reads itself is not its own parent."""
    found = graph(a=[], va=["a"], vva=["va", "a"], b=["vva", "va", "b"], c=["b"], d=[])
    assert found.datasets["b"].parents == ("vva", "va")
    assert found.stored_parents("b") == ("a",)
    assert found.stored_parents("c") == ("b",)
    assert found.stored_parents("d") == ()
    assert found.below(frozenset({"a"})) == {"va", "vva", "b", "c"}
    assert found.below(frozenset({"d"})) == frozenset()
    assert found.below(frozenset()) == frozenset()
    assert [each.key for each in found.stored()] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("name", "storage", "folder", "kept"),
    [
        ("shop", "", "{state}/pipelines/shop", "{state}/pipelines/shop"),
        ("a/b: ü?", "", "{state}/pipelines/a_b_ü_", "{state}/pipelines/a_b_ü_"),
        ("shop", "/data/x/", "/data/x/shop", "/data/x/shop"),
        ("shop", "file:///data", "/data/shop", "file:///data/shop"),
        ("shop", "s3a://b/x", "{state}/pipelines/shop", "s3a://b/x/shop"),
    ],
)
def test_where_a_pipeline_keeps_things(tmp_path, name, storage, folder, kept):
    """Its log on this machine, its checkpoints wherever it says."""
    place = PipelinePlaces.of(Spec(name, tmp_path, storage=storage), tmp_path)
    assert str(place.folder) == folder.format(state=tmp_path)
    assert place.storage == kept.format(state=tmp_path)


def test_one_update_at_a_time_and_what_it_knew(tmp_path):
    """A second one is told so, and does not wait."""
    place = PipelinePlaces(tmp_path / "p", str(tmp_path / "p"))
    assert place.known() == ()
    other = PipelinePlaces(place.folder, "")
    refused = pytest.raises(UsageError, match="shop is being updated")
    with place.claimed("shop"), refused, other.claimed("shop"):
        raise AssertionError
    with place.claimed("shop"):
        place.remember(["s.b", "s.a"])
    assert place.known() == ("s.a", "s.b")


def test_code_of_a_cell_is_named_by_its_number(monkeypatch):
    """The file that the kernel keeps it in is one that nobody has seen."""
    from IPython.core import getipython
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    file = shell.compile.cache("x = 1", 5)
    monkeypatch.setattr(getipython, "get_ipython", lambda: shell)
    assert str(place_of(file, 3)) == "cell [5], line 3"
    assert str(place_of(file)) == "cell [5]"
    assert str(place_of("sources/a.py", 3)) == "sources/a.py:3"
