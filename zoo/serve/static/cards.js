// The model cards.
import { fetchText } from "./call.js";

const at = (id) => document.getElementById(id);
// Number of the newest request: only its card is shown.
let newest = 0;

export function openZoo(models) {
  for (const { name } of models) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    button.onclick = () => show(name);
    at("list").append(button);
  }
  // The first card is open when the section is first shown.
  const open = () => {
    if (models.length && !newest && !at("zoo").hidden) show(models[0].name);
  };
  addEventListener("hashchange", open);
  open();
  addEventListener("resize", makeScrollable);
}

// What is wider than the window can be scrolled with the keyboard.
function makeScrollable() {
  for (const wide of at("card").querySelectorAll("pre, table")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
    else wide.removeAttribute("tabindex");
  }
}

async function show(name) {
  const mine = ++newest;
  for (const button of at("list").children) button.setAttribute("aria-pressed", button.textContent === name);
  let nodes;
  try {
    nodes = parse(name, await fetchText(`/api/cards/${encodeURIComponent(name)}`));
  } catch (error) {
    nodes = [Object.assign(document.createElement("p"), { textContent: error.message })];
  }
  if (mine !== newest) return;
  at("card").replaceChildren(...nodes);
  makeScrollable();
}

function parse(name, text) {
  const parsed = new DOMParser().parseFromString(text, "text/html");
  for (const image of parsed.querySelectorAll("img")) {
    image.src = `/api/cards/${encodeURIComponent(name)}/${image.getAttribute("src")}`;
  }
  for (const level of [3, 2, 1]) {
    for (const old of parsed.querySelectorAll(`h${level}`)) {
      const heading = document.createElement(`h${level + 2}`);
      heading.textContent = old.textContent;
      old.replaceWith(heading);
    }
  }
  return parsed.body.childNodes;
}
