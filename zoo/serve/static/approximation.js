// Slide 12: one hidden layer approximates a function of one variable, which the user may draw. The
// weights are constructed at once, or trained. The state is in the address.
import { watchAddress, writeAddress } from "./address.js";
import { drawCurves, drawError, drawUnits, drawWidths } from "./approximation_plots.js";
import { redraw } from "./axes.js";
import { fetchJson, UNREACHABLE } from "./call.js";
import { openDrawing, PLACES, sampled } from "./drawn_function.js";
import { drawErrors } from "./errors_plot.js";
import { History } from "./losses.js";
import { unpack } from "./packing.js";
import { openPresets } from "./presets.js";
import { refusal } from "./refused.js";
import { Training, whyNothingTrains } from "./training.js";
import { newest, Transport } from "./transport.js";

const SECTION = "approximation";
export const DEFAULTS = {
  function: "nielsen",
  values: [],
  way: "trained",
  width: 16,
  activation: "relu",
  optimizer: "adam",
  learning_rate: 0.01,
  batch_size: 32,
  seed: 0,
};
const STATE = { ...DEFAULTS, updates: 0 };
// The widths of the slider.
const WIDTHS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];
const MAX_WIDTH = 256;
const GROW_MS = 450;

const at = (id) => document.getElementById(id);
const form = () => at("curve-settings").elements;

let settings = structuredClone(DEFAULTS);
let frame = null;
let points = [];
let axes = null;
// What is drawn but not yet answered.
let drawn = null;
// Largest errors by width, of one function and one way of finding the weights.
let widths = { of: "", errors: new Map(), bounds: new Map() };
let growing = 0;
// Whether the slider or the pen is being moved: one movement is one entry of the history.
let moving = false;
// Whether a training was running before the settings were changed.
let resumes = false;
// Whether this server trains nothing.
let isRefused = false;
const history = new History();
let training, transport, drawing, presets;

export function openApproximation() {
  training = new Training({ section: at(SECTION), onframe: show, onerror: complain });
  transport = new Transport(at("curve-transport"), { training, speed: 50, restart: () => begin(settings), settled: remember });
  drawing = openDrawing(at("curve-plot"), {
    axes: () => axes,
    values: () => (settings.function === "drawn" ? (drawn ?? settings.values) : null),
    changed: (values) => {
      drawn = values;
      stopGrowing();
      drawPlots();
      // A training begins when the hand lets go.
      if (settings.way === "trained") return;
      apply({ values }, !moving);
      moving = true;
    },
    moved: drawPlots,
    ended: () => {
      if (drawn) apply({ values: drawn }, !moving);
      moving = false;
    },
  });
  presets = openPresets(SECTION, at("curve-presets"), at("curve-claim"), (update) => transport.goTo(update));
  listen();
  for (const id of ["curve-plot", "curve-error", "curve-units", "curve-progress"]) redraw(at(id), drawPlots);
  watchAddress(SECTION, STATE, ({ updates, ...given }) => {
    if (training.settings && same(given, settings) && updates === training.updates) return;
    stopGrowing();
    transport.pause();
    resumes = false;
    settings = given;
    drawn = null;
    showSettings();
    begin(settings, updates);
  });
  ask();
}

function listen() {
  at("curve-settings").onsubmit = (event) => event.preventDefault();
  for (const input of form().way) input.onchange = () => chooseWay(input.value);
  form().function.onchange = () => chooseFunction(form().function.value);
  for (const name of ["activation", "optimizer"]) form()[name].onchange = () => apply({ [name]: form()[name].value });
  for (const name of ["learning_rate", "batch_size", "seed", "width"]) form()[name].onchange = () => applyNumber(name);
  form().slider.oninput = () => {
    stopGrowing();
    apply({ width: allowed()[form().slider.valueAsNumber] }, !moving);
    moving = true;
  };
  form().slider.onchange = () => (moving = false);
  at("curve-grow").onclick = () => (growing ? stopGrowing() : grow());
  at("curve-draw").onclick = () => chooseFunction("drawn");
}

