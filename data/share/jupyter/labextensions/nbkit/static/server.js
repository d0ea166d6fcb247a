// The service of nbkit, which Jupyter's server has as an extension.

/** Return what asks the service: a path below the server's, and for an act what to do. */
export function asker({ ServerConnection }) {
  const settings = ServerConnection.makeSettings();
  return async (path, body = undefined) => {
    const asked = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const url = `${settings.baseUrl}${path.startsWith("api/") ? "" : "nbkit/"}${path}`;
    const answer = await ServerConnection.makeRequest(url, asked, settings); // TypeError: no answer
    if (answer.status === 401 || answer.status === 403)
      throw new Error("The server does not know you any more: reload this page and log in.");
    const found = await answer.json().catch(() => null);
    if (found && answer.ok) return found;
    throw new Error(found?.message || `nbkit is not served here (${answer.status}): the server's log says why.`);
  };
}

/** Return why a request came to nothing, for a person. */
export function reason(error) {
  return error instanceof TypeError ? "The server does not answer; this waits for it." : error.message;
}
