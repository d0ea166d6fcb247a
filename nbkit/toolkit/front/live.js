// Live content in a saved output: the output is plain HTML inside <nbkit-live data-nbkit="ID">,
// and while its kernel runs, the model ID draws in place of it. A front end that knows none of
// this, a notebook without its kernel, GitHub and reports simply show the HTML.
const TAG = "nbkit-live";
const mounts = (window[Symbol.for("nbkit.live")] ??= new Map());

if (!customElements.get(TAG)) {
  customElements.define(
    TAG,
    class extends HTMLElement {
      connectedCallback() {
        mounts.get(this.dataset.nbkit)?.(this);
      }
    },
  );
}

/** Draw `model` wherever its slot is shown, now and later; returns what undoes it. */
function live(model, draw) {
  const id = model.get("slot");
  const hosts = () => [...document.querySelectorAll(`${TAG}[data-nbkit="${CSS.escape(id)}"]`)];
  const still = new WeakMap();
  const mount = (host) => {
    if (still.has(host)) return; // moved on the page, not new
    still.set(host, [...host.childNodes]);
    draw(host);
  };
  mounts.set(id, mount);
  hosts().forEach(mount);
  return () => {
    mounts.delete(id);
    for (const host of hosts()) host.replaceChildren(...(still.get(host) ?? []));
  };
}
