"""`deploy/`: an image and manifests that Kubernetes takes, and that do what their comments say."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from conftest import PROGRAM, condition

from nbkit.settings import Settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
FILES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
OBJECTS = [each for file in FILES for each in yaml.safe_load_all(file.read_text())]


def of_kind(kind):
    return [each for each in OBJECTS if each["kind"] == kind]


@pytest.mark.parametrize("version", ["1.31", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("manifest", OBJECTS, ids=lambda each: each["kind"])
def test_manifests_are_valid(manifest, version):
    """By Kubernetes' own schemas; a field that it does not know is an error."""
    kubernetes_validate.validate(manifest, version, strict=True)


def test_a_wrong_manifest_is_found():
    """The validator is no decoration."""
    wrong = json.loads(json.dumps(of_kind("Job")[0]))
    wrong["spec"]["template"]["spec"]["containers"][0]["comand"] = []
    with pytest.raises(kubernetes_validate.ValidationError, match="comand"):
        kubernetes_validate.validate(wrong, "1.31", strict=True)


def test_manifests_agree_with_each_other_and_with_nbkit(monkeypatch, tmp_path):
    """Pods ask for settings that are there, and these are settings of nbkit."""
    settings = {each["kind"]: each for each in of_kind("ConfigMap") + of_kind("Secret")}
    for each in of_kind("Job") + of_kind("Deployment"):
        (container,) = each["spec"]["template"]["spec"]["containers"]
        asked = [next(iter(source.items())) for source in container["envFrom"]]
        assert {(kind, found["name"]) for kind, found in asked} == {
            (f"{kind[0].lower()}{kind[1:]}Ref", found["metadata"]["name"])
            for kind, found in settings.items()
        }
        labels = each["spec"]["template"]["metadata"]["labels"]
        wanted = each["spec"].get("selector", {}).get("matchLabels", {})
        assert wanted.items() <= labels.items()
    given = settings["ConfigMap"]["data"] | settings["Secret"]["stringData"]
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    read = Settings.of(tmp_path)
    assert read.run.ledger.startswith("postgresql://")
    assert read.spark.metastore.startswith("jdbc:postgresql:")
    assert read.run.store == given["NBKIT_RUN_STORE"]


@pytest.mark.e2e
def test_a_job_runs_once_however_often_its_pod_is_started(tmp_path):
    """Its own words, said three times: the run that is there is not run again."""
    (container,) = of_kind("Job")[0]["spec"]["template"]["spec"]["containers"]
    (token,) = (each["name"] for each in container["env"])
    (tmp_path / "nbkit.toml").write_text("")
    job = {"name": "flights", "tasks": [condition("gate", "1", "EQUAL_TO", "1")]}
    (tmp_path / "job.json").write_text(json.dumps(job))

    def pod(of_job):
        path = os.pathsep.join([str(PROGRAM.parent), os.environ["PATH"]])
        env = {**os.environ, "PATH": path, token: of_job}
        command = container["command"][2:] + container["args"]  # all but the init of the image
        return subprocess.run(command, cwd=tmp_path, env=env, check=False).returncode

    assert [pod(each) for each in ("a", "a", "b")] == [0, 0, 0]
    runs = json.loads(
        subprocess.check_output([PROGRAM, "runs", "--json"], cwd=tmp_path, text=True)
    )["runs"]
    assert [run["state"]["result_state"] for run in runs] == ["SUCCESS", "SUCCESS"]
    (tmp_path / "job.json").write_text("{")
    assert pod("c") == 2


def test_the_image_is_built_from_what_is_there():
    """What it copies exists, and is not left out of what the builder is given."""
    lines = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    copied = [name for line in words if line[0] == "COPY" for name in line[1:-1]]
    let_in = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert copied
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in let_in, name
    assert {line[0] for line in words} <= {
        *("FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "ENTRYPOINT", "CMD")
    }
