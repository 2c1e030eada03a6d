// Requests to the server. An error response is thrown as an Error with the server's message.
async function read(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Error("The server cannot be reached, or it closed the connection.");
  }
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({}));
  throw new Error(error ?? "Internal server error; the server's terminal shows the details.");
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

// With keepalive, the message is delivered even if the page is closed.
export async function sendJson(address, message, keepalive = false) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(message);
  return (await read(address, { method: "POST", headers, body, keepalive })).json();
}
