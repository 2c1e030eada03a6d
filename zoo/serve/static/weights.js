// The weights and the bias of one unit, to be set by hand.
import { FEATURE_NAMES } from "./plane_settings.js";

const at = (id) => document.getElementById(id);
const SPAN = 5;

export class Weights {
  // set(layer, row, column, value) sends a weight and resolves when it is set.
  constructor(set) {
    this.set = set;
    this.panel = at("weights");
    this.shown = null;
    at("weights-close").onclick = () => this.panel.hidePopover();
  }

  // row: the weight to begin with; null for the bias.
  open(network, layer, unit, row) {
    if (!network.kernels) return;
    const depth = network.units.length;
    const rows = network.kernels[layer].kernel.length / network.kernels[layer].columns;
    const names = layer
      ? Array.from({ length: rows }, (_, one) => `unit ${one + 1}`)
      : network.inputs.map((name) => FEATURE_NAMES[name]);
    at("weights-title").textContent = layer === depth ? "Output" : `Unit ${unit + 1} of layer ${layer + 1}`;
    this.shown = { layer, unit };
    this.fields = [-1, ...names.keys()].map((index) => this.field(index, index < 0 ? "bias" : `from ${names[index]}`));
    at("weights-list").replaceChildren(...this.fields.map(({ row: box }) => box));
    this.refresh(network);
    this.panel.showPopover();
    this.place(layer === depth ? network.output : network.units[layer][unit]);
    const { number } = this.fields[(row ?? -1) + 1];
    number.focus();
    number.select();
  }

  field(index, text) {
    const box = document.createElement("label");
    const name = Object.assign(document.createElement("span"), { textContent: text });
    const range = Object.assign(document.createElement("input"), { type: "range", min: -SPAN, max: SPAN, step: 0.05 });
    const number = Object.assign(document.createElement("input"), { type: "number", step: 0.1 });
    range.setAttribute("aria-label", `${text}, slider`);
    number.setAttribute("aria-label", text);
    const entry = { row: box, range, number, index };
    range.oninput = () => this.send(entry, range.valueAsNumber);
    number.onchange = () => Number.isFinite(number.valueAsNumber) && this.send(entry, number.valueAsNumber);
    box.append(name, range, number);
    return entry;
  }

  // While a weight is on its way, only the newest value waits.
  async send(entry, value) {
    entry.range.value = value;
    entry.number.value = value;
    entry.wanted = value;
    if (entry.sending) return;
    const { layer, unit } = this.shown;
    entry.sending = true;
    while (entry.wanted !== undefined) {
      const next = entry.wanted;
      entry.wanted = undefined;
      await this.set(layer, entry.index, unit, next);
    }
    entry.sending = false;
  }

  // Show the weights of a new frame, except in the field that is being changed.
  refresh(network) {
    if (!this.shown) return;
    const { layer, unit } = this.shown;
    const found = network.kernels?.[layer];
    if (!found) return;
    for (const { range, number, index, sending } of this.fields) {
      if (sending || (document.activeElement === number && this.panel.matches(":popover-open") && number.value !== "")) continue;
      const value = index < 0 ? found.bias[unit] : found.kernel[index * found.columns + unit];
      range.value = value;
      number.value = Number(value.toFixed(4));
    }
  }

  close() {
    if (this.panel.matches(":popover-open")) this.panel.hidePopover();
    this.shown = null;
  }

  // Where it hides neither the plane nor, if there is room, the unit.
  place(button) {
    const [unit, panel] = [button.getBoundingClientRect(), this.panel.getBoundingClientRect()];
    const data = document.querySelector(".data-part").getBoundingClientRect();
    const isWide = data.right < unit.left;
    const below = unit.bottom + panel.height + 16 < innerHeight ? unit.bottom + 8 : Math.max(8, unit.top - panel.height - 8);
    const top = isWide ? Math.max(8, data.top) : below;
    this.panel.style.left = `${isWide ? data.left : Math.max(8, (innerWidth - panel.width) / 2)}px`;
    this.panel.style.top = `${Math.max(8, Math.min(top, innerHeight - panel.height - 8))}px`;
  }
}
