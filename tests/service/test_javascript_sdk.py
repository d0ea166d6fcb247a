"""Databricks' SDK for JavaScript, which VS Code uses, drives the service."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]

SCRIPT = """
const { WorkspaceClient } = require("@databricks/sdk-experimental");
(async () => {
  const client = new WorkspaceClient({ host: process.env.HOST, token: process.env.TOKEN });
  const me = await client.currentUser.me();
  const gate = { op: "EQUAL_TO", left: "{{job.parameters.x}}", right: "1" };
  const made = await client.jobs.create({
    name: "from js",
    tasks: [{ task_key: "gate", condition_task: gate }],
    parameters: [{ name: "x", default: "1" }],
  });
  const names = [];
  for await (const job of client.jobs.list({})) names.push(job.settings.name);
  const waiter = await client.jobs.runNow({ job_id: made.job_id, job_parameters: { x: "1" } });
  const run = await waiter.wait();
  let missing = "";
  try { await client.jobs.get({ job_id: 1 }); } catch (error) { missing = String(error.message); }
  await client.jobs.delete({ job_id: made.job_id });
  console.log(JSON.stringify({ me: me.userName, names, result: run.state.result_state, missing }));
})().catch((error) => { console.error(error); process.exit(1); });
"""


def test_a_job_is_made_listed_run_and_deleted(served, tmp_path):
    """The client comes from the registry of npm."""
    (tmp_path / "package.json").write_text(
        json.dumps({"private": True, "dependencies": {"@databricks/sdk-experimental": "0.17.0"}})
    )
    npm = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--no-package-lock"]
    subprocess.run(npm, cwd=tmp_path, check=True, timeout=240)
    (tmp_path / "drive.js").write_text(SCRIPT)
    env = {"HOST": served.url, "TOKEN": served.token, "PATH": "/usr/bin:/bin:/usr/local/bin"}
    done = subprocess.run(
        ["node", "drive.js"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["me"]
    assert "from js" in found["names"]
    assert found["result"] == "SUCCESS"
    assert "Job 1 does not exist" in found["missing"]
