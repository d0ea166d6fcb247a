// The pages of the service: jobs with their next and last runs, and a job or a run as it goes on.

import { badge, element } from "./elements.js";
import { followed, keepLooking } from "./followed.js";
import { rowFilter } from "./row_filter.js";
import { given } from "./runs.js";
import { duration, moment } from "./words.js";

const data = JSON.parse(document.getElementById("nbkit-data").textContent);
const main = document.getElementById("nbkit-main");

/** Ask the server; the error says what it answered. */
async function ask(path, body = undefined) {
  const asked = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const headers = { "Content-Type": "application/json", "X-XSRFToken": data.xsrf };
  const answer = await fetch(`${data.root}${path}`, { ...asked, headers, credentials: "same-origin" });
  if (answer.redirected || answer.status === 401 || answer.status === 403) {
    throw new Error("The server does not know you any more: reload this page and log in.");
  }
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.message ?? `The server answered ${answer.status}.`);
  return found;
}

const link = (path, text) => element("a", { href: `${data.root}${path}` }, text);

/** The list of jobs. */
function jobsPage() {
  const said = element("p", { class: "message", role: "status" });
  const away = element("p", { class: "message", role: "status" });
  const box = element("div");
  main.append(away, said, box);
  const act = async (action) => {
    try {
      const done = await ask("act", action);
      said.textContent = done.message ?? "";
      if (done.open) location.assign(`${data.root}${done.open}`);
      else looking.again();
    } catch (error) {
      said.textContent = error.message;
    }
  };
  const button = (text, name, action) =>
    element("button", { type: "button", "aria-label": `${text} ${name}`, click: () => act(action) }, text);
  const line = (job) =>
    element(
      "tr",
      {},
      element(
        "th",
        { scope: "row" },
        link(`jobs/${job.id}`, job.name),
        job.target ? ` (${job.target})` : "",
        job.missing ? element("p", { class: "soft" }, `Its file is gone: ${job.missing}; it runs as deployed.`) : null,
      ),
      element("td", {}, job.state, job.waits.map((wait) => element("p", { class: "soft wrap wait" }, wait))),
      element("td", {}, [job.next ? moment(job.next) : "", job.starts].filter(Boolean).join(", ")),
      element("td", {}, ...(job.last ? [badge(job.last.look), " ", link(`runs/${job.last.id}`, `run ${job.last.id}`)] : ["–"])),
      element("td", { class: "time" }, job.last ? moment(job.last.started) : ""),
      element(
        "td",
        {},
        element(
          "span",
          { class: "buttons" },
          button("Run now", job.name, { kind: "run", job_id: job.id }),
          job.last?.live ? button("Cancel", job.name, { kind: "cancel", run_id: job.last.id }) : null,
          job.automatic
            ? job.paused
              ? button("Resume", job.name, { kind: "resume", job_id: job.id })
              : button("Pause", job.name, { kind: "pause", job_id: job.id })
            : null,
        ),
      ),
    );
  const run = (each) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, link(`runs/${each.id}`, `run ${each.id}`)),
      element("td", {}, each.name),
      element("td", {}, badge(each.look)),
      element("td", { class: "time" }, moment(each.started)),
      element("td", { class: "number" }, each.ended ? duration(each.took) : ""),
      element("td", { class: "mono wrap" }, given(each.parameters)),
    );
  const table = (name, heads, rows, none, top = null) =>
    element(
      "section",
      { "aria-label": name },
      element("h2", {}, name),
      rows.length ? top : null,
      rows.length
        ? element(
            "div",
            { class: "scroll", tabindex: "0", role: "region", "aria-label": `${name}, a table` },
            element(
              "table",
              {},
              element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
              element("tbody", {}, rows),
            ),
          )
        : element("p", { class: "soft" }, none),
    );
  const filter = rowFilter({});
  let shown = "";
  const draw = (list) => {
    const text = JSON.stringify(list);
    if (text === shown) return; // what has the focus keeps it
    shown = text;
    const active = document.activeElement;
    const focus = active?.getAttribute("aria-label");
    const runs = list.runs.map(run);
    filter.over(runs);
    box.replaceChildren(
      table(
        "Deployed jobs",
        ["Job", "State", "Next run", "Last run", "Started", "Actions"],
        list.jobs.map(line),
        "No job is deployed yet: nbkit deploy JOB, or a client's jobs/create.",
      ),
      table("Latest runs", ["Run", "Job", "State", "Started", "Duration", "Parameters"], runs, "No runs yet.", filter.node),
    );
    if (active === filter.input) filter.input.focus();
    for (const each of box.querySelectorAll("button")) {
      if (focus && each.getAttribute("aria-label") === focus) each.focus();
    }
  };
  draw(data.list);
  const looking = keepLooking(
    async () => {
      const list = await ask("state/list");
      draw(list);
      return list.runs.some((each) => each.live);
    },
    (text) => {
      away.textContent = text;
    },
  );
}

/** A job with a run of it; where the page follows the job, always with its latest run. */
function runPage() {
  const away = element("p", { class: "message", role: "status" });
  const page = element("div", { class: "dashboard" });
  main.append(away, page);
  data.picked = decodeURIComponent(location.hash.slice(1)) || undefined;
  followed(page, data, {
    ask,
    link: (path, text) => (/^runs\/\d+$/.test(path) ? link(path, text) : link(`files/${path}`, text)),
    open: (done) => location.assign(`${data.root}${done.open}`),
    say: (text) => {
      away.textContent = text;
    },
  });
}

if (data.list) jobsPage();
else runPage();
