"""Databricks' magics are about the whole cell, and SQL cells hold several statements."""

from __future__ import annotations

import shutil
import sys

import pytest

from nbkit.dialect.splitter import statements
from nbkit.toolkit.cells import whole_cell


@pytest.mark.parametrize(
    ("cell", "seen"),
    [
        ("%sql\nSELECT 1", "%%sql\nSELECT 1"),
        ("%sql SELECT 1\nFROM t", "%%sql\nSELECT 1\nFROM t"),
        ("%md-sandbox\n# Hi", "%%md\n# Hi"),
        ("%python\nx = 1", "x = 1"),
        ("%scala\nval x = 1", "%%scala\nval x = 1"),
        ("%fs ls /a", "%%fs\nls /a\n"),
        ("%sh ls -l", "%%bash_cell\nls -l\n"),
        ("%sh -e\nls", "%%bash_cell -e\nls"),
        ("%%sql\nSELECT 1", "%%sql\nSELECT 1"),
        ("%sqlx\n1", "%sqlx\n1"),
        ("%pip install a\n%pip install b", "%pip install a\n%pip install b"),
        ("x = 1\n%sql SELECT 1", "x = 1\n%sql SELECT 1"),
        ("", ""),
        ("# orders\n\n%sql\nSELECT 1", "%%sql\n\n\nSELECT 1"),
        ("-- orders\n%sql SELECT 1", "%%sql\n\nSELECT 1"),
        ("# DBTITLE 1,Orders\n%sql\nSELECT 1", "%%sql\n\nSELECT 1"),
        ("# orders\n%%sql\nSELECT 1", "%%sql\n\nSELECT 1"),
        ("# one\n%python\nx = 1", "x = 1"),
        ("%sql -- all\nSELECT 1", "%%sql\n-- all\nSELECT 1"),
        ("%sql  \nSELECT 1", "%%sql\nSELECT 1"),
        ("# MAGIC %sql\n# MAGIC SELECT 1", "%%sql\nSELECT 1"),
        ("# orders\n# MAGIC %sql\n# MAGIC SELECT 1", "%%sql\n\nSELECT 1"),
        ("-- MAGIC %python\n-- MAGIC x = 1", "x = 1"),
        ("# MAGIC of mine\nx = 1", "# MAGIC of mine\nx = 1"),
        ("# only a comment\nx = 5 %y", "# only a comment\nx = 5 %y"),
    ],
)
def test_a_magic_on_the_first_line_is_about_the_cell(cell, seen):
    """All other cells are left alone."""
    assert "".join(whole_cell(cell.splitlines(keepends=True))).strip() == seen.strip()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("select 1", ["select 1"]),
        ("select 1;\n\nselect 2 ;\n", ["select 1", "select 2"]),
        (
            r"""select 'a;b\';', `c;d`, "e;"; select 2""",
            [r"""select 'a;b\';', `c;d`, "e;" """.strip(), "select 2"],
        ),
        ("-- a; b\nselect 1 /* ; */; -- end;", ["-- a; b\nselect 1 /* ; */"]),
        ("BEGIN\n  SELECT 1;\n  SELECT 2;\nEND;", ["BEGIN\n  SELECT 1;\n  SELECT 2;\nEND"]),
        (" ; ; ", []),
    ],
)
def test_statements_end_at_semicolons_that_are_no_text(text, found):
    """Strings, quoted names, comments and scripts keep theirs."""
    assert list(statements(text)) == found


def test_shell_cells_run(shell, capfd):
    """A failing command does not fail the cell, unless it says so."""
    from nbkit.toolkit import magics

    magics.register(shell)
    assert shell.run_cell("%sh\nfalse\necho still here").success
    assert not shell.run_cell("%sh -e\nfalse\necho never").success
    assert "still here" in (said := capfd.readouterr().out)
    assert "never" not in said.replace("echo never", "")
    assert shell.run_cell('%sh\ncat\nread x\npython3\necho "it\'s" on >/dev/stderr').success
    assert capfd.readouterr().out == "it's on\n"


@pytest.mark.skipif(shutil.which("vi") is None, reason="there is no vi here")
@pytest.mark.parametrize("kind", ["xterm", "dumb", None])
def test_what_takes_the_screen_waits_for_a_person_and_is_ended(shell, capfd, monkeypatch, kind):
    """Editors and the like, also below a shell; with a line that says so."""
    from nbkit.toolkit import magics, unattended

    monkeypatch.setattr(unattended, "_NOBODY", {})
    monkeypatch.setenv("TERM", kind) if kind else monkeypatch.delenv("TERM", raising=False)
    magics.register(shell)
    unattended.leave_alone(shell)
    shell.run_cell("!vi")
    shell.run_cell("%sh\nvi note.txt\necho never")
    shell.run_cell("said = !vi -R note.txt\nprint('\\n'.join(said))")
    assert capfd.readouterr().out.count("shows a screen to a person: nobody is there") == 3
    shell.run_cell("!printf 'a\\033[31mred\\033[1;1Hb\\033[?25h'; echo on")
    assert capfd.readouterr().out == "a\033[31mred\033[1;1Hb\033[?25hon\n"


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize(
    "cell",
    ["%sql\nSELECT 1\n", "# c\n%sh -e\nls\n", "%python\nx = 1\n", "x = 1\ny = 2\n", "%%bash\nls\n"],
)
def test_lines_end_as_they_like(cell, end):
    """Editors of other systems write them so; what runs is the same."""
    plain = whole_cell(cell.splitlines(keepends=True))

    assert whole_cell(cell.replace("\n", end).splitlines(keepends=True)) == plain


def test_programs_of_this_python_are_found(shell, capfd, monkeypatch):
    """Though JupyterLab was started by its path, so that the shell does not know of them."""
    from nbkit.toolkit import magics

    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    magics.register(shell)
    assert shell.run_cell("%sh -e\npython -c 'import sys; print(sys.executable)'").success
    assert capfd.readouterr().out.strip() == sys.executable
