// The network as a drawing: a column per layer, a picture of every unit's output over the plane,
// and a line per weight. Columns carry the controls of their layer.
import { unpack } from "./packing.js";
import { soft } from "./colours.js";
import { drawLines, nearestLine } from "./network_lines.js";
import { CHOICES, FEATURE_FUNCTIONS, FEATURE_NAMES, isRegression, MAX_WIDTH } from "./plane_settings.js";

const PICTURE = 16;

export class Network {
  // actions: feature(name), width(layer, width), activation(layer, name), open(layer, unit, row),
  // hover(picture or null, text).
  constructor(root, actions) {
    this.root = root;
    this.actions = actions;
    this.canvas = root.querySelector("canvas");
    this.columns = root.querySelector(".columns");
    this.tip = root.querySelector(".tip");
    this.shape = "";
    this.lines = [];
    root.onpointermove = (event) => this.point(event);
    root.onpointerleave = () => this.point(null);
    root.onclick = (event) => {
      const line = event.target.closest("button, select") ? null : this.lineAt(event);
      if (line) actions.open(line.layer, line.column, line.row);
    };
    new ResizeObserver(() => this.place()).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.place());
  }

  // Make the columns of these settings, if they differ from those shown.
  build(settings) {
    const { model, features, widths, activations } = settings;
    const hidden = model === "perceptron" ? [] : widths;
    const shape = JSON.stringify([model, isRegression(settings), features, hidden, hidden.length ? activations : []]);
    if (shape === this.shape) return;
    this.shape = shape;
    this.frame = null;
    this.lines = [];
    const widest = Math.max(7, ...hidden);
    this.root.dataset.size = widest > 16 ? "small" : widest > 8 ? "medium" : "large";
    this.root.dataset.depth = hidden.length;
    const focused = document.activeElement?.dataset?.key;
    this.features = new Map(CHOICES.features.map((name) => [name, this.featureButton(name, features.includes(name))]));
    this.units = hidden.map((width, layer) =>
      Array.from({ length: width }, (_, unit) => this.unitButton(layer, unit, `Unit ${unit + 1} of layer ${layer + 1}`)),
    );
    this.output = this.unitButton(hidden.length, 0, "Output");
    this.columns.replaceChildren(
      column(textHead("Features", "inputs of the first layer"), [...this.features.values()]),
      ...this.units.map((units, layer) => column(this.layerHead(layer, widths, activations), units)),
      column(textHead("Output", model === "perceptron" ? "step" : isRegression(settings) ? "linear" : "sigmoid"), [this.output]),
    );
    // Rebuilding must not take the keyboard's place away.
    if (focused) this.columns.querySelector(`[data-key="${focused}"]`)?.focus();
    this.inputs = features;
    this.place();
  }

  layerHead(layer, widths, activations) {
    const head = document.createElement("div");
    head.className = "head";
    const stepper = document.createElement("div");
    stepper.className = "stepper";
    const count = document.createElement("output");
    count.textContent = widths[layer];
    count.title = "units";
    const step = (text, by, name) => {
      const button = element("button", { type: "button", textContent: text, disabled: by < 0 ? widths[layer] <= 1 : widths[layer] >= MAX_WIDTH });
      button.setAttribute("aria-label", `${name} layer ${layer + 1}`);
      button.dataset.key = `${by}-${layer}`;
      button.onclick = () => this.actions.width(layer, widths[layer] + by);
      return button;
    };
    stepper.append(step("−", -1, "One unit less in"), count, step("+", 1, "One unit more in"));
    const select = element("select", {});
    select.append(...CHOICES.activations.map((name) => new Option(name, name, false, name === activations[layer])));
    select.setAttribute("aria-label", `Activation of layer ${layer + 1}`);
    select.dataset.key = `activation-${layer}`;
    select.onchange = () => this.actions.activation(layer, select.value);
    head.append(stepper, select);
    return head;
  }

  featureButton(name, on) {
    const button = element("button", { type: "button", className: "unit feature" });
    button.setAttribute("aria-pressed", on);
    button.setAttribute("aria-label", `Feature ${FEATURE_NAMES[name]}`);
    button.dataset.key = `feature-${name}`;
    button.append(element("span", { textContent: FEATURE_NAMES[name] }), picture());
    button.onclick = () => this.actions.feature(name);
    return button;
  }

  unitButton(layer, unit, name) {
    const button = element("button", { type: "button", className: "unit" });
    button.append(picture(), element("i", { className: "bias" }));
    button.dataset.key = `unit-${layer}-${unit}`;
    button.setAttribute("aria-label", `${name}: see it larger, set its weights`);
    button.onclick = () => this.actions.open(layer, unit, null);
    button.onpointerenter = button.onfocus = () => this.hover(layer, unit, name);
    button.onpointerleave = button.onblur = () => this.hover(null);
    return button;
  }

  hover(layer, unit, name) {
    this.hovered = layer === null ? null : [layer, unit, name];
    this.tellHover();
  }

  tellHover() {
    const [layer, unit, name] = this.hovered ?? [];
    const values = this.hovered && this.pictures?.[layer]?.subarray(unit * PICTURE ** 2, (unit + 1) * PICTURE ** 2);
    this.actions.hover(values?.length ? { values, size: PICTURE } : null, name);
  }

  // Show no training.
  clear() {
    [this.frame, this.kernels, this.pictures] = [null, null, null];
    for (const canvas of this.columns.querySelectorAll("canvas")) canvas.getContext("2d").clearRect(0, 0, PICTURE, PICTURE);
    this.draw();
  }

  // Show a frame of the training.
  show(frame) {
    if (frame.weights.length !== this.units.length + 1) return;
    this.frame = frame;
    this.kernels = frame.weights.map(({ kernel, bias }) => ({ kernel: unpack(kernel), bias: unpack(bias), columns: kernel.shape[1] }));
    this.pictures = frame.units.map(unpack);
    this.pictures.forEach((values, layer) =>
      this.units[layer].forEach((button, unit) => paint(button, values.subarray(unit * PICTURE ** 2, (unit + 1) * PICTURE ** 2))),
    );
    paint(this.output, outputPicture(frame), 1);
    for (const [name, button] of this.features) paint(button, featurePicture(name, frame));
    [...this.units, [this.output]].forEach((buttons, layer) =>
      buttons.forEach((button, unit) => mark(button.querySelector(".bias"), this.kernels[layer].bias[unit])),
    );
    this.draw();
    if (this.hovered) this.tellHover();
  }

  // Where the lines begin and end follows from where the buttons are.
  place() {
    const origin = this.root.getBoundingClientRect();
    const at = (button) => {
      const box = button.getBoundingClientRect();
      const middle = box.top + box.height / 2 - origin.top + this.root.scrollTop;
      return { left: box.left - origin.left + this.root.scrollLeft, right: box.right - origin.left + this.root.scrollLeft, middle };
    };
    if (!this.output || !origin.width) return;
    const layers = [this.inputs.map((name) => this.features.get(name)), ...this.units, [this.output]].map((buttons) => buttons.map(at));
    this.lines = layers.slice(1).flatMap((targets, layer) =>
      targets.flatMap((to, column) => layers[layer].map((from, row) => ({ layer, row, column, from, to }))),
    );
    this.draw();
  }

  weightOf({ layer, row, column }) {
    const found = this.kernels?.[layer];
    return found ? found.kernel[row * found.columns + column] : 0;
  }

  draw() {
    drawLines(this.canvas, this.columns, this.lines, (line) => this.weightOf(line), this.chosen);
  }

  lineAt(event) {
    const box = this.columns.getBoundingClientRect();
    return nearestLine(this.lines, event.clientX - box.left, event.clientY - box.top);
  }

  point(event) {
    const line = event && this.frame && !event.target.closest("button, select") ? this.lineAt(event) : null;
    if (line !== this.chosen) {
      this.chosen = line;
      this.root.classList.toggle("on-line", Boolean(line));
      this.draw();
    }
    this.tip.hidden = !line;
    if (!line) return;
    const box = this.root.getBoundingClientRect();
    this.tip.textContent = `weight ${this.weightOf(line).toFixed(3).replace("-", "−")}; click to set it`;
    this.tip.style.left = `${event.clientX - box.left + this.root.scrollLeft + 12}px`;
    this.tip.style.top = `${event.clientY - box.top + 14}px`;
  }
}

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function column(head, units) {
  const found = element("div", { className: "column" });
  const box = element("div", { className: "units" });
  box.append(...units);
  found.append(head, box);
  return found;
}

