// Requests to the server. A refusal becomes an Error with the server's sentence.
async function read(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Error("The server cannot be reached, or it refused what was sent.");
  }
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({}));
  throw new Error(error ?? "The server failed; look at its terminal.");
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

// A message that is to arrive even when the page is left is kept alive.
export async function sendJson(address, message, keepalive = false) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(message);
  return (await read(address, { method: "POST", headers, body, keepalive })).json();
}
