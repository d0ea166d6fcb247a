// The front end of nbkit.job on a node of the page. Its code comes from the kernel, with the widget:
// so it always fits the nbkit that is there.

import { findWidget } from "./kernel_widget.js";
import { savedFirst } from "./unsaved.js";

const STARTING = ["run", "run_again", "repair"];
const modules = new Map(); // code → module

async function loaded(code) {
  if (!modules.has(code)) {
    const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    modules.set(code, import(url));
  }
  return (await modules.get(code)).default;
}

/** Shows one widget of a kernel at a time. */
export class DashboardView {
  #lab;
  #app;
  #shared;
  #node;
  #turn = 0;
  #stop = () => {};

  /** Called when what was shown has gone from the kernel. */
  ongone = () => {};

  /**
   * @param {object} lab modules of JupyterLab
   * @param {object} app the application
   * @param {{pane?: import("./opening.js").Pane}} shared what opens files
   * @param {HTMLElement} node what to draw on
   */
  constructor(lab, app, shared, node) {
    this.#lab = lab;
    this.#app = app;
    this.#shared = shared;
    this.#node = node;
  }

  /**
   * Show a widget if the kernel has it, and tell whether it does; null if something else was
   * shown or hidden in the meantime.
   */
  async show(kernel, id, context) {
    const turn = ++this.#turn;
    /** @type {any} */ // anywidget wants more of a model than nbkit has
    const model = await findWidget(this.#lab.KernelMessage, kernel, id);
    const front = model && (await loaded(model.get("_esm")));
    if (turn !== this.#turn) {
      model?.close();
      return null;
    }
    this.#stop();
    this.#stop = () => {};
    if (!model) return false;
    model.widget_manager = { context };
    model.open = (path, cell) => this.#open(path, cell);
    const send = model.send.bind(model);
    model.send = async (action) => {
      if (await this.#saved(model.get("dashboard").job, context, action)) send(action);
    };
    const end = front.render({ model, el: this.#node });
    this.#stop = () => {
      model.onclose = () => {};
      model.close();
      end();
      this.#node.replaceChildren();
    };
    model.onclose = () => {
      this.hide();
      this.ongone();
    };
    return true;
  }

  /** Show nothing. */
  hide() {
    this.#turn += 1;
    this.#stop();
    this.#stop = () => {};
  }

  /** Have what a run would read saved, as far as an editor here shows it. */
  #saved({ folder, files = [] }, context, { kind }) {
    if (!STARTING.includes(kind)) return true;
    const { PathExt } = this.#lab;
    const here = PathExt.dirname(context.path);
    const paths = files.map((each) => PathExt.normalize(PathExt.join(here, folder, each)));
    return savedFirst(this.#lab, this.#app, paths, kind === "repair" ? "repair" : "run");
  }

  #open(path, cell = 0) {
    if (this.#shared.pane) this.#shared.pane.open(path, cell);
    else this.#app.commands.execute("docmanager:open", { path, options: { mode: "split-right" } });
  }
}
