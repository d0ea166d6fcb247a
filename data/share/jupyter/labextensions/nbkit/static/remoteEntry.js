// What JupyterLab loads: it hands over the modules that all extensions share, and asks for ours.
// Written by hand, nothing is built; `extension.js` beside it is where reading begins.

(() => {
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  let shared = {};

  /** Return a module of JupyterLab's: the one in use, else the newest. */
  async function take(name) {
    const versions = Object.entries(shared[name] ?? {});
    if (!versions.length) throw new Error(`JupyterLab does not share ${name}`);
    const newest = (a, b) => b[0].localeCompare(a[0], "en", { numeric: true });
    const [, chosen] = versions.find(([, each]) => each.loaded) ?? versions.sort(newest)[0];
    return (await chosen.get())();
  }

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB.nbkit = {
    init(scope) {
      shared = scope;
    },
    async get(module) {
      const { needs, plugins } = await import(new URL(`${module}.js`, here).href);
      const lab = Object.assign({}, ...(await Promise.all(needs.map(take))));
      return () => ({ __esModule: true, default: plugins(lab) });
    },
  };
})();
