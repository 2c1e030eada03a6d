// What the lecture shows on its slides, as links to states of this page.
import { encode, readAddress } from "./address.js";

const at = (id) => document.getElementById(id);

// section: the one whose links are marked. Returns {fill(presets, defaults), mark(settings)}.
export function openPresets(section) {
  let entries = [];
  return {
    fill(presets, defaults) {
      entries = presets.map((preset) => {
        const link = Object.assign(document.createElement("a"), { className: "button", title: preset.sentence });
        const slide = Object.assign(document.createElement("b"), { textContent: preset.slide });
        link.append(slide, preset.title);
        link.setAttribute("aria-label", `Slide ${preset.slide}: ${preset.title}`);
        // Settings of another section are written whole: its module leaves out its defaults.
        const known = preset.section === section ? defaults : Object.fromEntries(Object.keys(preset.settings).map((name) => [name, null]));
        const text = encode(preset.settings, known);
        link.href = `#${preset.section}${text ? `?${text}` : ""}`;
        return { preset, link };
      });
      at("presets").replaceChildren(...entries.map(({ link }) => link));
    },
    mark(settings) {
      let found = null;
      for (const { preset, link } of entries) {
        const same = Object.entries(preset.settings).every(([name, value]) => JSON.stringify(settings[name]) === JSON.stringify(value));
        const isShown = !found && preset.section === section && same && matchesDefaults(preset, settings);
        if (isShown) found = preset;
        if (isShown) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
      at("claim").hidden = !found;
      if (found) at("claim").textContent = `Slide ${found.slide}: ${found.sentence}`;
    },
  };
}

// A preset's settings that are not given are the defaults.
function matchesDefaults(preset, settings) {
  return encode(settings, { ...settings, ...preset.settings }) === "";
}
