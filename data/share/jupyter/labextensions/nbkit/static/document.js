// A job's file as a document: a kernel beside the file shows its job, and ends with the tab.
// The runs are processes of their own and go on.

import { DashboardView } from "./dashboard_view.js";
import { TARGET } from "./kernel_widget.js";
import { scrolled } from "./run_tab.js";

const MIME = "application/vnd.nbkit.job+json";
const SPECIFIED = "nbkit"; // the kernel "Python (nbkit)"
const ENDED = ["dead", "terminating", "restarting", "autorestarting"];

/** Return what makes the tabs. */
export function jobFactory(lab, app, shared, options) {
  const factory = new lab.ABCWidgetFactory(options);
  const open = new Map(); // context → how many tabs it has
  factory.createNewWidget = (context) => {
    const content = new lab.Widget();
    content.addClass("nbkit-job");
    const page = scrolled();
    content.node.append(page);
    const widget = new lab.DocumentWidget({ content, context });
    content.node.setAttribute("aria-label", `${options.name} ${context.path}`);
    const job = new JobTab(lab, app, shared, context, page);
    open.set(context, (open.get(context) ?? 0) + 1);
    job.begin();
    widget.disposed.connect(() => {
      open.set(context, open.get(context) - 1);
      job.end({ isLast: !open.get(context) });
    });
    return widget;
  };
  return factory;
}

/** Say whether a file is a job, a faulty one perhaps, and not something else of that name. */
export function looksLikeJob(path, text) {
  if (!path.endsWith(".json") || !text.trim()) return true;
  try {
    const found = JSON.parse(text);
    return Boolean(found && typeof found === "object" && ["tasks", "resources", "bundle"].some((name) => name in found));
  } catch {
    return text.includes('"tasks"');
  }
}

class JobTab {
  #app;
  #context;
  #node;
  #view;
  #key = null; // which job of a bundle
  #id = null; // the widget's
  #text = null; // of the file, as it was last shown
  #ended = false;

  constructor(lab, app, shared, context, node) {
    this.#app = app;
    this.#context = context;
    this.#node = node;
    const shown = document.createElement("div");
    node.append(document.createElement("div"), shown);
    this.#view = new DashboardView(lab, app, shared, shown);
  }

