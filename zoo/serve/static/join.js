// The section for the projector: address, join code and QR code. Without a join code there is none.
import { fetchJson } from "./call.js";

const at = (id) => document.getElementById(id);

export async function openJoin() {
  const { address, code } = await fetchJson("/api/join").catch(() => ({ code: null }));
  document.querySelector("nav a[data-section=join]").hidden = code === null;
  if (code === null) return;
  at("join-nobody").hidden = true;
  at("invitation").hidden = false;
  at("join-address").textContent = address;
  at("join-code").textContent = code;
  const picture = at("join-picture");
  picture.alt = `QR code of ${address} with the code ${code}`;
  picture.src = "/api/join/qr.svg";
}
