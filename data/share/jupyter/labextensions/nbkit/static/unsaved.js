// A run reads files: what an editor shows and has not saved is asked about first.

import { element } from "./elements.js";

/**
 * Have a person save what a run would read; returns whether to go on.
 *
 * @param {any} lab modules of JupyterLab
 * @param {any} app the application
 * @param {string[]} paths of the files that are read, from the server's folder
 * @param {string} verb what is about to be done, such as `run`
 */
export async function savedFirst(lab, app, paths, verb = "run") {
  const contexts = new Set();
  for (const widget of app.shell.widgets("main")) {
    const context = widget.context;
    if (context?.model?.dirty && paths.includes(context.localPath ?? context.path)) contexts.add(context);
  }
  const dirty = [...contexts];
  if (!dirty.length) return true;
  const { Dialog, Widget } = lab;
  const kind = dirty.every(({ path }) => path.endsWith(".ipynb")) ? "notebook" : "file";
  const [amount, have] = dirty.length === 1 ? [`1 ${kind} has`, "its"] : [`${dirty.length} ${kind}s have`, "their"];
  const names = element("ul", {}, dirty.map(({ path }) => element("li", {}, path)));
  const said = element("p", {}, `${capital(verb)} reads ${have} ${dirty.length === 1 ? "file" : "files"}, not the editor.`);
  const answer = await lab.showDialog({
    title: `${amount} unsaved changes: save and ${verb}?`,
    body: new Widget({ node: element("div", {}, said, names) }),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: `${capital(verb)} without saving`, actions: ["unsaved"] }),
      Dialog.okButton({ label: `Save and ${verb}` }),
    ],
  });
  if (!answer.button.accept) return false;
  if (answer.button.actions.includes("unsaved")) return true;
  await Promise.all(dirty.map((context) => context.save()));
  return dirty.every(({ model }) => !model.dirty); // else JupyterLab has said why
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
