"""What nbkit replaces in other libraries: as it was written for, in order, and undone."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from types import ModuleType, SimpleNamespace

import pytest

from nbkit import replaced
from nbkit.cli.patches import every_change, every_other, every_replacement
from nbkit.replaced import NEW, Replacement, on_import, put, undone, unlike

ENTRIES = [
    pytest.param(each, id=f"{each.where}-{'-'.join(each.names)}"[:70])
    for each in every_replacement()
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_library_is_the_one_it_was_written_for(entry):
    """An upgrade that changes a signature fails here, by the entry's name."""
    assert unlike(entry) == []
    assert entry.names


def test_every_entry_says_why():
    """In one sentence, for a library and its versions."""
    for each in every_change():
        assert each.why
        assert not each.why.endswith(".")
        assert each.of
        assert each.undone
    assert len([*every_other()]) >= 5


@pytest.fixture
def library(monkeypatch):
    """A library of one class, and a state of its own for what is replaced in it."""
    module = ModuleType("their_library")

    class Reader:
        def load(self, path):
            return [path]

        @classmethod
        def of(cls, name):
            return name

    module.Reader = Reader
    monkeypatch.setitem(sys.modules, "their_library", module)
    monkeypatch.setattr(replaced, "_state", replaced._State())
    return module


def entry(why, change, **names):
    return Replacement("their_library:Reader", names, why, "their_library 1", change)


def test_the_last_one_sees_a_call_first_and_all_are_undone(library):
    """Doing it again changes nothing; what was added is taken away."""
    inner = entry(
        "a", lambda load: lambda self, path: ["inner", *load(self, path)], load="self, path"
    )
    outer = entry(
        "b", lambda load: lambda self, path: ["outer", *load(self, path)], load="self, path"
    )
    added = entry("c", lambda _: lambda self: "new", shown=NEW)
    of = entry("d", lambda of: lambda cls, name: of(cls, name) * 2, of="cls, name")
    put([inner, outer, added, of])
    put([inner, outer, added, of])
    reader = library.Reader()
    assert reader.load("x") == ["outer", "inner", "x"]
    assert reader.shown() == "new"
    assert library.Reader.of("a") == "aa"
    with undone():
        assert reader.load("x") == ["x"]
        assert not hasattr(reader, "shown")
        assert library.Reader.of("a") == "a"
    assert reader.load("x") == ["outer", "inner", "x"]
    assert [unlike(each) for each in (inner, outer, added, of)] == [[], [], [], []]


def test_another_signature_is_named(library):
    """So is a function that is gone, and one that was to be added and is there by now."""
    change = SimpleNamespace
    assert unlike(entry("a", change, load="self, paths")) == [
        "load(self, path) and not load(self, paths)"
    ]
    assert unlike(entry("a", change, gone="self")) == ["gone() and not gone(self)"]
    assert unlike(entry("a", change, load=NEW)) == ["has load"]
    assert unlike(entry("a", change, load="self, …")) == []
    assert unlike(Replacement("no_such_library", {"x": ""}, "y", "z", change)) == [
        "No module named 'no_such_library'"
    ]


def test_a_module_is_changed_when_it_is_imported(tmp_path, monkeypatch):
    """Not before, and whoever imports it; a module that is there is changed at once."""
    (tmp_path / "imported_late.py").write_text("VALUE = 1")
    monkeypatch.syspath_prepend(tmp_path)
    seen = []
    on_import(lambda: seen.append("first"), "imported_late")
    on_import(lambda: seen.append("second"), "imported_late")
    assert seen == []
    import imported_late

    assert imported_late.VALUE == 1
    assert seen == ["first", "second"]
    on_import(lambda: seen.append("at once"), "imported_late")
    assert seen[-1] == "at once"


def test_a_kernel_has_all_of_it_and_gives_it_back():
    """In a process of its own: nothing of PySpark is nbkit's while it is undone."""
    code = """
        from nbkit.dialect import door as of_spark
        from nbkit.toolkit import door, pipeline_modules
        from nbkit.replaced import put, undone
        of_spark.understand()
        put(door.REPLACED)
        pipeline_modules.offer()
        import builtins, os, pyspark.pipelines
        from pyspark.sql import DataFrame, SparkSession
        from pyspark.sql.streaming import DataStreamReader
        theirs = lambda: [
            each.__globals__["__name__"].startswith("nbkit")
            for each in (SparkSession.sql, DataStreamReader.load, pyspark.pipelines.table)
        ] + ["nbkit" in type(open).__module__, hasattr(DataFrame, "display")]
        print(theirs())
        with undone():
            print(theirs())
        print(theirs())
    """
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    whole, bare, again = found.stdout.splitlines()
    assert bare == "[False, False, False, False, False]"
    assert whole == again == "[True, True, True, True, True]"
