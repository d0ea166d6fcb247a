// A notebook's toolbar: run it as a job, and have it run by itself.

import { parameterForm, scheduleForm } from "./forms.js";
import { reason } from "./server.js";
import { savedFirst } from "./unsaved.js";

/** Put the two buttons into a notebook's toolbar; returns what takes them out. */
export function notebookButtons(lab, app, panel, { ask, tabs, icons, changed }) {
  const acts = new NotebookActs(lab, app, panel.context, { ask, tabs, changed });
  const made = [
    ["nbkit-run", "Run as a job", icons.run, () => acts.run()],
    ["nbkit-schedule", "Schedule …", icons.schedule, () => acts.schedule()],
  ].map(([name, label, icon, onClick]) => {
    const one = new lab.ToolbarButton({ icon, onClick, tooltip: label, label });
    panel.toolbar.insertBefore("spacer", name, one) || panel.toolbar.addItem(name, one);
    return one;
  });
  return { dispose: () => made.forEach((each) => each.dispose()), isDisposed: false };
}

/** What can be done with a notebook. */
export class NotebookActs {
  #lab;
  #app;
  #context;
  #ask;
  #tabs;
  #changed;

  constructor(lab, app, context, { ask, tabs, changed }) {
    [this.#lab, this.#app, this.#context, this.#ask, this.#tabs, this.#changed] = [lab, app, context, ask, tabs, changed];
  }

  /** Ask for its parameters, run it, and show the run. */
  async run() {
    const found = await this.#known("run");
    if (!found) return;
    const form = parameterForm(found.parameters);
    if (!(await this.#asked(`Run ${this.#name} as a job`, form.node, "Run"))) return;
    await this.#try(async () => {
      const done = await this.#ask("act", { kind: "run_notebook", path: this.#path, parameters: form.given() });
      if (!done.run_id) throw new Error(done.message);
      this.#tabs.open({ job_id: done.job_id, run_id: done.run_id, name: done.name });
      this.#changed();
    });
  }

  /** Ask when it is to run, and deploy a job that does so; or change the one that there is. */
  async schedule() {
    const found = await this.#known("schedule");
    if (!found) return;
    const form = scheduleForm(found, (path) => this.#ask(path));
    const { Dialog } = this.#lab;
    const remove = Dialog.warnButton({ label: "Unschedule", actions: ["remove"] });
    for (;;) {
      const answer = await this.#lab.showDialog({
        title: `Schedule ${this.#name}`,
        body: new this.#lab.Widget({ node: form.node }),
        buttons: [Dialog.cancelButton(), ...(found.schedules.length ? [remove] : []), Dialog.okButton({ label: "Schedule" })],
        focusNodeSelector: "input",
      });
      if (!answer.button.accept) return;
      const job = form.job();
      const removed = answer.button.actions.includes("remove");
      const done = await this.#try(() => (removed ? this.#remove(job) : this.#deploy(found.notebook, job)));
      this.#changed();
      if (done) return;
    }
  }

  get #path() {
    return this.#context.localPath ?? this.#context.path;
  }

  get #name() {
    return this.#path.split("/").at(-1).replace(/\.ipynb$/, "");
  }

  /** Return what the service knows of the notebook as it is shown; null to do nothing. */
  async #known(verb) {
    let found = null;
    if (!(await savedFirst(this.#lab, this.#app, [this.#path], verb))) return null;
    await this.#try(async () => {
      found = await this.#ask(`state/notebook?path=${encodeURIComponent(this.#path)}`);
    });
    return found;
  }

  async #asked(title, node, label) {
    const { Dialog, Widget, showDialog } = this.#lab;
    const buttons = [Dialog.cancelButton(), Dialog.okButton({ label })];
    return (await showDialog({ title, body: new Widget({ node }), buttons, focusNodeSelector: "input, select" })).button.accept;
  }

  async #deploy(notebook, { id, schedule, parameters }) {
    const settings = { schedule, parameters };
    if (id) await this.#ask("api/2.2/jobs/update", { job_id: id, new_settings: settings });
    else {
      const task = { task_key: this.#name.replace(/[^\w-]/g, "_").slice(0, 100) || "notebook", notebook_task: { notebook_path: notebook } };
      await this.#ask("api/2.2/jobs/create", { name: this.#name, tasks: [task], ...settings });
    }
    this.#lab.Notification.success(`${this.#name} is scheduled: see Jobs in the side bar.`, { autoClose: 5000 });
  }

  async #remove({ id }) {
    const { message } = await this.#ask("act", { kind: "undeploy", job_id: id });
    this.#lab.Notification.info(message, { autoClose: 5000 });
  }

  /** Do something; what goes wrong is told. Returns whether it was done. */
  async #try(act) {
    try {
      await act();
      return true;
    } catch (error) {
      await this.#lab.showErrorMessage(`nbkit: ${this.#name}`, reason(error));
      return false;
    }
  }
}
