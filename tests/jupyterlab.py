"""A real JupyterLab in a real Chromium, on a project folder of a test's own.

    @pytest.fixture(scope="module")
    def lab(tmp_path_factory):
        with jupyterlab(tmp_path_factory.mktemp("project")) as lab:
            yield lab

    @needs_chromium
    def test_it(lab):
        page = lab.open("a.ipynb")   # a `Notebook`; `page.page` is Playwright's own
        page.run_all()
        page.page.get_by_label("month").select_option("2")
        page.save()

The kernel "Python (nbkit)" is there under the name `nbkit`. Nothing is read from, or left in,
the home folder. Server, kernels and browser end with the `with` block, by their process ids.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from nbkit.toolkit.kernelspec import NAME, specification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
SHARED = Path(__file__).parents[1] / "data" / "share" / "jupyter"  # the extension as it stands
CONFIGURED = Path(__file__).parents[1] / "data" / "etc" / "jupyter"
SCREENSHOTS = Path(__file__).parents[1] / ".screenshots"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
SETTINGS = {  # every cell rendered at once, and no questions or look-ups at the start
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
READY_SECONDS = 90

needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed (apt-get install chromium)"
)


@dataclass
class Notebook:
    """A notebook open in JupyterLab.

    Attributes:
        page: the browser's page, for everything else.
        path: the notebook's file.
    """

    page: Page
    path: Path

    def ready(self) -> None:
        """Wait until the notebook is here and its kernel idle, as after `page.reload()`."""
        self.page.wait_for_function(
            """() => {
                const open = window.jupyterapp?.shell.currentWidget?.context
                return open?.isReady && open.sessionContext.session?.kernel?.status === 'idle'
            }""",
            timeout=READY_SECONDS * 1000,
        )

    def command(self, name: str, **arguments: Any) -> None:
        """Run one of JupyterLab's commands, such as `notebook:run-all-cells`, to its end."""
        self.page.evaluate(
            "async ([name, given]) => { await window.jupyterapp.commands.execute(name, given) }",
            [name, arguments],
        )

    def close(self, title: str) -> None:
        """Close a tab; unlike a person's click, without a question where it was changed."""
        self.page.evaluate(
            """title => [...window.jupyterapp.shell.widgets('main')]
                .find(each => each.title.label === title).dispose()""",
            title,
        )

    def run_all(self) -> None:
        """Run every cell; returns when the kernel has answered the last one."""
        self.command("notebook:run-all-cells")

    def begin_all(self) -> None:
        """Begin to run every cell; returns at once."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")

    def run(self, index: int) -> str:
        """Run one cell and return its output as it reads on the page."""
        self.page.evaluate(
            "index => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = index }",
            index,
        )
        self.command("notebook:run-cell")
        return self.output(index)

    def output(self, index: int) -> str:
        """Return the text of a cell's output area."""
        return self.cell(index).locator(".jp-Cell-outputArea").inner_text()

    def cell(self, index: int) -> Any:
        """Return Playwright's locator of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def save(self) -> nbformat.NotebookNode:
        """Save the notebook as a person does, and return what is in the file."""
        self.command("docmanager:save")
        return nbformat.read(self.path, as_version=4)

    def screenshot(self, name: str) -> Path:
        """Keep what the page looks like, in the git-ignored `.screenshots/`."""
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path


@dataclass
class JupyterLab:
    """A server at work on a project folder, and the browser that looks at it."""

    folder: Path
    url: str
    token: str
    browser: Browser
    restart: Callable[[], None] = lambda: None

    def write(self, name: str, *sources: str, parameters: str | None = None) -> Path:
        """Write a notebook of the kernel `nbkit`, and return its file."""
        made = new_notebook(cells=[new_code_cell(source) for source in sources])
        if parameters is not None:
            tagged = new_code_cell(parameters, metadata={"tags": ["parameters"]})
            made.cells.insert(0, tagged)
        made.metadata["kernelspec"] = {
            "name": NAME,
            "display_name": str(specification()["display_name"]),
            "language": "python",
        }
        path = self.folder / name
        nbformat.write(made, path)
        return path

    def open(self, name: str) -> Notebook:
        """Open a notebook of the folder in a page of its own, its kernel idle."""
        page = self.browser.new_page(viewport={"width": 1280, "height": 1400})
        own = secrets.token_hex(4)  # in one shared workspace, a reload would open all notebooks
        page.goto(f"{self.url}lab/workspaces/{own}/tree/{name}?token={self.token}")
        notebook = Notebook(page, self.folder / name)
        notebook.ready()
        return notebook


@contextmanager
def jupyterlab(folder: Path) -> Iterator[JupyterLab]:
    """Serve `folder` by JupyterLab on a free loopback port, with a browser at hand."""
    from playwright.sync_api import sync_playwright

    token = secrets.token_hex(16)
    with (
        tempfile.TemporaryDirectory(prefix="nbkit-lab-") as home,
        server(folder, Path(home), token) as running,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(FLAGS), chromium_sandbox=False
        )
        try:
            yield JupyterLab(folder, running.url, token, browser, running.restart)
        finally:
            browser.close()


@dataclass
class Running:
    """The server's process, which can be ended and begun again at the same address."""

    folder: Path
    home: Path
    token: str
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    url: str = ""

    def start(self) -> None:
        log = self.home / "log"
        with log.open("a") as out:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                    *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}"),
                    f"--IdentityProvider.token={self.token}",
                    "--LabApp.expose_app_in_browser=True",
                    f"--ServerApp.root_dir={self.folder}",
                ],
                cwd=self.folder,
                env=_environment(self.home),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = _address(self.process, self.home / "runtime", log)
        self.port = urlsplit(self.url).port or 0

    def stop(self) -> None:
        if self.process is not None:
            _end(self.process)

    def restart(self) -> None:
        """End the server as a person does, not the runs that it began, and start it again."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=READY_SECONDS)
        self.start()


@contextmanager
def server(folder: Path, home: Path, token: str) -> Iterator[Running]:
    """Run the server; at the end nothing of it is left."""
    _prepare(home)
    running = Running(folder, home, token)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def _prepare(home: Path) -> None:
    kernel = home / "share" / "kernels" / NAME
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps(specification()))
    for name, settings in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))


def _environment(home: Path) -> dict[str, str]:
    folders = {
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_PATH": "share",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    own = {name: str(home / folder) for name, folder in folders.items()}
    own["JUPYTER_PATH"] += f"{os.pathsep}{SHARED}"
    own["JUPYTER_CONFIG_PATH"] = str(CONFIGURED)
    return os.environ | own


def _address(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Wait for the server to write down where it listens."""
    deadline = time.monotonic() + READY_SECONDS
    written = runtime / f"jpserver-{process.pid}.json"
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return str(json.loads(written.read_text())["url"])
        time.sleep(0.05)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server, and the kernels that it does not take along."""
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        for left in [*family, process]:
            with suppress(psutil.NoSuchProcess):
                left.kill()
        process.wait()