  async begin() {
    this.#say("Opening …");
    const { sessionContext, ready } = this.#context;
    await ready;
    await sessionContext.ready;
    if (this.#ended) return;
    this.#context.fileChanged.connect(this.#saved, this);
    sessionContext.kernelChanged.connect(this.#kernelChanged, this);
    sessionContext.statusChanged.connect(this.#kernelStatus, this);
    sessionContext.connectionStatusChanged.connect(this.#connected, this);
    await this.#show();
  }

  /** Let go; the last tab of a file takes the kernel along. */
  end({ isLast }) {
    this.#ended = true;
    this.#view.hide();
    const { sessionContext, fileChanged } = this.#context;
    fileChanged.disconnect(this.#saved, this);
    sessionContext.kernelChanged.disconnect(this.#kernelChanged, this);
    sessionContext.statusChanged.disconnect(this.#kernelStatus, this);
    sessionContext.connectionStatusChanged.disconnect(this.#connected, this);
    const id = sessionContext.session?.id;
    if (isLast && id) this.#app.serviceManager.sessions.shutdown(id);
  }

  /** Have the kernel open the file, and show what it says: a widget, jobs to choose from, problems. */
  async #show() {
    this.#text = this.#context.model.toString();
    if (!this.#id) this.#say("Opening …");
    try {
      const kernel = await this.#kernel();
      const found = await opened(kernel, basename(this.#context.path), this.#key);
      if (this.#ended) return;
      this.#id = found.model_id ?? null;
      if (this.#id) {
        if (await this.#view.show(kernel, this.#id, this.#context)) this.#say();
      } else {
        this.#view.hide();
        if (found.job_keys) this.#offer(found.job_keys);
        else this.#complain(found.problems);
      }
    } catch (error) {
      if (!this.#ended) this.#again(`The job cannot be shown: ${error.message}`);
    }
  }

  async #kernel() {
    const { sessionContext } = this.#context;
    if (!sessionContext.session?.kernel) {
      const { kernelspecs } = this.#app.serviceManager;
      await kernelspecs.ready;
      await sessionContext.changeKernel({ name: pythonOf(kernelspecs.specs) });
    }
    const kernel = sessionContext.session?.kernel;
    if (!kernel) throw new Error("there is no Python kernel");
    kernel.registerCommTarget(TARGET, () => {}); // JupyterLab closes widgets that nobody expects
    return kernel;
  }

  #saved() {
    if (this.#context.model.toString() !== this.#text) this.#show();
  }

  #kernelChanged(_, { newValue }) {
    if (!newValue) this.#gone(); // shut down from elsewhere
  }

  #kernelStatus(_, status) {
    if (ENDED.includes(status)) this.#gone();
  }

  #gone() {
    if (!this.#id) return; // nothing was shown yet: it is being opened, or there is nothing to show
    this.#id = null;
    this.#view.hide();
    this.#again("The kernel that showed this job has ended. A run goes on without it.");
  }

  /** After a broken connection the state is asked for again: changes were missed. */
  #connected({ session }, status) {
    if (status === "connected" && this.#id) this.#view.show(session.kernel, this.#id, this.#context);
  }

  #say(...what) {
    this.#node.firstChild.replaceChildren(...what);
    this.#node.firstChild.setAttribute("role", "status");
  }

  #again(text) {
    this.#say(paragraph(text), button("Show it again", () => this.#show()));
  }

  #offer(keys) {
    const chosen = (key) => () => {
      this.#key = key;
      this.#show();
    };
    this.#say(paragraph("This file has several jobs:"), ...keys.map((key) => button(key, chosen(key))));
  }

  #complain(problems) {
    const list = document.createElement("ul");
    for (const [severity, text] of problems) {
      const item = document.createElement("li");
      item.style.whiteSpace = "pre-wrap";
      item.textContent = `${severity}: ${text}`;
      list.append(item);
    }
    const asText = () => this.#app.commands.execute("docmanager:open", { path: this.#context.path, factory: "Editor" });
    const said = paragraph("This is no job that can run; it is read again when the file is saved.");
    this.#say(said, list, button("Edit as text", asText));
  }
}

function basename(path) {
  return path.split("/").at(-1);
}

function paragraph(text) {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

function button(text, pressed) {
  const made = document.createElement("button");
  made.className = "jp-mod-styled jp-mod-reject";
  made.textContent = text;
  made.addEventListener("click", pressed);
  return made;
}

/** Return the name of nbkit's kernel, else of another one for Python. */
function pythonOf({ default: first, kernelspecs }) {
  const names = [SPECIFIED, first, ...Object.keys(kernelspecs)];
  return names.find((name) => kernelspecs[name]?.language === "python");
}

/**
 * Have a kernel open a job; returns what `nbkit.ui.document` showed.
 *
 * jsonschema would spend a second on a grammar of IRIs, which no notebook has.
 */
async function opened(kernel, name, key) {
  const given = [name, ...(key === null ? [] : [key])].map((each) => JSON.stringify(each));
  const future = kernel.requestExecute({
    code: [
      'import sys; sys.modules.setdefault("rfc3987_syntax", None)',
      "from nbkit.ui.document import document",
      `document.open(${given.join(", ")})`,
    ].join("\n"),
    store_history: false,
    allow_stdin: false,
  });
  let shown = null;
  future.onIOPub = ({ content }) => (shown = content.data?.[MIME] ?? shown);
  const { content } = await future.done.catch(() => {
    throw new Error("its kernel has ended");
  });
  if (content.status === "ok") return shown;
  if (content.ename === "ModuleNotFoundError")
    throw new Error(`its kernel has no nbkit (${content.evalue})`);
  throw new Error(`${content.ename}: ${content.evalue}`);
}
