// Shows one section of the page at a time, chosen by the fragment of the URL.
import { readAddress } from "./address.js";
import { openApproximation } from "./approximation.js";
import { fetchJson } from "./call.js";
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
try {
  const { models, upload_bytes: uploadBytes } = await fetchJson("/api/models");
  openPredict(models, uploadBytes);
  openZoo(models);
} catch (error) {
  document.getElementById("prediction").textContent = error.message;
}
