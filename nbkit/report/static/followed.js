// A job with a run of it, as the service tells of it while it goes on.

import { dashboard } from "./dashboard.js";

const [BUSY, IDLE, AWAY] = [1000, 3000, 5000]; // milliseconds between two looks
const NOTHING = { id: 0, look: null, message: "", counts: [], parameters: [], spans: [], failed: [], started: 0, ended: 0 };

/**
 * Look again and again; `look` returns whether much happens.
 *
 * @param {() => Promise<boolean>} look
 * @param {(text: string) => void} say is told why there is nothing to see, or nothing
 * @returns {{again: () => void, stop: () => void}}
 */
export function keepLooking(look, say) {
  let soon = null;
  let turns = 0;
  const turn = async () => {
    const mine = ++turns;
    let wait = AWAY;
    try {
      wait = (await look()) ? BUSY : IDLE;
      if (mine === turns) say("");
    } catch (error) {
      if (mine === turns) say(error instanceof TypeError ? "The server does not answer; this page waits for it." : error.message);
    }
    if (mine === turns) soon = setTimeout(turn, wait); // else somebody asked for a look meanwhile
  };
  soon = setTimeout(turn, BUSY);
  return {
    again: () => {
      clearTimeout(soon);
      turn();
    },
    stop: () => {
      clearTimeout(soon);
      turns += 1;
    },
  };
}

/**
 * Show a job and its run on a page, and keep them up to date.
 *
 * @param {HTMLElement} page what to draw on
 * @param {any} data as `/nbkit/jobs/ID` and `/nbkit/runs/ID` have it; with `follow` the latest run
 *   is shown, whichever that is
 * @param {object} hooks
 * @param {(path: string, body?: object) => Promise<any>} hooks.ask asks the server
 * @param {(path: string, text: string, cell?: number) => Node} hooks.link makes a link
 * @param {(done: any) => void} hooks.open goes where an answer leads
 * @param {(text: string) => void} hooks.say is told why there is nothing new
 * @param {(action: any) => Promise<boolean>} [hooks.before] may keep an action from being done
 * @returns {() => void} ends it
 */
export function followed(page, data, { ask, link, open, say, before = async () => true }) {
  const state = {
    job: data.job,
    graph: data.graph ?? "",
    run: data.run ?? NOTHING,
    tasks: data.tasks ?? {},
    status: { live: data.live ?? false, starting: false, alone: false, message: "" },
    picked: data.picked,
  };
  let [runId, look, view] = [data.run_id, data.look ?? 0, null];
  const status = (changed) => {
    state.status = { ...state.status, ...changed };
  };
  const act = async (action) => {
    try {
      if (action.kind === "history") {
        state.history = await ask(`state/history/${state.job.id}`);
        view.history();
        return;
      }
      const asked = { run_id: runId, ...action, job_id: state.job.id };
      if (!(await before(asked))) return;
      status({ starting: ["run", "run_again", "repair"].includes(action.kind) });
      view.update();
      const done = await ask("act", asked);
      status({ starting: false, message: done.message ?? "" });
      if (done.open) open(done);
    } catch (error) {
      status({ starting: false, message: error.message });
    }
    view.update();
    looking.again();
  };
  const show = () => {
    view?.stop();
    page.replaceChildren();
    view = dashboard(page, state, { act, link });
  };
  show();
  const looking = keepLooking(async () => {
    if (data.follow) {
      const latest = (await ask(`state/latest/${state.job.id}`)).run_id;
      if (latest !== runId) [runId, look] = [latest, 0];
    }
    if (!runId) return false;
    const found = await ask(`state/runs/${runId}?seen=${look}`);
    const live = state.status.live;
    look = found.look;
    status({ live: found.live });
    if (found.run) state.run = found.run;
    if (found.graph) {
      [state.graph, state.tasks] = [found.graph, found.tasks];
      show();
    } else {
      Object.assign(state.tasks, found.tasks ?? {});
      if (found.run || found.tasks || live !== found.live) view.update();
    }
    return found.live;
  }, say);
  return () => {
    looking.stop();
    view.stop();
  };
}
