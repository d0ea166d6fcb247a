// The dashboard as a widget: state comes from the kernel, what a person asks for goes back.

import { dashboard } from "./dashboard.js";
import { element } from "./elements.js";
import { shadowPage } from "./shadow.js";

/** What anywidget calls for every place where the widget is shown. */
function render({ model, el }) {
  const { page, stop } = shadowPage(el, model.get("page_style"));
  const state = model.get("dashboard"); // one object for all views, and for those to come
  let view = null;
  const show = () => {
    view?.stop();
    page.replaceChildren();
    view = dashboard(page, state, {
      act: (action) => model.send(action),
      shows: true,
      link: (path, text, cell) => link(model, el, `${state.job.folder}${path}`, text, cell),
    });
  };
  const heard = (change) => {
    if (change.kind === "open") {
      const shown = link(model, el, `${state.job.folder}${change.path}`, change.path);
      el.append(shown);
      shown.click();
      shown.remove();
      return;
    }
    const { kind, tasks, ...rest } = change;
    if (kind === "change" && !rest.graph) Object.assign(state.tasks, tasks);
    else if (tasks) state.tasks = tasks;
    Object.assign(state, rest);
    if (rest.graph) show();
    else if (rest.history) view.history();
    else view.update();
  };
  show();
  model.on("msg:custom", heard);
  return () => {
    model.off("msg:custom", heard);
    stop();
    view.stop();
  };
}

/** A link to a file of the project; in JupyterLab it opens beside the notebook. */
function link(model, el, path, text, cell = 0) {
  const here = model.widget_manager?.context?.path;
  return element(
    "a",
    {
      href: path.split("/").map(encodeURIComponent).join("/"),
      target: "_blank",
      rel: "noopener",
      click: (event) => {
        if (here === undefined || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        if (model.open) model.open(resolved(here, path), cell); // nbkit's extension of JupyterLab
        else openBeside(el, resolved(here, path));
      },
    },
    text,
  );
}

/** Return a path relative to the server's folder, given one relative to the notebook's folder. */
function resolved(notebook, path) {
  const parts = notebook.split("/").slice(0, -1);
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/**
 * Ask JupyterLab to open a file beside this one, by the kind of link that its command linker
 * hears; it has to be inside the notebook, whose trust it shares.
 */
function openBeside(el, path) {
  const asked = element("a", {
    hidden: true,
    "data-commandlinker-command": "docmanager:open",
    "data-commandlinker-args": JSON.stringify({ path, options: { mode: "split-right" } }),
  });
  el.append(asked);
  asked.click();
  asked.remove();
}

export default { render };
