// nbkit's plugins: a job's file opens as a dashboard, what a notebook shows of a job is live where it
// can be, jobs are in the side bar, and a notebook's toolbar runs and schedules it.

import { jobFactory, looksLikeJob } from "./document.js";
import { newFiles } from "./new_files.js";
import { NotebookActs, notebookButtons } from "./notebook_buttons.js";
import { OUTPUT, Pane, outputFactory } from "./opening.js";
import { liveOutputs } from "./output.js";
import { JobTabs } from "./run_tab.js";
import { asker } from "./server.js";
import { sideBar } from "./side_bar.js";
import { sparkBars } from "./spark_bar.js";
import { addStyle } from "./style.js";
import { tablesBar } from "./tables_bar.js";

/** The modules of JupyterLab that `plugins` gets, as one object. */
export const needs = [
  "@jupyterlab/application",
  "@jupyterlab/apputils",
  "@jupyterlab/codeeditor",
  "@jupyterlab/coreutils",
  "@jupyterlab/docmanager",
  "@jupyterlab/docregistry",
  "@jupyterlab/filebrowser",
  "@jupyterlab/launcher",
  "@jupyterlab/notebook",
  "@jupyterlab/rendermime",
  "@jupyterlab/services",
  "@jupyterlab/ui-components",
  "@lumino/polling",
  "@lumino/widgets",
];

const NAME = "nbkit job";
const picture = (path) => `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 22 22"><path
  class="jp-icon3 jp-icon-selectable" style="fill: none" stroke="#616161" stroke-width="1.8" d="${path}"/></svg>`;
const JOB = "M7 11h3m0 0V5.5h3M10 11v5.5h3M2 8.5h5v5H2zM13 3h6v5h-6zM13 14h6v5h-6z";
const TABLE = "M3 4h16v14H3zM3 9h16M3 13.5h16M9 9v9";
const CLOCK = "M11 3a8 8 0 1 0 .01 0M11 6.5V11l3 2.5";

/** Return the plugins. */
export function plugins(lab) {
  const icons = {
    run: new lab.LabIcon({ name: "nbkit:job", svgstr: picture(JOB) }),
    tables: new lab.LabIcon({ name: "nbkit:tables", svgstr: picture(TABLE) }),
    schedule: new lab.LabIcon({ name: "nbkit:schedule", svgstr: picture(CLOCK) }),
  };
  const shared = {}; // what one plugin makes for the next ones
  return [
    {
      id: "nbkit:opening",
      description: "Opens output notebooks to be looked at, in one pane.",
      autoStart: true,
      requires: [lab.IDocumentManager, lab.IRenderMimeRegistry, lab.NotebookPanel.IContentFactory, lab.IEditorServices],
      optional: [lab.ILayoutRestorer],
      activate: (app, documents, rendermime, contentFactory, editors, restorer) => {
        addStyle();
        shared.pane = new Pane(app, documents);
        const factory = outputFactory(lab, app, rendermime, contentFactory, editors);
        restored(lab, restorer, factory, "nbkit-output", OUTPUT);
      },
    },
    {
      id: "nbkit:document",
      description: "Opens the file of a job as its dashboard.",
      autoStart: true,
      optional: [lab.ILayoutRestorer, lab.IFileBrowserFactory, lab.ILauncher, lab.ICommandPalette],
      activate: (app, restorer, browsers, launcher, palette) => {
        documents(lab, app, { restorer, browsers, icon: icons.run, shared });
        newFiles(app, { browsers, launcher, palette, icon: icons.run });
      },
    },
    {
      id: "nbkit:output",
      description: "Shows a job in a notebook: live, or the picture that was saved.",
      autoStart: true,
      activate: (app) =>
        app.docRegistry.addWidgetExtension("Notebook", {
          createNew: (panel, context) => liveOutputs(lab, app, panel, context, shared),
        }),
    },
    {
      id: "nbkit:spark",
      description: "Shows under a cell that runs what Spark does for it.",
      autoStart: true,
      activate: (app) => app.docRegistry.addWidgetExtension("Notebook", { createNew: sparkBars }),
    },
    {
      id: "nbkit:jobs",
      description: "Jobs in the side bar; a notebook as a job, and its schedule.",
      autoStart: true,
      optional: [lab.ILayoutRestorer, lab.ICommandPalette, lab.INotebookTracker],
      activate: (app, restorer, palette, notebooks) => jobs(lab, app, { restorer, palette, notebooks, icons, shared }),
    },
  ];
}

