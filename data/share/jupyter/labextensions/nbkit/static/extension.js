// nbkit's two plugins: a job's file opens as a dashboard, and what a notebook shows of a job is
// live where it can be and a picture where it cannot.

import { jobFactory } from "./document.js";
import { liveOutputs } from "./output.js";

/** The modules of JupyterLab that `plugins` gets, as one object. */
export const needs = [
  "@jupyterlab/application",
  "@jupyterlab/apputils",
  "@jupyterlab/docregistry",
  "@jupyterlab/filebrowser",
  "@jupyterlab/services",
  "@jupyterlab/ui-components",
  "@lumino/widgets",
];

const NAME = "nbkit job";
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 22 22"><path
  class="jp-icon3 jp-icon-selectable" fill="none" stroke="#616161" stroke-width="1.8"
  d="M7 11h3m0 0V5.5h3M10 11v5.5h3M2 8.5h5v5H2zM13 3h6v5h-6zM13 14h6v5h-6z"/></svg>`;

/** Return the plugins. */
export function plugins(lab) {
  return [
    {
      id: "nbkit:document",
      description: "Opens the file of a job as its dashboard.",
      autoStart: true,
      optional: [lab.ILayoutRestorer, lab.IFileBrowserFactory],
      activate: (app, restorer, browsers) => documents(lab, app, restorer, browsers),
    },
    {
      id: "nbkit:output",
      description: "Shows a job in a notebook: live, or the picture that was saved.",
      autoStart: true,
      activate: (app) =>
        app.docRegistry.addWidgetExtension("Notebook", {
          createNew: (panel, context) => liveOutputs(lab, app, panel, context),
        }),
    },
  ];
}

function documents(lab, app, restorer, browsers) {
  const icon = new lab.LabIcon({ name: "nbkit:job", svgstr: ICON });
  app.docRegistry.addFileType({
    name: "nbkit-job",
    displayName: NAME,
    pattern: "^(.*[._-])?job\\.json$",
    extensions: [],
    mimeTypes: ["application/json"],
    contentType: "file",
    fileFormat: "text",
    icon,
  });
  const factory = jobFactory(lab, app, {
    name: NAME,
    fileTypes: ["nbkit-job", "json", "yaml"],
    modelName: "text",
    defaultFor: [],
  });
  const tracker = new lab.WidgetTracker({ namespace: "nbkit-job" });
  factory.widgetCreated.connect((_, widget) => {
    widget.title.icon = icon;
    widget.context.pathChanged.connect(() => tracker.save(widget));
    tracker.add(widget);
  });
  app.docRegistry.addWidgetFactory(factory);
  restorer?.restore(tracker, {
    command: "docmanager:open",
    args: (widget) => ({ path: widget.context.path, factory: NAME }),
    name: (widget) => widget.context.path,
  });
  if (browsers) inFileBrowser(app, browsers, icon);
}

/** Add an entry to the menu of what is named like a job; all others have "Open With". */
function inFileBrowser(app, browsers, icon) {
  app.commands.addCommand("nbkit:open", {
    label: `Open with ${NAME}`,
    icon,
    execute: () => {
      for (const { path } of browsers.tracker.currentWidget?.selectedItems() ?? [])
        app.commands.execute("docmanager:open", { path, factory: NAME });
    },
  });
  app.contextMenu.addItem({
    command: "nbkit:open",
    selector: '.jp-DirListing-item[data-file-type="nbkit-job"]',
    rank: 1,
  });
}
