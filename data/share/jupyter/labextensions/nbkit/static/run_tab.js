// A job in a tab of its own, without a kernel: the service tells of it, and does what is asked.

import { reason } from "./server.js";
import { savedFirst } from "./unsaved.js";

const STARTING = ["run", "run_again", "repair"];
const RETRY = 2000; // milliseconds
const fronts = new Map(); // code → module

/** The tabs of jobs and runs. */
export class JobTabs {
  #lab;
  #app;
  #ask;
  #pane;
  #icon;
  tracker;

  constructor(lab, app, ask, pane, icon) {
    [this.#lab, this.#app, this.#ask, this.#pane, this.#icon] = [lab, app, ask, pane, icon];
    this.tracker = new lab.WidgetTracker({ namespace: "nbkit-jobs" });
  }

  /**
   * Show a job's latest run, or one run.
   *
   * @param {{job_id: number, run_id?: number, name?: string}} wanted
   */
  open(wanted) {
    const { job_id: jobId, run_id: runId = 0, name = "" } = wanted;
    const id = runId ? `nbkit-run-${runId}` : `nbkit-job-${jobId}`;
    const known = this.tracker.find((each) => each.id === id);
    if (known) {
      this.#app.shell.activateById(id);
      return known;
    }
    const content = new this.#lab.Widget();
    content.addClass("nbkit-job");
    const widget = new this.#lab.MainAreaWidget({ content });
    widget.id = id;
    widget.title.label = named(name, runId);
    widget.title.icon = this.#icon;
    widget.title.closable = true;
    widget.toolbar.hide();
    widget.wanted = { ...wanted, job_id: jobId, run_id: runId };
    content.node.setAttribute("aria-label", named(name, runId) || id);
    const page = content.node.appendChild(scrolled());
    let end = () => {};
    widget.disposed.connect(() => end());
    this.#fill(widget, page).then((stop) => {
      end = stop;
      if (widget.isDisposed) stop();
    });
    this.#app.shell.add(widget, "main");
    this.tracker.add(widget);
    this.#app.shell.activateById(id);
    return widget;
  }

  /** Draw a tab once the service answers; returns what ends it. */
  async #fill(widget, page) {
    const said = page.appendChild(document.createElement("p"));
    said.setAttribute("role", "status");
    said.textContent = "Opening …";
    const shown = page.appendChild(document.createElement("div"));
    const { job_id: jobId, run_id: runId } = widget.wanted;
    while (!widget.isDisposed) {
      try {
        const [front, data] = await Promise.all([this.#ask("state/front"), this.#data(jobId, runId)]);
        const { show } = await loaded(front.script);
        said.textContent = "";
        widget.title.label = named(data.job.name, runId);
        widget.content.node.setAttribute("aria-label", widget.title.label);
        return show(shown, { ...data, style: front.style }, this.#hooks(front.inside, said, runId));
      } catch (error) {
        said.textContent = reason(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
    return () => {};
  }

  async #data(jobId, runId) {
    const job = await this.#ask(`state/jobs/${jobId}`);
    const run = runId || job.run_id;
    const state = run ? await this.#ask(`state/runs/${run}?seen=0`) : {};
    return { ...job, ...state, run_id: run, follow: !runId };
  }

  #hooks(inside, said, runId) {
    return {
      ask: this.#ask,
      say: (text) => {
        if (said.textContent !== text) said.textContent = text;
      },
      before: async (action) => {
        if (!STARTING.includes(action.kind)) return true;
        const { files } = await this.#ask("act", { kind: "files", job_id: action.job_id });
        return savedFirst(this.#lab, this.#app, files ?? [], action.kind === "repair" ? "repair" : "run");
      },
      open: (done) => this.#open(done, inside, runId),
      link: (path, text, cell = 0) => this.#link(path, text, cell, inside),
    };
  }

  /** Go where an answer leads; a tab that follows its job shows a new run by itself. */
  #open(done, inside, runId) {
    if (done.run_id && runId) this.open({ job_id: done.job_id, run_id: done.run_id, name: done.name });
    const file = /^files\/(.+)$/.exec(done.open);
    if (file) this.#pane.open(labPath(file[1], inside));
  }

  #link(path, text, cell, inside) {
    const made = document.createElement("a");
    made.textContent = text;
    const run = /^runs\/(\d+)$/.exec(path);
    made.href = `${this.#lab.PageConfig.getBaseUrl()}nbkit/${run ? path : `files/${path}`}`;
    made.target = "_blank";
    made.addEventListener("click", async (event) => {
      const here = run ? "" : labPath(path, inside);
      if (event.ctrlKey || event.metaKey || (!run && here === null)) return;
      event.preventDefault();
      if (run) {
        this.open({ job_id: 0, run_id: Number(run[1]) });
        return;
      }
      if (path.endsWith(".html")) await this.#lab.ServerConnection.makeRequest(made.href, {}, this.#lab.ServerConnection.makeSettings()); // which writes it
      this.#pane.open(here, cell);
    });
    return made;
  }
}

/** Return what a dashboard is drawn on, which can be scrolled by keys. */
export function scrolled() {
  const page = document.createElement("div");
  page.className = "nbkit-page";
  page.tabIndex = 0;
  page.setAttribute("role", "group"); // JupyterLab makes a landmark of what is around it
  page.setAttribute("aria-label", "Dashboard");
  return page;
}

/** Return a path of the project as JupyterLab has it; null for what is outside of its folder. */
function labPath(path, inside) {
  if (!inside) return path;
  return path.startsWith(`${inside}/`) ? path.slice(inside.length + 1) : null;
}

function named(name, runId) {
  if (!runId) return name;
  return name ? `run ${runId} of ${name}` : `run ${runId}`;
}

async function loaded(code) {
  if (!fronts.has(code)) {
    const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    fronts.set(code, import(url));
  }
  return (await fronts.get(code)).default;
}
