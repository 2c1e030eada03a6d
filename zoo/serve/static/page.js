// One part of the page at a time, chosen by the address.
import { openAsk } from "./ask.js";
import { openPlayground } from "./playground.js";
import { openZoo } from "./cards.js";

const parts = ["ask", "playground", "zoo"];

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
const models = await (await fetch("/api/models")).json();
openAsk(models);
openPlayground();
openZoo(models);
