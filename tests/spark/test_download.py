"""Jars come from a repository or a folder: resumed, checked, or refused in one sentence."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nbkit.errors import SetupError
from nbkit.spark import jars
from nbkit.spark.download import download
from nbkit.spark.repository import repository

CONTENT = bytes(range(256)) * 4000


class Repository(BaseHTTPRequestHandler):
    """Serves every path; breaks off where the server says so, and knows ranges."""

    def do_GET(self) -> None:
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.server.asked.append(start)
        if self.path.endswith("missing.jar"):
            self.send_error(404)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        end = self.server.breaks.pop(0) if self.server.breaks else len(CONTENT)
        self.wfile.write(CONTENT[start:end])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Repository) as listening:
        listening.asked, listening.breaks = [], []
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NBKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NBKIT_MAVEN_MIRROR", raising=False)
    return tmp_path


def address(server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_a_broken_download_goes_on_where_it_stopped(server, tmp_path):
    """What had arrived is not asked for again, and the file is whole."""
    server.breaks = [100_000, 300_000]
    download([(f"{address(server)}/a.jar", tmp_path / "a.jar")])
    assert (tmp_path / "a.jar").read_bytes() == CONTENT
    assert server.asked[0] == 0
    assert server.asked[1:] == sorted(server.asked[1:])
    assert all(start > 0 for start in server.asked[1:])
    assert not list(tmp_path.glob("*.part"))


def test_what_is_not_there_is_named(server, tmp_path):
    """The file, the address and the answer."""
    with pytest.raises(SetupError, match=r"missing\.jar could not be downloaded.*answers 404"):
        download([(f"{address(server)}/missing.jar", tmp_path / "missing.jar")])
    assert server.asked == [0]  # asking again would not help


def test_jars_that_differ_from_their_pins_are_refused(server, home, monkeypatch):
    """Whatever stands between here and the repository: its files are not taken."""
    monkeypatch.setenv("NBKIT_MAVEN_MIRROR", f"{address(server)}/")
    with pytest.raises(SetupError, match="not the expected ones"):
        jars.ensure_jars()
    assert not jars.jars_directory().exists()


def test_a_mirror_is_where_maven_has_it(home, monkeypatch):
    """`~/.m2/settings.xml`, for Maven Central; NBKIT_MAVEN_MIRROR is above it."""
    folder = home / ".m2"
    folder.mkdir()
    (folder / "settings.xml").write_text(
        '<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0"><mirrors>'
        "<mirror><mirrorOf>snapshots</mirrorOf><url>http://other</url></mirror>"
        "<mirror><mirrorOf>*, !snapshots</mirrorOf><url>http://ours/maven/</url></mirror>"
        "</mirrors></settings>"
    )
    assert repository(jars.spark_home() / "jars") == "http://ours/maven"
    monkeypatch.setenv("NBKIT_MAVEN_MIRROR", "http://mine")
    assert repository(jars.spark_home() / "jars") == "http://mine"


def test_broken_settings_of_maven_are_named(home):
    """By their file."""
    (home / ".m2").mkdir()
    (home / ".m2" / "settings.xml").write_text("<settings>")
    with pytest.raises(SetupError, match=r"settings\.xml cannot be read"):
        repository(jars.spark_home() / "jars")


def test_without_a_mirror_it_is_what_ivy_takes(home):
    """Asked of the Ivy that comes with Spark: nbkit names no address itself."""
    assert repository(jars.spark_home() / "jars").startswith("https://")


def test_jars_travel_in_a_folder(home, monkeypatch):
    """Packed on one machine, taken on another without a network; others are refused."""
    pins = [jars.Pin("a.b", "one", "1", hashlib.sha256(b"1").hexdigest())]
    monkeypatch.setattr(jars, "pins", lambda: pins)
    here = jars.jars_directory()
    here.mkdir(parents=True)
    (here / "one-1.jar").write_bytes(b"1")
    jars.pack(home / "packed")
    jars.forget_jars()
    monkeypatch.setenv("NBKIT_MAVEN_MIRROR", "http://127.0.0.1:9")
    jars.unpack(home / "packed")
    assert [jar.read_bytes() for jar in jars.ensure_jars()] == [b"1"]
    (home / "packed" / "one-1.jar").write_bytes(b"2")
    with pytest.raises(SetupError, match=r"has not the jars of this version.*one-1\.jar"):
        jars.unpack(home / "packed")
