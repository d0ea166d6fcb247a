"""Delta's jars: resolved once by the Ivy inside Spark, checked, and kept in the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from nbkit.errors import SetupError
from nbkit.spark.cache import cache_directory, once
from nbkit.spark.java import find_java

_PINS = Path(__file__).with_name("jars.txt")
_OFFLINE = (
    "Connect to the network once, or set HTTPS_PROXY; with a mirror of Maven Central, name an "
    "Ivy settings file in NBKIT_IVY_SETTINGS. Jars are then kept, and no network is needed."
)
_SETTINGS = """\
<ivysettings>
  <settings defaultResolver="central"/>
  <resolvers><ibiblio name="central" m2compatible="true" usepoms="false"/></resolvers>
</ivysettings>
"""


@dataclass(frozen=True, slots=True)
class Pin:
    """One jar, exactly."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name of the jar in the cache."""
        return f"{self.name}-{self.version}.jar"


def pins() -> tuple[Pin, ...]:
    """Return the jars that nbkit adds to Spark's own."""
    lines = (line.split() for line in _PINS.read_text(encoding="utf-8").splitlines())
    wanted = [words for words in lines if words and not words[0].startswith("#")]
    return tuple(
        Pin(group, name, version, sha256)
        for coordinate, sha256 in wanted
        for group, name, version in [coordinate.split(":")]
    )


def spark_home() -> Path:
    """Return the folder of the installed pyspark, without importing it."""
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise SetupError("pyspark is not installed in this Python.", "Run `pip install nbkit`.")
    return Path(found.origin).parent


def jars_directory() -> Path:
    """Return where the pinned jars are, or will be: a new set of pins is a new folder."""
    key = hashlib.sha256(_PINS.read_bytes()).hexdigest()[:12]
    return cache_directory() / "jars" / key


def ensure_jars() -> list[Path]:
    """Return the pinned jars, resolving them into the cache the first time.

    Raises:
        SetupError: no Java, no network and no jars, or a jar that is not the pinned one.
    """
    folder = once(jars_directory(), _resolve)
    return [folder / pin.file_name for pin in pins()]


def damaged(folder: Path) -> list[str]:
    """Return the names of pinned jars that are missing from a folder or not as pinned."""
    return [
        pin.file_name
        for pin in pins()
        if not (jar := folder / pin.file_name).is_file()
        or hashlib.sha256(jar.read_bytes()).hexdigest() != pin.sha256
    ]


def _resolve(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="nbkit-ivy-") as scratch:
        said = _run_ivy(Path(scratch), folder)
    missing = [pin.file_name for pin in pins() if not (folder / pin.file_name).is_file()]
    if missing:
        reason = next((line for line in said.splitlines() if "access error at url" in line), "")
        raise SetupError(
            f"{len(missing)} of Delta's jars could not be downloaded, such as {missing[0]}."
            f" {reason.strip()}".rstrip(),
            _OFFLINE,
        )
    if wrong := damaged(folder):
        raise SetupError(
            f"Downloaded jars are not the expected ones: {', '.join(wrong)} (SHA-256 differs).",
            "Something between here and the repository changes files; try another network.",
        )


def _run_ivy(scratch: Path, folder: Path) -> str:
    dependencies = "".join(
        f'<dependency org="{pin.group}" name="{pin.name}" rev="{pin.version}" '
        'transitive="false" conf="default->*"/>'
        for pin in pins()
    )
    ivy = scratch / "ivy.xml"
    ivy.write_text(
        '<ivy-module version="2.0"><info organisation="nbkit" module="jars"/>'
        '<configurations><conf name="default"/></configurations>'
        f"<dependencies>{dependencies}</dependencies></ivy-module>",
        encoding="utf-8",
    )
    settings = scratch / "ivysettings.xml"
    settings.write_text(_SETTINGS, encoding="utf-8")
    command = [
        *(str(find_java().path), *_proxy()),
        *("-cp", str(next((spark_home() / "jars").glob("ivy-*.jar")))),
        *("org.apache.ivy.Main", "-ivy", str(ivy), "-cache", str(scratch / "cache")),
        *("-settings", os.environ.get("NBKIT_IVY_SETTINGS") or str(settings)),
        *("-retrieve", f"{folder}/[artifact]-[revision].[ext]"),
    ]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def _proxy() -> list[str]:
    """Tell Java what pip and curl read from the environment by themselves."""
    for scheme in ("https", "http"):
        for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY"):
            proxy = urlsplit(os.environ.get(name, ""))
            if proxy.hostname:
                return [
                    f"-D{each}.proxy{key}={value}"
                    for each in ("http", "https")
                    for key, value in (("Host", proxy.hostname), ("Port", proxy.port or 80))
                ]
    return []


def forget_jars() -> None:
    """Remove the cached jars, so that the next `ensure_jars` resolves them again."""
    shutil.rmtree(jars_directory(), ignore_errors=True)