async function ask() {
  try {
    const found = await fetchJson("/api/playground");
    presets.fill(found.presets.filter((preset) => preset.section === SECTION), DEFAULTS);
    presets.mark(settings);
    const sentence = whyNothingTrains(found);
    if (sentence) refuse(sentence);
  } catch (error) {
    complain(error);
  }
}

function refuse(sentence) {
  isRefused = true;
  at(SECTION).dataset.refused = "";
  at("curve-problem").textContent = sentence;
  transport.disable();
  for (const control of at(SECTION).querySelectorAll("button, input, select")) control.disabled = true;
}

// A number that is refused is replaced by the one before it.
function applyNumber(name) {
  const sentence = refusal(form()[name]);
  at("curve-problem").textContent = sentence;
  if (sentence) form()[name].value = settings[name];
  else {
    stopGrowing();
    apply({ [name]: form()[name].valueAsNumber });
  }
}

// The widths that this way of finding weights can have: bumps are pairs of units.
function allowed(way = settings.way) {
  return way === "bumps" ? WIDTHS.filter((width) => width % 2 === 0) : WIDTHS;
}

function chooseWay(way) {
  stopGrowing();
  const width = way === "bumps" ? settings.width + (settings.width % 2) : settings.width;
  apply({ way, width });
}

function chooseFunction(name) {
  stopGrowing();
  const curve = frame ? unpack(frame.function) : new Float32Array(PLACES);
  const isNew = name === "drawn" && !settings.values.length;
  apply(isNew ? { function: name, values: sampled(curve) } : { function: name });
  if (name === "drawn") at("curve-plot").focus();
}

// Change settings: the weights are found anew. keep: whether it is a new entry of the history.
function apply(changes, keep = true) {
  const goOn = transport.running && settings.way === "trained";
  const next = { ...settings, ...changes };
  if (same(next, settings)) return;
  transport.pause();
  settings = next;
  showSettings();
  writeAddress(SECTION, { ...settings, updates: 0 }, STATE, keep);
  restart(goOn);
}

const beginNewest = newest(begin);

// A training that was running runs on, after the last of several changes.
async function restart(goOn) {
  resumes ||= goOn;
  if (!(await beginNewest(settings))) return;
  if (resumes && settings.way === "trained") transport.run();
  resumes = false;
}

function begin(wanted, updates = 0) {
  if (isRefused) return null;
  history.clear();
  transport.clear();
  at("curve-problem").textContent = "";
  const { values, ...others } = wanted;
  const sent = wanted.function === "drawn" ? wanted : others;
  return training.start({ kind: "curve", ...sent }, [], wanted.way === "trained" ? updates : 0);
}

// Write the update, too, into the address.
function remember() {
  writeAddress(SECTION, { ...settings, updates: training.updates }, STATE);
}

function same(one, other) {
  return Object.keys(DEFAULTS).every((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]));
}

// Show one width after another.
async function grow() {
  transport.pause();
  const mine = ++growing;
  at("curve-grow").textContent = "Stop";
  for (const width of allowed()) {
    if (mine !== growing) return;
    settings = { ...settings, width };
    showSettings();
    const pause = new Promise((done) => setTimeout(done, GROW_MS));
    if (!(await begin(settings))) break;
    await pause;
  }
  if (mine === growing) stopGrowing();
}

function stopGrowing() {
  if (!growing) return;
  growing = 0;
  at("curve-grow").textContent = "Grow";
  remember();
}

