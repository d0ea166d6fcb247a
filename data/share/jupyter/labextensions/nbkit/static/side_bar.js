// The side bar "Jobs": what is deployed, what could be, what goes on; a click opens its dashboard.

import { button, element, moment } from "./elements.js";
import { reason } from "./server.js";
import { sideFrame } from "./side_frame.js";
import { savedFirst } from "./unsaved.js";

const EVERY = 2000; // milliseconds between two looks, while anybody looks

/** Return the side bar, not in its place yet. */
export function sideBar(lab, app, { ask, tabs, icon }) {
  const { bar, said, list } = sideFrame(lab, { id: "nbkit-jobs", caption: "Jobs", icon });
  let told = "";
  let shown = null;

  const act = async (action, files) => {
    try {
      if (files && !(await savedFirst(lab, app, await files(action.kind), action.kind === "deploy" ? "deploy" : "run"))) return;
      const done = await ask("act", action);
      told = done.message ?? "";
      if (done.run_id) tabs.open({ job_id: done.job_id, name: done.name });
    } catch (error) {
      told = reason(error);
    }
    said.textContent = told;
    await poll.refresh();
  };
  const filesOf = (job) => async (kind) =>
    kind === "deploy" ? [job.path] : ((await ask("act", { kind: "files", job_id: job.id })).files ?? []);
  const draw = (found) => {
    const text = JSON.stringify(found);
    if (text === shown) return; // what has the focus keeps it
    shown = text;
    const focus = document.activeElement?.getAttribute("aria-label");
    list.replaceChildren(
      section("Running", found.runs.map((run) => going(run, act, tabs)), ""),
      section("Deployed", found.jobs.map((job) => deployed(job, act, filesOf(job), tabs)), "No job is deployed."),
      section("Job files", found.files.map((job) => file(job, act, filesOf(job), tabs, app)), "No other file of this project is a job."),
    );
    const again = focus && [...list.querySelectorAll("[aria-label]")].find((each) => each.getAttribute("aria-label") === focus);
    if (again instanceof HTMLElement) again.focus();
  };
  const poll = new lab.Poll({
    name: "nbkit:jobs",
    frequency: { interval: EVERY, backoff: true, max: 4 * EVERY },
    standby: () => !bar.isVisible || "when-hidden",
    factory: async () => {
      try {
        draw(await ask("state/side"));
        said.textContent = told;
      } catch (error) {
        said.textContent = reason(error);
        throw error; // it is asked less often then
      }
    },
  });
  bar.disposed.connect(() => poll.dispose());
  bar.onAfterShow = () => poll.refresh();
  bar.refresh = () => poll.refresh();
  return bar;
}

function section(name, items, none) {
  if (!items.length && !none) return "";
  const said = items.length ? element("ul", {}, items) : element("p", { class: "nbkit-soft" }, none);
  return element("section", { "aria-label": name }, element("h3", {}, name), said);
}

function item(name, open, facts, buttons) {
  const opened = element("button", { type: "button", class: "nbkit-name", "aria-label": `Open ${name}`, click: open }, name);
  return element("li", {}, opened, ...facts, element("div", { class: "nbkit-acts" }, buttons));
}

function line(...parts) {
  return element("p", { class: "nbkit-soft" }, ...parts);
}

function lastRun(last) {
  if (!last) return line("not run yet");
  const state = element("span", { class: `nbkit-${last.look.tone}` }, `${last.look.glyph} ${last.look.word}`);
  return line(state, ` · run ${last.id}${last.started ? ` · ${moment(last.started)}` : ""}`);
}

function going(run, act, tabs) {
  const [over, all] = run.tasks;
  const said = `${over} of ${all} tasks`;
  const bar = element("progress", { max: String(all || 1), value: String(over), "aria-label": `Progress of ${run.name} · run ${run.id}` });
  const cancel = button("Cancel", () => act({ kind: "cancel", run_id: run.id }), { "aria-label": `Cancel ${run.name} · run ${run.id}` });
  const open = () => tabs.open({ job_id: run.job_id, run_id: run.id, name: run.name });
  const state = element("span", { class: `nbkit-${run.look.tone}` }, `${run.look.glyph} ${run.look.word}`);
  return item(`${run.name} · run ${run.id}`, open, [bar, line(state, ` · ${said}`)], [cancel]);
}

function deployed(job, act, files, tabs) {
  const label = job.target ? `${job.name} (${job.target})` : job.name;
  const starts = [job.next ? `next ${moment(job.next)}` : "", job.starts].filter(Boolean).join(", ");
  const facts = [
    line([job.state, starts].filter(Boolean).join(" · ")),
    lastRun(job.last),
    ...job.waits.map((wait) => line(wait)),
    job.note ? line(job.note) : null,
    job.missing ? line(`Its file is gone: ${job.missing}; it runs as deployed.`) : null,
  ].filter(Boolean);
  const to = (text, action, needs) => button(text, () => act({ job_id: job.id, ...action }, needs), { "aria-label": `${text} ${label}` });
  const buttons = [
    to("Run", { kind: "run" }, files),
    job.automatic ? (job.paused ? to("Resume", { kind: "resume" }) : to("Pause", { kind: "pause" })) : null,
    job.source && !job.missing ? to("Deploy again", { kind: "deploy", source: job.source }, files) : null,
    to("Undeploy", { kind: "undeploy" }),
  ];
  return item(label, () => tabs.open({ job_id: job.id, name: job.name }), facts, buttons);
}

function file(job, act, files, tabs, app) {
  const open = () =>
    job.id
      ? tabs.open({ job_id: job.id, name: job.name })
      : app.commands.execute("docmanager:open", { path: job.path, factory: "nbkit job" });
  const facts = [line(job.file), job.problem ? line(element("span", { class: "nbkit-bad" }, `✗ ${job.problem}`)) : lastRun(job.last)];
  const to = (text, action) => button(text, () => act({ job_id: job.id, ...action }, files), { "aria-label": `${text} ${job.name}` });
  const buttons = job.id ? [to("Run", { kind: "run" }), to("Deploy", { kind: "deploy", source: job.source })] : [];
  return item(job.name, open, facts, buttons);
}
