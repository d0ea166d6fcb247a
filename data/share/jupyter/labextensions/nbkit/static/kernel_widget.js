// A widget of nbkit as it lives in a kernel: its state, and messages to and from it.
//
// JupyterLab's widget manager looks for widgets once, when a notebook opens, and gives up on those
// that it does not find; so nbkit asks the kernel itself, as often as there is reason to. It asks
// on a subshell, which answers while a cell runs.

/** What kernels call their side of a widget. */
export const TARGET = "jupyter.widget";

/**
 * Return what the front end calls the model of a widget; null if the kernel has no such widget.
 *
 * @param {{createMessage: Function}} KernelMessage of @jupyterlab/services
 * @param {object} kernel the connection to it
 * @param {string} id the widget's
 */
export async function findWidget(KernelMessage, kernel, id) {
  const ask = (channel, msgType, content, subshellId = null) => {
    const message = KernelMessage.createMessage({
      channel,
      msgType,
      username: kernel.username,
      session: kernel.clientId,
      subshellId,
      content,
    });
    return channel === "control"
      ? kernel.sendControlMessage(message, true)
      : kernel.sendShellMessage(message);
  };
  const known = (await ask("control", "comm_info_request", { target_name: TARGET }).done).content;
  if (!known.comms || !(id in known.comms)) return null;
  const begun =
    kernel.commsOverSubshells !== "disabled" && (await ask("control", "create_subshell_request", {}).done);
  const subshell = begun?.content?.subshell_id ?? null;
  const tell = (data) => ask("shell", "comm_msg", { comm_id: id, data }, subshell);

  const model = new KernelWidget(tell, () => {
    kernel.iopubMessage.disconnect(hear);
    if (subshell && !kernel.isDisposed && kernel.status !== "dead")
      ask("control", "delete_subshell_request", { subshell_id: subshell });
  });
  const hear = (_, { header, content }) => {
    if (content.comm_id !== id) return;
    if (header.msg_type === "comm_close") model.close();
    else if (header.msg_type === "comm_msg") model.heard(content.data);
  };
  kernel.iopubMessage.connect(hear);
  tell({ method: "request_state" });
  await model.known;
  return model;
}

class KernelWidget {
  #state = null;
  #listeners = new Set();
  #tell;
  #end;
  #found;

  /** Called when the widget, or the way to it, is gone. */
  onclose = () => {};
  known = new Promise((resolve) => (this.#found = resolve));

  constructor(tell, end) {
    this.#tell = tell;
    this.#end = end;
  }

  get(name) {
    return this.#state[name];
  }

  send(content) {
    this.#tell({ method: "custom", content });
  }

  on(_kind, listener) {
    this.#listeners.add(listener);
  }

  off(_kind, listener) {
    this.#listeners.delete(listener);
  }

  /** Take what the kernel says: the state once, since the front end keeps it up from there. */
  heard({ method, state, content }) {
    if (method === "custom") for (const listener of this.#listeners) listener(content);
    else if (method === "update" && !this.#state && state.dashboard) {
      this.#state = state;
      this.#found();
    }
  }

  close() {
    const end = this.#end;
    this.#end = () => {};
    end();
    this.#found();
    this.onclose();
  }
}
