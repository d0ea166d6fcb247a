// What dashboards link to opens in one pane beside them, which is used again and again.

/** The widget factory of notebooks that are only looked at. */
export const OUTPUT = "nbkit output";
const OF_A_RUN = /(?:^|\/)(\d+)\/([^/]+?)(?:\/(\d+))?\/(\d+)\.ipynb$/;
const [FRAMES, SETTLED] = [120, 3];
const PAGE = /(?:^|\/)(\d+)\/(?:report|diff-(\d+))\.html$/;

/** Let output notebooks be opened without a kernel. */
export function outputFactory(lab, app, rendermime, contentFactory, editors) {
  const factory = new lab.NotebookWidgetFactory({
    name: OUTPUT,
    fileTypes: ["notebook"],
    modelName: "notebook",
    defaultFor: [],
    readOnly: true,
    preferKernel: false,
    canStartKernel: false,
    rendermime,
    contentFactory,
    mimeTypeService: editors.mimeTypeService,
    toolbarFactory: () => [],
  });
  app.docRegistry.addWidgetFactory(factory);
  factory.widgetCreated.connect((_, widget) => {
    widget.title.icon = lab.notebookIcon;
    retitle(widget);
    widget.context.pathChanged.connect(() => retitle(widget));
    widget.context.ready.then(() => {
      const { model } = widget.content;
      model.readOnly = true;
      lock(widget.content.widgets);
      model.cells.changed.connect(() => requestAnimationFrame(() => widget.isDisposed || lock(widget.content.widgets)));
    });
  });
  return factory;
}

/** Let nobody write in cells, and put nothing of that into their metadata. */
function lock(cells) {
  for (const cell of cells) {
    cell.syncEditable = false;
    cell.readOnly = true;
  }
}

/** Return how a tab is called: `clean · run 5`. */
export function nameOf(path) {
  const found = OF_A_RUN.exec(path);
  if (found) {
    const [, run, key, iteration, attempt] = found;
    const again = attempt === "0" ? "" : ` · attempt ${Number(attempt) + 1}`;
    return `${key}${iteration === undefined ? "" : `[${iteration}]`} · run ${run}${again}`;
  }
  const page = PAGE.exec(path);
  if (page) return page[2] ? `run ${page[2]} → run ${page[1]}` : `report · run ${page[1]}`;
  return path.split("/").at(-1);
}

/**
 * Name a tab for what it shows. JupyterLab renames the file when a document's title changes: where
 * it cannot be told to leave that, the title stays as it is.
 */
function retitle(widget) {
  const { title, _onTitleChanged: renames } = widget;
  const name = nameOf(widget.context.path);
  if (name === widget.context.path.split("/").at(-1)) return;
  if (!widget.isNamed) widget.isNamed = Boolean(renames) && title.changed.disconnect(renames, widget);
  if (widget.isNamed) title.label = name;
}

function nextFrame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/** Opens files beside dashboards. */
export class Pane {
  #app;
  #documents;
  #last = null;

  constructor(app, documents) {
    this.#app = app;
    this.#documents = documents;
  }

  /**
   * Open a file, an output notebook at a cell.
   *
   * @param {string} path from the server's folder
   * @param {number} cell its number, from 1; 0 for the beginning
   */
  async open(path, cell = 0) {
    const isOutput = OF_A_RUN.test(path);
    const factory = isOutput ? OUTPUT : "default";
    const known = this.#documents.findWidget(path, factory);
    const beside =
      this.#last && !this.#last.isDisposed && this.#last.isAttached
        ? { ref: this.#last.id, mode: "tab-after" }
        : { mode: "split-right" };
    const widget = this.#documents.openOrReveal(path, factory, undefined, known ? {} : beside);
    if (!widget) return;
    this.#last = widget;
    await widget.context.ready;
    if (known && !widget.context.model.dirty) await widget.context.revert(); // it may have gone on
    retitle(widget);
    this.#app.shell.activateById(widget.id);
    if (cell && widget.content.scrollToItem) await goTo(widget, cell - 1);
  }
}

/** Bring a notebook's cell into view; JupyterLab gives the first one the focus meanwhile. */
async function goTo(widget, wanted) {
  await widget.revealed;
  const { content } = widget;
  const index = Math.min(wanted, content.model.cells.length - 1); // it may have been edited since
  for (let frame = 0, settled = 0; frame < FRAMES && settled < SETTLED; frame += 1) {
    await nextFrame();
    if (widget.isDisposed) return;
    if (content.activeCellIndex === index) settled += 1;
    else content.activeCellIndex = index;
  }
  content.scrollToItem(index, "start").catch(() => {}); // another one is asked for
}
