import pytest

import nbkit
from nbkit import serving as attempt
from nbkit import wire
from nbkit.toolkit.dbutils import dbutils


def test_what_cannot_exist_here_says_so(capsys):
    """A part of Databricks' dbutils that makes no sense here says so in one sentence."""
    with pytest.raises(AttributeError, match=r"^dbutils\.credentials hands out Databricks' own"):
        dbutils.credentials.showRoles()
    dbutils.help("credentials")
    assert "AWS_PROFILE" in capsys.readouterr().out


def test_a_wrong_name_gets_the_nearest():
    """A misspelt part or method names the one that was meant."""
    with pytest.raises(AttributeError, match="nearest: widgets"):
        dbutils.widget  # noqa: B018
    with pytest.raises(AttributeError, match="nearest: dropdown"):
        dbutils.widgets.dropdwon("a", "b", ["b"])


def test_help_tells_every_part(capsys):
    """`help()` lists what there is, and one method by its name."""
    dbutils.help()
    assert {"jobs", "notebook", "widgets"} <= set(capsys.readouterr().out.split())
    dbutils.widgets.help("text")
    assert "text(name, defaultValue, label=None)" in capsys.readouterr().out


def test_exit_is_told_and_ends_the_notebook(context, messages):
    """`exit` says the value as text to the runner and raises what the engine knows."""
    attempt.serve(context)
    for leave in (dbutils.notebook.exit, nbkit.exit):
        with pytest.raises(BaseException) as caught:
            leave(5)
        assert type(caught.value).__name__ == wire.NOTEBOOK_EXIT
        assert caught.value._render_traceback_() == ["Notebook exited: 5"]
    assert list(messages.new()) == [{"kind": "exit", "value": "5"}] * 2


def test_exit_passes_except_exception():
    """A notebook's own `except Exception` does not swallow the exit."""

    def notebook():
        try:
            dbutils.notebook.exit("x")
        except Exception:  # noqa: BLE001
            return "swallowed"

    with pytest.raises(BaseException, match="x"):
        notebook()


def test_nothing_is_said_outside_a_job(published, messages):
    """In a person's notebook no wire message is displayed."""
    with pytest.raises(BaseException, match="x"):
        dbutils.notebook.exit("x")
    assert published == []
    assert list(messages.new()) == []
