"""What keeps a server from being everybody's, and what one hears when it cannot be started."""

from __future__ import annotations

import json
import logging
import socket
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from nbkit.errors import UsageError
from nbkit.ledger.patience import LedgerAwayError
from nbkit.service import _jupyter_server_extension_points, extension
from nbkit.service.credentials import profile, token_of, url_of
from nbkit.service.headless import free_port
from nbkit.service.refusals import of_error
from nbkit.settings import Settings

ENABLED = Path(__file__).parents[2] / "data/etc/jupyter/jupyter_server_config.d/nbkit.json"


class Server:
    """As much of Jupyter's server as the extension looks at before it serves."""

    def __init__(self, root, ip, protected):
        self.root_dir, self.ip, self.base_url = str(root), ip, "/"
        self.sock = ""
        self.identity_provider = SimpleNamespace(auth_enabled=protected)
        self.log = logging.getLogger("test")
        self.handlers = []
        self.web_app = SimpleNamespace(add_handlers=lambda _, found: self.handlers.extend(found))


@pytest.mark.parametrize(
    ("ip", "protected", "served"),
    [
        ("127.0.0.1", True, True),
        ("localhost", False, True),
        ("::1", False, True),
        ("127.3.2.1", False, True),
        ("0.0.0.0", True, True),
        ("0.0.0.0", False, False),
        ("", False, False),
        ("192.168.1.2", False, False),
        ("example.com", False, False),
    ],
)
def test_nobody_from_elsewhere_runs_code_without_a_token(tmp_path, caplog, ip, protected, served):
    """On another address than this machine's own it serves nothing, and says so."""
    server = Server(tmp_path, ip, protected)

    extension.load(server)

    assert bool(server.handlers) == served
    assert ("Set a token or a password" in caplog.text) != served


def test_wrong_settings_are_told_and_jupyter_goes_on(tmp_path, caplog):
    """One line in its log; nothing is served."""
    (tmp_path / "nbkit.toml").write_text("[nonsense]\n")
    server = Server(tmp_path, "127.0.0.1", protected=True)

    extension.load(server)

    assert server.handlers == []
    assert "nonsense" in caplog.text


def test_a_port_that_is_taken_is_named():
    """Before anything is started; 0 is any that is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is in use"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1", 0) > 0
    with pytest.raises(UsageError, match="a number from 1 to 65535"):
        free_port("127.0.0.1", 70000)
    with pytest.raises(UsageError, match="cannot listen on nowhere"):
        free_port("nowhere.invalid", 0)


def test_the_token_is_for_its_owner_alone(tmp_path):
    """Made once; a file that others can read is refused."""
    settings = Settings(root=tmp_path)
    token = token_of(settings)
    file = tmp_path / ".nbkit" / "service-token"

    assert token_of(settings) == token
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"token = {token}" in profile(settings, url_of("0.0.0.0", 1))
    assert "http://127.0.0.1:1\n" in profile(settings, url_of("0.0.0.0", 1))
    file.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        token_of(settings)
    file.chmod(0o600)
    file.write_text("")
    with pytest.raises(UsageError, match="is empty"):
        token_of(settings)


def test_jupyter_is_told_what_to_load():
    """The file that comes with nbkit names the module that is there."""
    named = json.loads(ENABLED.read_text())["ServerApp"]["jpserver_extensions"]

    assert named == {point["module"]: True for point in _jupyter_server_extension_points()}


def test_a_ledger_that_is_away_is_told_as_such():
    """Clients try again by themselves."""
    refusal = of_error(LedgerAwayError("The ledger cannot be used: connection refused"))

    assert (refusal.status, refusal.code) == (503, "TEMPORARILY_UNAVAILABLE")
