"""Spark's own pages: off unless asked for, and then for those only who have the token."""

from __future__ import annotations

import http.client
import stat
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from nbkit.errors import SetupError
from nbkit.settings import Settings
from nbkit.spark import control, discovery, java_classes, ui
from nbkit.spark.conf import driver_conf

HERE = {"spark.ui.enabled": "true"}
PAGES = (
    *("/", "/jobs/", "/SQL/", "/environment/", "/static/webui.js", "/nowhere"),
    *("/api/v1/applications", "/metrics/json/", "/executors/threadDump/?executorId=driver"),
)


def settings(**spark):
    return Settings.model_validate({"root": Path("/project"), "spark": spark})


@pytest.mark.parametrize(
    ("spark", "said"),
    [
        ({}, "pages are off"),
        ({"conf": {"spark.ui.enabled": "false"}}, "pages are off"),
        ({"ui": True, "master": "spark://10.0.0.1:7077"}, "of one on spark://10.0.0.1:7077"),
        ({"ui": True, "master": "yarn"}, "of one on yarn"),
        ({"ui": True, "remote": "sc://host:15002"}, "server of `[spark] remote`"),
    ],
)
def test_without_pages_there_is_one_sentence_and_what_to_do(spark, said, tmp_path):
    why, advice = ui.problem(settings(**spark))
    assert said in why
    assert advice
    assert ui.conf(settings(**spark), tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "spark",
    [
        {"ui": True},
        {"ui": True, "master": "spark://127.0.0.1:7077"},
        {"conf": {"spark.ui.enabled": " TRUE "}},
        {"conf": {**HERE, "spark.ui.filters": "a.Filter", "spark.ui.port": "4040"}},
        {"conf": HERE, "master": "spark://10.0.0.1:7077"},
    ],
)
def test_pages_that_are_asked_for_by_whatever_setting_have_the_token(spark, tmp_path):
    """Also those of Spark's own setting; a filter of the project's own comes after it."""
    found = ui.conf(settings(**spark), tmp_path)
    assert found["spark.ui.enabled"] == "true"
    assert found["spark.ui.filters"].split(",")[0] == "nbkit.UiToken"
    assert ("a.Filter" in found["spark.ui.filters"]) == ("spark.ui.filters" in str(spark))
    assert found["spark.ui.port"] == ("4040" if "4040" in str(spark) else "0")
    (kept,) = tmp_path.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert found["spark.nbkit.UiToken.param.file"] == str(kept)
    assert kept.read_text() not in str(found)


def test_nothing_but_the_driver_serves_pages():
    """Another JVM with the project's settings, such as the one that learns to start fast."""
    conf = driver_conf(settings(ui=True, conf=HERE), [], Path("/scratch"))
    assert conf["spark.ui.enabled"] == "false"


def test_without_the_filter_there_are_no_pages(monkeypatch, tmp_path):
    monkeypatch.setattr(java_classes, "problem", lambda: "no compiler")
    assert ui.conf(settings(ui=True), tmp_path) == {}
    assert "no compiler" in ui.problem(settings(ui=True))[0]


def test_without_a_driver_there_is_no_address(tmp_path, monkeypatch):
    """Whether pages are off or nobody runs, it is one sentence and what to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbkit.toml").write_text("[spark]\nui = true\n")
    with pytest.raises(SetupError, match=r"No Spark driver runs here.*\n.*nbkit driver start"):
        control.pages(Settings.of())
    (tmp_path / "nbkit.toml").write_text("")
    with pytest.raises(SetupError, match="`ui = true` under `\\[spark\\]`"):
        control.pages(Settings.of())


class Browser:
    """Asks for pages, and keeps cookies as a browser does."""

    def __init__(self, port):
        self._port = port
        self.cookies = {}

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request("GET", path, headers={"Cookie": sent} if sent else {})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        for header in answer.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
                assert morsel["httponly"]
                assert morsel["samesite"] == "Strict"
        return answer, text


@pytest.mark.e2e
def test_only_who_has_the_token_sees_the_pages_and_only_here(project, driver, client):
    """Refused without; the link gives a cookie and takes itself out of the address."""
    link = urlsplit(control.pages(project))
    token = link.query.removeprefix("token=")
    assert link.hostname == "127.0.0.1"

    stranger = Browser(link.port)
    for path in PAGES:
        answer, text = stranger.get(path)
        assert answer.status == 403, path
        assert "nbkit driver ui" in text
    assert stranger.get(f"/jobs/?token={token[:-1]}")[0].status == 403
    assert stranger.get("/jobs/?token=")[0].status == 403
    assert not stranger.cookies

    person = Browser(link.port)
    answer, _ = person.get(f"/?{link.query}")
    assert answer.status == 302
    assert token not in answer.headers["Location"]
    page, text = person.get("/jobs/")
    assert page.status == 200
    assert "Spark Jobs" in text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert person.get("/static/webui.js")[0].status == 200
    assert token not in person.get("/environment/")[1]
    program_of_mine = Browser(link.port)
    assert program_of_mine.get(f"/api/v1/applications?token={token}")[0].status == 200

    jvm = psutil.Process(driver["jvm_pid"])
    listening = [each.laddr for each in jvm.net_connections() if each.status == "LISTEN"]
    assert link.port in [address.port for address in listening]
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
    assert (
        stat.S_IMODE((Path(discovery.read(project).socket).parent / "ui-token").stat().st_mode)
        == 0o600
    )

    said = client("print(spark._repr_html_(), spark.sparkContext.uiWebUrl)").result()
    assert "nbkit driver ui" in said
    assert "href" not in said
    assert token not in said
