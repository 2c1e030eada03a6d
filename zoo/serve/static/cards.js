// The zoo: every model with its card.
const at = (id) => document.getElementById(id);

export function openZoo(models) {
  for (const { name } of models) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    button.onclick = () => show(name);
    at("list").append(button);
  }
}

async function show(name) {
  const response = await fetch(`/api/cards/${encodeURIComponent(name)}`);
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
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
  at("card").replaceChildren(...parsed.body.childNodes);
}
