"""The extension of JupyterLab is where JupyterLab looks, and whole."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import nbkit
from nbkit.toolkit import spark_bar
from nbkit.ui.widget import MIME

ROOT = Path(__file__).parents[2]
SHARED = "data/share/jupyter"
EXTENSION = ROOT / SHARED / "labextensions" / "nbkit"
IMPORT = re.compile(r'from "\./(\w+\.js)"')


def test_it_is_installed_as_shared_data():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared[SHARED] == "share/jupyter"


def test_it_says_where_it_begins_and_its_version():
    package = json.loads((EXTENSION / "package.json").read_text())
    assert package["version"] == nbkit.__version__
    assert (EXTENSION / package["jupyterlab"]["_build"]["load"]).is_file()
    begin = package["jupyterlab"]["_build"]["extension"]
    assert (EXTENSION / "static" / f"{begin}.js").is_file()


def test_its_modules_are_there_and_speak_of_the_same_output():
    texts = {path.name: path.read_text() for path in (EXTENSION / "static").iterdir()}
    assert set(IMPORT.findall("".join(texts.values()))) <= set(texts)
    named = [name for name, text in texts.items() if f'const MIME = "{MIME}";' in text]
    assert sorted(named) == ["document.js", "output.js"]
    assert f'const MIME = "{spark_bar.MIME}";' in texts["spark_bar.js"]
