// Shows one section of the page at a time, chosen by the fragment of the URL.
import { readAddress } from "./address.js";
import { fetchJson } from "./call.js";
import { openZoo } from "./cards.js";
import { openJoin } from "./join.js";
import { openPlayground } from "./playground.js";
import { openPredict } from "./predict.js";

const links = [...document.querySelectorAll("nav a")];
const parts = links.map((link) => link.dataset.section);

function show() {
  const { section } = readAddress();
  const wanted = parts.includes(section) ? section : parts[0];
  for (const part of parts) document.getElementById(part).hidden = part !== wanted;
  for (const link of links) {
    if (link.dataset.section === wanted) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("hashchange", show);
show();
openPlayground();
openJoin();
try {
  const { models, upload_bytes: uploadBytes } = await fetchJson("/api/models");
  openPredict(models, uploadBytes);
  openZoo(models);
} catch (error) {
  document.getElementById("prediction").textContent = error.message;
}
