"""The file of secrets: what is written is what is read, for its owner alone."""

from __future__ import annotations

import stat
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbkit.errors import UsageError
from nbkit.service import secret_file
from nbkit.settings import Settings

NAMES = st.text("abc.-_@ \"'\\é#=[]", min_size=1, max_size=6)
TABLES = st.dictionaries(NAMES, st.dictionaries(NAMES, st.text(max_size=8), max_size=3), max_size=3)


@given(TABLES, TABLES)
def test_any_change_is_what_is_read(tmp_path_factory, before, after):
    """Whatever names and values there are; the file stays TOML."""
    settings = Settings(root=tmp_path_factory.mktemp("p"))
    for wanted in (before, after):
        with secret_file.changing(settings) as tables:
            tables.clear()
            tables.update(wanted)
        assert secret_file.read(settings) == wanted
    file = settings.state_directory / "secrets.toml"
    assert tomllib.loads(file.read_text()) == after
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_comments_stay(tmp_path):
    """Those of a person, around what changes."""
    settings = Settings(root=tmp_path)
    file = tmp_path / ".nbkit" / "secrets.toml"
    file.parent.mkdir()
    file.touch(0o600)
    file.write_text("# ours\n[prod]  # the warehouse\nkey = 'a'\nother = 'b'\n")

    with secret_file.changing(settings) as tables:
        tables["prod"]["key"] = "c"
        del tables["prod"]["other"]
        tables["test"] = {"x": "y"}

    assert file.read_text() == (
        '# ours\n[prod]  # the warehouse\n"key" = "c"\n["test"]\n"x" = "y"\n'
    )


def test_a_file_that_others_can_read_is_refused(tmp_path):
    """And so is one that is no TOML; no message quotes a secret."""
    settings = Settings(root=tmp_path)
    file = tmp_path / ".nbkit" / "secrets.toml"
    file.parent.mkdir()
    file.write_text("[a]\nb = 'hunter2'\n")
    file.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        secret_file.read(settings)
    file.chmod(0o600)
    file.write_text("[a]\nb = hunter2\n")
    with pytest.raises(UsageError, match="is not TOML") as raised:
        secret_file.read(settings)
    assert "hunter2" not in str(raised.value)
