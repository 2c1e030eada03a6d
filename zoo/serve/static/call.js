// A request whose refusal becomes an Error with the server's sentence.
export async function call(address, body) {
  let response;
  try {
    response = await fetch(address, { method: "POST", body });
  } catch {
    throw new Error("The server cannot be reached, or it refused what was sent.");
  }
  const answer = await response.json().catch(() => ({ error: "The server failed; look at its terminal." }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
