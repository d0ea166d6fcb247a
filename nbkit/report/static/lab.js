// What JupyterLab shows of a job without a kernel: the service tells of it.

import { followed } from "./followed.js";
import { shadowPage } from "./shadow.js";

/**
 * Show a job in an element of JupyterLab.
 *
 * @param {HTMLElement} el
 * @param {any} data of the job, as the service has it, with the `style` of the page
 * @param {any} hooks as `followed` takes them
 * @returns {() => void} ends it
 */
function show(el, data, hooks) {
  const shadow = shadowPage(el, data.style);
  const end = followed(shadow.page, data, hooks);
  return () => {
    end();
    shadow.stop();
  };
}

export default { show };
