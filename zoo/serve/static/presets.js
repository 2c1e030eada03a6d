// What the lecture shows on its slides, as links to states of this page.
import { encode } from "./address.js";

const at = (id) => document.getElementById(id);

// section: the one whose presets are marked. list: a select, or an element for links. claim: the
// element for the sentence of the marked one. goTo(update): trains as far as the sentence says.
// Returns {fill(presets, defaults), mark(settings)}.
export function openPresets(section, list, claim, goTo) {
  const shown = list.tagName === "SELECT" ? menu(list) : links(list);
  let entries = [];
  let known = {};
  return {
    fill(presets, defaults) {
      known = defaults;
      entries = presets.map((preset) => {
        // Settings of another section are written whole: its module leaves out its defaults.
        const named = preset.section === section ? defaults : Object.fromEntries(Object.keys(preset.settings).map((name) => [name, null]));
        const text = encode(preset.settings, named);
        return { preset, text, address: `#${preset.section}${text ? `?${text}` : ""}` };
      });
      shown.fill(entries);
    },
    mark(settings) {
      const text = encode(settings, known);
      const found = entries.find((entry) => entry.preset.section === section && entry.text === text);
      shown.mark(found);
      claim.hidden = !found;
      if (!found) return;
      const { slide, sentence, updates } = found.preset;
      const number = Object.assign(document.createElement("b"), { textContent: `Slide ${slide}` });
      claim.replaceChildren(number, ` ${sentence} `, ...updates.map((update) => goButton(update, goTo)));
    },
  };
}

function goButton(update, goTo) {
  const text = `Go to update ${update.toLocaleString("en")}`;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  button.onclick = () => goTo(update);
  return button;
}

// One line for any number of presets, grouped by slide.
function menu(select) {
  const first = new Option("Slides of the lecture…", "");
  let marked = "";
  select.onchange = () => {
    if (select.value) location.hash = select.value;
    // If it is of another section, this one stays as it is.
    select.value = marked;
  };
  return {
    fill(entries) {
      const groups = new Map();
      for (const { preset, address } of entries) {
        if (!groups.has(preset.slide)) groups.set(preset.slide, Object.assign(document.createElement("optgroup"), { label: `Slide ${preset.slide}` }));
        const option = new Option(`${preset.slide} · ${preset.title}`, address);
        option.title = preset.sentence;
        groups.get(preset.slide).append(option);
      }
      select.replaceChildren(first, ...groups.values());
    },
    mark(found) {
      marked = found?.address ?? "";
      select.value = marked;
    },
  };
}

function links(list) {
  let all = [];
  return {
    fill(entries) {
      all = entries.map(({ preset, address }) => {
        const link = Object.assign(document.createElement("a"), { className: "button", title: preset.sentence, href: address });
        const slide = Object.assign(document.createElement("b"), { textContent: preset.slide });
        link.append(slide, preset.title);
        link.setAttribute("aria-label", `Slide ${preset.slide}: ${preset.title}`);
        return { address, link };
      });
      list.replaceChildren(...all.map(({ link }) => link));
    },
    mark(found) {
      for (const { address, link } of all) {
        if (address !== found?.address) {
          link.removeAttribute("aria-current");
          continue;
        }
        link.setAttribute("aria-current", "true");
        // On a phone the list scrolls sideways.
        list.scrollLeft += link.getBoundingClientRect().left - list.getBoundingClientRect().left - 8;
      }
    },
  };
}
