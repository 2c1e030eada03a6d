// Shows one section of the page at a time, chosen by the fragment of the URL.
import { readAddress } from "./address.js";
import { openApproximation } from "./approximation.js";
import { fetchJson, UNREACHABLE } from "./call.js";
import { openZoo } from "./cards.js";
import { openJoin } from "./join.js";
import { openPhysics } from "./physics.js";
import { openPlayground } from "./playground.js";
import { openPredict } from "./predict.js";

const links = [...document.querySelectorAll("nav a")];
const parts = links.map((link) => link.dataset.section);

function show() {
  const { section } = readAddress();
  const wanted = parts.includes(section) ? section : parts[0];
  for (const part of parts) document.getElementById(part).hidden = part !== wanted;
  for (const link of links) {
    if (link.dataset.section !== wanted) link.removeAttribute("aria-current");
    else {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "center" });
    }
  }
}

addEventListener("hashchange", show);
show();
openPlayground();
openApproximation();
openPhysics();
openJoin();
load();

async function load() {
  let found;
  try {
    found = await fetchJson("/api/models");
  } catch (error) {
    document.getElementById("prediction").textContent = error.message;
    addEventListener("online", load, { once: true });
    return;
  }
  openPredict(found.models, found.upload_bytes);
  openZoo(found.models);
}

// When the network is back, what said that it was lost is no longer true.
addEventListener("online", () => {
  for (const part of document.querySelectorAll(".problem, #prediction, #card")) {
    if (part.textContent === UNREACHABLE) part.replaceChildren();
  }
});
