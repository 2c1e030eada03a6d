// What the lecture shows on its slides, as links to states of this page.
import { encode } from "./address.js";

const at = (id) => document.getElementById(id);

// section: the one whose links are marked. list, claim: elements for the links, and for the sentence
// of the marked one. Returns {fill(presets, defaults), mark(settings)}.
export function openPresets(section, list = at("presets"), claim = at("claim")) {
  let entries = [];
  let known = {};
  return {
    fill(presets, defaults) {
      known = defaults;
      entries = presets.map((preset) => {
        const link = Object.assign(document.createElement("a"), { className: "button", title: preset.sentence });
        const slide = Object.assign(document.createElement("b"), { textContent: preset.slide });
        link.append(slide, preset.title);
        link.setAttribute("aria-label", `Slide ${preset.slide}: ${preset.title}`);
        // Settings of another section are written whole: its module leaves out its defaults.
        const named = preset.section === section ? defaults : Object.fromEntries(Object.keys(preset.settings).map((name) => [name, null]));
        const text = encode(preset.settings, named);
        link.href = `#${preset.section}${text ? `?${text}` : ""}`;
        return { preset, link, text };
      });
      list.replaceChildren(...entries.map(({ link }) => link));
    },
    mark(settings) {
      const text = encode(settings, known);
      let found = null;
      for (const entry of entries) {
        const isShown = !found && entry.preset.section === section && entry.text === text;
        if (isShown) found = entry.preset;
        if (isShown) entry.link.setAttribute("aria-current", "true");
        else entry.link.removeAttribute("aria-current");
      }
      claim.hidden = !found;
      if (!found) return;
      const slide = Object.assign(document.createElement("b"), { textContent: `Slide ${found.slide}` });
      claim.replaceChildren(slide, ` ${found.sentence}`);
    },
  };
}