function textHead(text, under) {
  const head = element("div", { className: "head" });
  head.append(element("strong", { textContent: text }), element("small", { textContent: under }));
  return head;
}

function picture() {
  const canvas = element("canvas", { width: PICTURE, height: PICTURE });
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}

// Values over the plane, the first row the lowest; by default relative to the largest of them.
function paint(button, values, largest = Math.max(...values.map(Math.abs)) || 1) {
  const context = button.querySelector("canvas").getContext("2d");
  const image = context.createImageData(PICTURE, PICTURE);
  for (let row = 0; row < PICTURE; row++) {
    for (let column = 0; column < PICTURE; column++) {
      const place = 4 * ((PICTURE - 1 - row) * PICTURE + column);
      image.data.set(soft(values[row * PICTURE + column] / largest), place);
      image.data[place + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

function featurePicture(name, { low, high }) {
  const place = (step) => low + ((step + 0.5) * (high - low)) / PICTURE;
  return Float32Array.from({ length: PICTURE ** 2 }, (_, index) =>
    FEATURE_FUNCTIONS[name](place(index % PICTURE), place(Math.floor(index / PICTURE))),
  );
}

function outputPicture({ grid, share }) {
  const [rows, columns] = grid.shape;
  const near = (step, count) => Math.round((step / (PICTURE - 1)) * (count - 1));
  return Float32Array.from({ length: PICTURE ** 2 }, (_, index) =>
    share(grid.values[near(Math.floor(index / PICTURE), rows) * columns + near(index % PICTURE, columns)]),
  );
}

function mark(dot, bias) {
  dot.dataset.sign = bias < 0 ? "negative" : bias > 0 ? "positive" : "zero";
  dot.dataset.strength = Math.min(3, Math.ceil(2 * Math.abs(bias)));
}
