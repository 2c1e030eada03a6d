// Shows one section of the page at a time, chosen by the fragment of the URL.
import { openPredict } from "./predict.js";
import { fetchJson } from "./call.js";
import { openZoo } from "./cards.js";
import { openPlayground } from "./playground.js";

const parts = ["predict", "playground", "zoo"];

function show() {
  const wanted = parts.includes(location.hash.slice(1)) ? location.hash.slice(1) : parts[0];
  for (const part of parts) document.getElementById(part).hidden = part !== wanted;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${wanted}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("hashchange", show);
show();
openPlayground();
try {
  const { models, upload_bytes: uploadBytes } = await fetchJson("/api/models");
  openPredict(models, uploadBytes);
  openZoo(models);
} catch (error) {
  document.getElementById("prediction").textContent = error.message;
}
