// The controls of the training's settings, except those in the network's drawing.
import { drawSketch, DATA_NAMES } from "./data_pictures.js";
import { redraw } from "./axes.js";
import { CHOICES, GATES, isRegression, LIMITS, WHOLE } from "./plane_settings.js";

const at = (id) => document.getElementById(id);
const NUMBERS = ["learning_rate", "batch_size", "regularization_rate", "dropout", "seed"];
const SELECTS = ["model", "optimizer", "loss", "regularization", "initial"];
const SLIDERS = ["noise", "test_share"];
// The first own point, so that there is one to begin with.
const FIRST_POINT = [0, 0, 1];
const START_RATE = 0.001;

// change(settings) is called with what the user changes. Returns {show(settings)}.
export function openSettings(change) {
  const form = controls("settings", "data-settings");
  let shown = null;
  for (const id of ["settings", "data-settings"]) at(id).onsubmit = (event) => event.preventDefault();
  form.optimizer.append(...CHOICES.optimizer.map((name) => new Option(name, name)));
  for (const name of SELECTS) form[name].onchange = () => change(selected(name, form));
  for (const name of NUMBERS) {
    form[name].onchange = () => {
      const { value: text, valueAsNumber: value } = form[name];
      const refusal = refused(name, text, value, shown);
      sentence(form[name]).textContent = refusal;
      if (refusal) form[name].value = shown[name];
      else change({ [name]: value });
    };
  }
  for (const name of SLIDERS) form[name].oninput = () => change({ [name]: form[name].valueAsNumber });
  at("new-seed").onclick = () => change({ seed: (shown.seed + 1) % (LIMITS.seed[1] + 1) });
  const pictures = new Map(CHOICES.data.map((name) => [name, dataPicture(name, () => change(chosen(name, shown)))]));
  at("data").append(...[...pictures.values()].map(({ label }) => label));
  const sketch = () => pictures.forEach(({ canvas }, name) => canvas.clientWidth && drawSketch(canvas, name, shown?.points ?? [], shown?.task === "regression"));
  redraw(at("data"), sketch);
  return {
    show(settings) {
      shown = settings;
      for (const name of [...SELECTS, ...NUMBERS]) form[name].value = settings[name];
      for (const name of SLIDERS) form[name].value = settings[name];
      for (const name of NUMBERS) sentence(form[name]).textContent = "";
      at("noise-text").textContent = percent(settings.noise);
      at("test-share-text").textContent = percent(settings.test_share);
      at("data-name").textContent = DATA_NAMES[settings.data];
      pictures.get(settings.data).input.checked = true;
      form.regularization_rate.parentElement.hidden = settings.regularization === "none";
      const exact = GATES.includes(settings.data);
      form.test_share.parentElement.hidden = exact;
      form.noise.parentElement.hidden = exact || settings.data === "own";
      form.loss.parentElement.hidden = settings.model === "perceptron";
      const hasValues = isRegression(settings);
      form.loss.querySelector("[value=cross_entropy]").disabled = hasValues;
      form.model.querySelector("[value=perceptron]").disabled = hasValues;
      sketch();
    },
  };
}

// The controls of several forms by their names.
function controls(...forms) {
  return Object.fromEntries(forms.flatMap((id) => [...at(id).elements]).map((control) => [control.name, control]));
}

// Where the form of a control says why a value is refused.
function sentence(control) {
  return control.form.querySelector(".problem");
}

// Why a number cannot be a setting's value, as a sentence; empty if it can.
function refused(name, text, value, settings) {
  const [low, high] = LIMITS[name];
  const isWhole = WHOLE.includes(name);
  if (value >= low && value <= high && (!isWhole || Number.isInteger(value))) return "";
  const what = name.replaceAll("_", " ");
  const given = text ? `The ${what} cannot be ${text}` : `The ${what} must be a number`;
  const limits = `${low} to ${high.toLocaleString("en")}`;
  return `${given}; give a ${isWhole ? "whole number" : "number"} from ${limits}. It is still ${settings[name]}.`;
}

function selected(name, form) {
  const value = form[name].value;
  // A regularization without a rate would do nothing.
  if (name === "regularization" && value !== "none" && !form.regularization_rate.valueAsNumber) {
    return { regularization: value, regularization_rate: START_RATE };
  }
  if (name === "regularization" && value === "none") return { regularization: value, regularization_rate: 0 };
  return { [name]: value };
}

function chosen(name, settings) {
  if (name !== "own") return { data: name };
  return { data: name, test_share: 0, points: settings.points.length ? settings.points : [FIRST_POINT] };
}

function dataPicture(name, choose) {
  const label = document.createElement("label");
  label.title = DATA_NAMES[name];
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "data", value: name, className: "unseen" });
  input.setAttribute("aria-label", DATA_NAMES[name]);
  input.onchange = choose;
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  label.append(input, canvas);
  return { label, input, canvas };
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}