function showSettings() {
  const { way, width, function: name } = settings;
  for (const input of form().way) input.checked = input.value === way;
  for (const field of ["function", "activation", "optimizer", "learning_rate", "batch_size", "seed", "width"]) {
    form()[field].value = settings[field];
  }
  const choices = allowed();
  const nearest = choices.reduce((best, one, index) => (Math.abs(Math.log(one / width)) < Math.abs(Math.log(choices[best] / width)) ? index : best), 0);
  form().slider.max = choices.length - 1;
  form().slider.value = nearest;
  form().slider.setAttribute("aria-valuetext", `${width} hidden units`);
  at("curve-more").textContent = `Training: ${settings.activation}, ${settings.optimizer} at ${settings.learning_rate}, batches of ${settings.batch_size}, seed ${settings.seed}`;
  form().width.step = way === "bumps" ? 2 : 1;
  form().width.min = way === "bumps" ? 2 : 1;
  form().width.max = MAX_WIDTH;
  at(SECTION).dataset.way = way;
  at("curve-grow").hidden = way === "trained";
  at("curve-draw").hidden = name === "drawn";
  at("curve-hint").hidden = name !== "drawn";
  drawing.enable(name === "drawn");
  presets.mark(settings);
}

function complain(error) {
  transport.pause();
  stopGrowing();
  at("curve-problem").textContent = error.message;
}

function show(found) {
  if (found.points) points = found.points;
  frame = { ...found, formula: found.formula ?? frame?.formula };
  if (drawn && same({ ...settings, values: drawn }, { ...settings, values: found.settings.values ?? [] })) drawn = null;
  history.add({ updates: found.updates, loss: { loss: found.loss, error: found.largest_error } });
  transport.show(found);
  // An answer, after a server that could not be reached.
  if (at("curve-problem").textContent === UNREACHABLE) at("curve-problem").textContent = "";
  noteWidth(found);
  at("curve-sentence").textContent = sentence(found);
  at("curve-formula").textContent = frame.formula ? `f(x) = ${frame.formula}` : "f: your own drawing";
  drawPlots();
}

function noteWidth({ settings: made, largest_error: error, bound }) {
  const of = JSON.stringify([made.function, made.values, made.way]);
  if (widths.of !== of) widths = { of, errors: new Map(), bounds: new Map() };
  widths.errors.set(made.width, error);
  if (bound !== null) widths.bounds.set(made.width, bound);
}

function sentence({ settings: made, updates, largest_error: error, bound, bound_formula: formula, loss }) {
  const units = made.way === "bumps" ? `${made.width / 2} ${made.width === 2 ? "bump" : "bumps"} of ${made.width} sigmoids` : `${made.width} hidden ${made.width === 1 ? "unit" : "units"}`;
  if (made.way === "trained") {
    return `${units}, after ${updates.toLocaleString("en")} ${updates === 1 ? "update" : "updates"}: largest error ${short(error)}, mean squared error ${short(loss)}.`;
  }
  // A straight line is met up to rounding.
  const end = bound === null ? "; no bound is known, since f is not continuous." : ` ${error <= bound ? "≤" : "≈"} ${formula} = ${short(bound)}.`;
  return `${units}, computed: largest error ${short(error)}${end}`;
}

function short(value) {
  if (value === 0) return "0";
  return value < 1e-4 ? value.toExponential(1).replace("-", "−") : value.toPrecision(3);
}

function drawPlots() {
  if (!frame || !at("curve-plot").clientWidth) return;
  const numbers = {};
  for (const name of ["x", "function", "network", "error"]) numbers[name] = unpack(frame[name]);
  axes = drawCurves(at("curve-plot"), {
    ...numbers,
    points,
    isDrawn: settings.function === "drawn" && frame.settings.function === "drawn",
    isTrained: frame.settings.way === "trained",
    drawn,
    marked: drawing.place(),
  });
  drawError(at("curve-error"), { ...numbers, bound: frame.bound });
  drawUnits(at("curve-units"), {
    x: [numbers.x[0], numbers.x.at(-1)],
    units: unpack(frame.units),
    count: frame.units.shape[0],
    isPaired: frame.settings.way === "bumps",
  });
  const shown = frame.units.shape[0];
  at("curve-units-title").textContent =
    shown < frame.units_count ? `Hidden units (${shown} of ${frame.units_count})` : "Hidden units";
  if (frame.settings.way === "trained") drawErrors(at("curve-progress"), history, frame.updates);
  else drawWidths(at("curve-progress"), widths, frame.settings.width);
  at("curve-progress-title").textContent = frame.settings.way === "trained" ? "Largest error and loss" : "Largest error by width";
}