function documents(lab, app, { restorer, browsers, icon, shared }) {
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
  const factory = jobFactory(lab, app, shared, {
    name: NAME,
    fileTypes: ["nbkit-job", "json", "yaml"],
    modelName: "text",
    defaultFor: ["nbkit-job"],
  });
  factory.widgetCreated.connect((_, widget) => {
    widget.title.icon = icon;
    widget.context.ready.then(() => {
      if (looksLikeJob(widget.context.path, widget.context.model.toString())) return;
      app.commands.execute("docmanager:open", { path: widget.context.path, factory: "Editor" });
      widget.dispose(); // whatever it is, it is no job
    });
  });
  app.docRegistry.addWidgetFactory(factory);
  restored(lab, restorer, factory, "nbkit-job", NAME);
  if (browsers) inFileBrowser(app, browsers, icon);
}

function restored(lab, restorer, factory, namespace, name) {
  const tracker = new lab.WidgetTracker({ namespace });
  factory.widgetCreated.connect((_, widget) => {
    widget.context.pathChanged.connect(() => tracker.save(widget));
    tracker.add(widget);
  });
  restorer?.restore(tracker, {
    command: "docmanager:open",
    args: (widget) => ({ path: widget.context.path, factory: name }),
    name: (widget) => widget.context.path,
  });
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

function jobs(lab, app, { restorer, palette, notebooks, icons, shared }) {
  const ask = asker(lab);
  const tabs = new JobTabs(lab, app, ask, shared.pane, icons.run);
  const bar = sideBar(lab, app, { ask, tabs, icon: icons.run });
  app.shell.add(bar, "left", { rank: 250 });
  restorer?.add(bar, bar.id);
  const insert = (source) => inserted(lab, notebooks, source);
  const tables = tablesBar(lab, { ask, tabs, icon: icons.tables, insert });
  app.shell.add(tables, "left", { rank: 251 });
  restorer?.add(tables, tables.id);
  const given = { ask, tabs, icons, changed: bar.refresh };
  app.docRegistry.addWidgetExtension("Notebook", {
    createNew: (panel) => notebookButtons(lab, app, panel, given),
  });
  const commands = [
    ["nbkit:show-jobs", "Show Jobs", () => app.shell.activateById(bar.id)],
    ["nbkit:show-tables", "Show Tables", () => app.shell.activateById(tables.id)],
    ["nbkit:run-notebook", "Run Notebook as a Job", () => current().run(), true],
    ["nbkit:schedule-notebook", "Schedule Notebook …", () => current().schedule(), true],
  ];
  const current = () => new NotebookActs(lab, app, notebooks.currentWidget.context, given);
  for (const [command, label, execute, ofNotebook] of commands) {
    app.commands.addCommand(command, { label, execute, isEnabled: () => !ofNotebook || Boolean(notebooks?.currentWidget) });
    palette?.addItem({ command, category: "nbkit" });
  }
  app.commands.addCommand("nbkit:open-job", { label: "Open Job", execute: (args) => tabs.open(args) });
  restorer?.restore(tabs.tracker, {
    command: "nbkit:open-job",
    args: (widget) => widget.wanted,
    name: (widget) => widget.id,
  });
}

/** Put code into a new cell below the one that is worked in. */
function inserted(lab, notebooks, source) {
  const panel = notebooks?.currentWidget;
  if (!panel) {
    lab.Notification.info("Open a notebook first: the sample goes into a new cell of it.", { autoClose: 5000 });
    return;
  }
  lab.NotebookActions.insertBelow(panel.content);
  panel.content.activeCell.model.sharedModel.setSource(source);
}
