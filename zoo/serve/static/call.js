// Requests to the server. An error response is thrown as an Error with the server's message and the
// HTTP status.
export const UNREACHABLE = "The server cannot be reached, or it closed the connection.";

async function read(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Error(UNREACHABLE);
  }
  if (response.ok) return response;
  if (response.status === 403 && response.headers.get("content-type")?.startsWith("text/html")) {
    // The page that asks for the join code.
    throw Object.assign(new Error("The server has been restarted and asks for its join code; reload this page."), { status: 403 });
  }
  const { error } = await response.json().catch(() => ({}));
  throw Object.assign(new Error(error ?? "Internal server error; the server's terminal shows the details."), {
    status: response.status,
  });
}

export async function fetchJson(address) {
  return (await read(address)).json();
}

export async function fetchText(address) {
  return (await read(address)).text();
}

export async function sendBytes(address, body) {
  return (await read(address, { method: "POST", body })).json();
}

function post(address, message, keepalive) {
  const headers = { "Content-Type": "application/json" };
  return read(address, { method: "POST", headers, body: JSON.stringify(message), keepalive });
}

// With keepalive, the message is delivered even if the page is closed.
export async function sendJson(address, message, keepalive = false) {
  return (await post(address, message, keepalive)).json();
}

// The answer's bytes, as a Blob.
export async function sendForFile(address, message) {
  return (await post(address, message, false)).blob();
}
