// What a notebook shows of a job: the dashboard while the kernel has it, else the picture that the
// output holds. Without this extension the other entries of the output are shown, as they are.

import { DashboardView } from "./dashboard_view.js";

const MIME = "application/vnd.nbkit.job+json";
const BEFORE_WIDGETS = -100; // JupyterLab prefers the lowest rank; widgets have -10
const PATIENCE = 500; // milliseconds in which a kernel may answer before the picture is shown
const UNANSWERED = 6000; // milliseconds until it is asked again: an answer may be lost on its way
const TRIES = 20;
const GONE = ["restarting", "autorestarting", "terminating", "dead"];
const NOTE = "This is how it was saved. Run the cell again to see it live.";

/** Let a notebook show jobs. */
export function liveOutputs(lab, app, panel, context, shared) {
  panel.content.rendermime.addFactory(
    {
      safe: false, // as widgets are: only in a notebook that is trusted
      mimeTypes: [MIME],
      createRenderer: () => renderer(lab, app, shared, panel.content.rendermime, context),
    },
    BEFORE_WIDGETS,
  );
}

function renderer(lab, app, shared, rendermime, context) {
  const { Panel, Widget } = lab;
  const session = context.sessionContext;
  const panel = new Panel();
  const still = new Panel();
  const live = new Widget();
  const note = new Widget();
  note.node.textContent = NOTE;
  note.addClass("jp-RenderedText");
  for (const part of [still, note, live]) panel.addWidget(part);
  const view = new DashboardView(lab, app, shared, live.node);
  let later = 0; // a timer
  let saved = null; // the output: where its widget was, and its picture

  const draw = async () => {
    const picture = rendermime.createRenderer("text/html");
    await picture.renderModel(saved);
    for (const old of [...still.widgets]) old.dispose();
    still.addWidget(picture);
  };
  const choose = ({ isLive, isOver }) => {
    live.setHidden(!isLive);
    still.setHidden(isLive);
    note.setHidden(isLive || !isOver);
  };
  const gone = () => {
    clearTimeout(later);
    view.hide();
    choose({ isLive: false, isOver: true });
  };
  const look = async (tries = TRIES) => {
    clearTimeout(later);
    const kernel = session.session?.kernel;
    if (!saved || panel.isDisposed) return;
    if (!kernel || GONE.includes(kernel.status)) {
      gone();
      return;
    }
    setTimeout(() => live.isHidden && !panel.isDisposed && still.show(), PATIENCE);
    if (tries > 0) later = setTimeout(() => look(tries - 1), UNANSWERED);
    try {
      const isLive = await view.show(kernel, saved.data[MIME].model_id, context);
      if (isLive === null || panel.isDisposed) return; // it was asked again in the meantime
      clearTimeout(later);
      choose({ isLive, isOver: !isLive });
    } catch (error) {
      console.warn("nbkit: the kernel did not answer:", error);
    }
  };
  const kernelChanged = () => look();
  const statusChanged = (_, status) => GONE.includes(status) && gone();
  const connectionChanged = (_, status) => status === "connected" && look();

  choose({ isLive: false, isOver: false });
  still.hide();
  view.ongone = () => choose({ isLive: false, isOver: true });
  session.kernelChanged.connect(kernelChanged);
  session.statusChanged.connect(statusChanged);
  session.connectionStatusChanged.connect(connectionChanged);
  panel.disposed.connect(() => {
    clearTimeout(later);
    view.hide();
    session.kernelChanged.disconnect(kernelChanged);
    session.statusChanged.disconnect(statusChanged);
    session.connectionStatusChanged.disconnect(connectionChanged);
  });
  panel.renderModel = async (model) => {
    const same = saved?.data[MIME].model_id === model.data[MIME].model_id;
    saved = model;
    await draw();
    if (!same) look();
  };
  return panel;
}
