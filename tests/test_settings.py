"""Settings say where they are wrong: in the project's file, or in which variable."""

from __future__ import annotations

import os

import pytest

from nbkit.errors import DefinitionError, NbkitError
from nbkit.ledger.store import Ledger
from nbkit.settings import Settings


def wrong(folder) -> str:
    with pytest.raises(NbkitError) as refused:
        Settings.of(folder)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NBKIT_RUN_PARALLEL", "many", "NBKIT_RUN_PARALLEL: Input should be a valid integer"),
        ("NBKIT_RUN_PARALLEL", "9" * 5000, "NBKIT_RUN_PARALLEL: "),
        ("nbkit_run_parallel", "0", "nbkit_run_parallel: "),
        ("NBKIT_RUN_PARALEL", "2", "NBKIT_RUN_PARALEL: Extra inputs are not permitted"),
        ("NBKIT_SPARK_CATALOGS", "main", "NBKIT_SPARK_CATALOGS: "),
        ("NBKIT_SPARK_CATALOGS", '["1x"]', "NBKIT_SPARK_CATALOGS.0: "),
        ("NBKIT_SPARK", "[]", "NBKIT_SPARK: "),
        ("NBKIT_SPARK", "{", "NBKIT_SPARK"),
    ],
)
def test_a_wrong_variable_is_named_as_such(name, value, said, tmp_path, monkeypatch):
    """The project's file is not blamed for it."""
    monkeypatch.setenv(name, value)

    found = wrong(tmp_path)

    assert said in found
    assert found.startswith("the environment:")


def test_a_wrong_file_is_named_as_such(tmp_path, monkeypatch):
    """Also beside a variable that is right."""
    (tmp_path / "nbkit.toml").write_text("[run]\nparalel = 2")
    monkeypatch.setenv("NBKIT_RUN_PARALLEL", "3")

    assert f"{tmp_path}/nbkit.toml:\nrun.paralel: Extra" in wrong(tmp_path)


@pytest.mark.parametrize("content", [b"[run", b"\xff\xfe", b"run = 1"])
def test_a_file_that_is_no_settings(content, tmp_path):
    """It is named, whatever is in it."""
    (tmp_path / "nbkit.toml").write_bytes(content)

    with pytest.raises(DefinitionError) as refused:
        Settings.of(tmp_path)
    assert refused.value.source == f"{tmp_path}/nbkit.toml"


def test_a_file_that_cannot_be_read(tmp_path, monkeypatch):
    """It is there, so it is not passed over."""
    (tmp_path / "nbkit.toml").write_text("")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "x")

    monkeypatch.setattr("pydantic_settings.TomlConfigSettingsSource._read_file", refuse)

    assert wrong(tmp_path) == f"{tmp_path}/nbkit.toml: Permission denied"


@pytest.mark.parametrize("name", ["plain", "what? #1 100%", os.fsdecode(b"caf\xe9")])
def test_the_ledger_is_in_the_runs_folder_whatever_its_name_is(name, tmp_path):
    """Some characters mean something in the URL of a database, and some names are no Unicode."""
    folder = tmp_path / name
    folder.mkdir()
    url = Settings.of(folder).ledger_url

    Ledger(url).begin("job", 1, "{}", "job.json")

    assert (folder / "runs" / "ledger.db").is_file()
    assert [run.job_name for run in Ledger(url, reading=True).runs()] == ["job"]
