"""`dbutils.secrets`: where values come from, and what is said when there is none."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nbkit import serving as attempt
from nbkit.hidden import REDACTED
from nbkit.toolkit import secret_store
from nbkit.toolkit.dbutils import dbutils
from nbkit.toolkit.redaction import redactor

secrets = dbutils.secrets


@pytest.fixture(autouse=True)
def project(context, tmp_path, monkeypatch):
    """A project with a file of secrets, and no key ring."""
    attempt.serve(context)
    monkeypatch.setitem(sys.modules, "keyring", None)
    folder = tmp_path / ".nbkit"
    folder.mkdir()
    file = folder / "secrets.toml"
    file.write_text('[db]\npassword = "from the file"\nuser = "me-in-file"\n')
    file.chmod(0o600)
    yield file
    redactor.forget()


def test_the_environment_comes_before_the_file(monkeypatch):
    """Characters that a variable's name cannot have are underscores in it."""
    assert secrets.get("db", "password") == "from the file"
    monkeypatch.setenv("NBKIT_SECRET_DB_PASSWORD", "from outside")
    assert secrets.get("db", "password") == "from outside"
    monkeypatch.setenv("NBKIT_SECRET_MY_VAULT_API_KEY", "key")
    assert secrets.get("my-vault", "api.key") == "key"
    assert secrets.getBytes("my-vault", "api.key") == b"key"


def test_scopes_and_keys_are_listed_without_values(monkeypatch):
    """Names come from the environment and the file, in the shapes of Databricks."""
    monkeypatch.setenv("NBKIT_SECRET_DB_TOKEN", "t0ken")
    assert [secret.key for secret in secrets.list("db")] == ["password", "token", "user"]
    assert [scope.name for scope in secrets.listScopes()] == ["db"]
    assert secrets.listScopes()[0].getName() == "db"
    with pytest.raises(LookupError, match=r"Scope no does not exist \(known: db\)"):
        secrets.list("no")


def test_a_missing_secret_is_named_with_the_nearest_and_how_to_set_it(project):
    """The message is Databricks', with what to do; no value is in it."""
    with pytest.raises(LookupError) as caught:
        secrets.get("db", "pasword")
    message = str(caught.value)
    assert "Secret does not exist with scope: db and key: pasword" in message
    assert "nearest: password" in message
    assert "NBKIT_SECRET_DB_PASWORD" in message
    assert str(project) in message
    assert "from the file" not in message


def test_a_file_that_others_can_read_is_refused(project):
    """The message says how to mend it."""
    project.chmod(0o640)
    with pytest.raises(PermissionError, match=r"Others can read .*: run `chmod 600 "):
        secrets.get("db", "password")


@pytest.mark.parametrize("text", ['[db]\npassword = "half', "[db]\npin = 1234567", 'x = "y"'])
def test_a_wrong_file_says_where_and_quotes_nothing(project, text):
    """A parser's own message could show a value."""
    project.write_text(text)
    with pytest.raises(PermissionError) as caught:
        secrets.get("db", "password")
    assert str(project) in str(caught.value)
    assert "half" not in str(caught.value)
    assert "1234567" not in str(caught.value)


def test_the_key_ring_is_asked_last(monkeypatch, tmp_path):
    """As keyring's own command keeps it; a machine without a key ring has no secret there."""
    monkeypatch.delitem(sys.modules, "keyring")
    import keyring
    from keyring.backends import fail
    from keyrings.alt.file import PlaintextKeyring

    env = {
        "XDG_DATA_HOME": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
    }
    for place, value in (("nbkit/cloud", "in the ring"), ("nbkit/db", "never asked for")):
        subprocess.run(
            [sys.executable, "-m", "keyring", "set", place, "password"],
            input=f"{value}\n",
            text=True,
            env={**os.environ, **env},
            check=True,
        )
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    before = keyring.get_keyring()
    try:
        keyring.set_keyring(PlaintextKeyring())
        assert secrets.get("cloud", "password") == "in the ring"
        assert redactor.text("what is in the ring") == f"what is {REDACTED}"
        assert secrets.get("db", "password") == "from the file"
        keyring.set_keyring(fail.Keyring())
        with pytest.raises(LookupError, match="Secret does not exist"):
            secrets.get("cloud", "password")
    finally:
        keyring.set_keyring(before)


def test_references_in_settings_are_replaced():
    """`{{secrets/scope/key}}` of a job becomes the value in the kernel, and only there."""
    given = {"PASSWORD": "{{secrets/db/password}}", "URL": "x://{{secrets/db/user}}@h", "A": "b"}
    found = secret_store.resolved(given)
    assert found == {"PASSWORD": "from the file", "URL": "x://me-in-file@h", "A": "b"}
    assert redactor.text("from the file") == REDACTED
    with pytest.raises(LookupError, match=r"^T: Secret does not exist with scope: db and key: no"):
        secret_store.resolved({"T": "{{secrets/db/no}}"})


def test_what_is_found_is_hidden(monkeypatch):
    """From the moment a notebook has it; the environment's from the start."""
    monkeypatch.setenv("NBKIT_SECRET_X_Y", "environment's")
    secret_store.hide_environment()
    assert redactor.text("the environment's") == f"the {REDACTED}"
    secrets.get("db", "user")
    assert redactor.text("me-in-file") == REDACTED


def test_called_notebooks_look_secrets_up_themselves(monkeypatch):
    """What is handed on, an argument or the environment, names the secret and does not have it."""
    monkeypatch.setenv("URL", "x://{{secrets/db/user}}")
    secret_store.enter({"TOKEN": "{{secrets/db/password}}", "A": "b"})
    assert os.environ["TOKEN"] == "from the file"
    assert os.environ["URL"] == "x://me-in-file"
    handed_on = secret_store.unresolved(os.environ)
    assert handed_on["TOKEN"] == "{{secrets/db/password}}"
    assert (handed_on["URL"], handed_on["A"]) == ("x://{{secrets/db/user}}", "b")
    argument, places = secret_store.as_reference("{{secrets/db/user}} me-in-file:from the file@h")
    assert argument == "{{secrets/db/user}} {{secrets/db/user}}:{{secrets/db/password}}@h"
    assert secret_store.as_reference("plain") == ("plain", [])
    given = secret_store.put_in({"a": argument, "b": argument}, {"a": places})
    assert given == {"a": "{{secrets/db/user}} me-in-file:from the file@h", "b": argument}
