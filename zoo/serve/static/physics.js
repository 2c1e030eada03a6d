// Slide 13: a network is trained on the residual of a differential equation. The state is in the
// address.
import { watchAddress, writeAddress } from "./address.js";
import { redraw } from "./axes.js";
import { fetchJson, UNREACHABLE } from "./call.js";
import { drawErrors } from "./errors_plot.js";
import { History } from "./losses.js";
import { unpack } from "./packing.js";
import { drawMap, drawResidual, drawSlice, drawSolution } from "./physics_plots.js";
import { openPresets } from "./presets.js";
import { refusal } from "./refused.js";
import { Training, whyNothingTrains } from "./training.js";
import { Transport } from "./transport.js";

const SECTION = "physics";
export const DEFAULTS = {
  problem: "oscillator",
  way: "informed",
  depth: 2,
  width: 20,
  activation: "tanh",
  optimizer: "adam",
  learning_rate: 0.005,
  batch_size: 64,
  seed: 0,
};
// slice: where the plane is cut, as a share of its height.
const STATE = { ...DEFAULTS, updates: 0, slice: 0.5 };
const INPUTS = { oscillator: 1, poisson: 1, poisson_square: 2, burgers: 2 };
const SELECTS = ["problem", "activation", "optimizer"];
const NUMBERS = ["depth", "width", "learning_rate", "batch_size", "seed"];

const at = (id) => document.getElementById(id);
const form = () => at("field-settings").elements;

let settings = structuredClone(DEFAULTS);
let slice = STATE.slice;
let frame = null;
// What the first frame of a training says.
let constant = {};
// Whether this server trains nothing.
let isRefused = false;
const history = new History();
let training, transport, presets;

export function openPhysics() {
  training = new Training({ section: at(SECTION), onframe: show, onerror: complain });
  transport = new Transport(at("field-transport"), { training, speed: 50, restart: () => begin(), settled: remember });
  presets = openPresets(SECTION, at("field-presets"), at("field-claim"), (update) => transport.goTo(update));
  listen();
  for (const id of ["field-curve", "field-network", "field-slice-plot", "field-progress"]) redraw(at(id), drawPlots);
  watchAddress(SECTION, STATE, ({ updates, slice: cut, ...given }) => {
    slice = Math.min(1, Math.max(0, cut));
    if (training.settings && same(given) && updates === training.updates) {
      drawPlots();
      return;
    }
    transport.pause();
    settings = given;
    showSettings();
    begin(updates);
  });
  ask();
}

function listen() {
  at("field-settings").onsubmit = (event) => event.preventDefault();
  for (const name of SELECTS) form()[name].onchange = () => apply({ [name]: form()[name].value });
  for (const input of form().way) input.onchange = () => apply({ way: input.value });
  for (const name of NUMBERS) {
    form()[name].onchange = () => applyNumber(name);
  }
  at("field-slice").oninput = () => {
    slice = at("field-slice").valueAsNumber / Number(at("field-slice").max);
    drawPlots();
  };
  at("field-slice").onchange = remember;
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

// A number that is refused is replaced by the one before it.
function applyNumber(name) {
  const sentence = refusal(form()[name]);
  at("field-problem").textContent = sentence;
  if (sentence) form()[name].value = settings[name];
  else apply({ [name]: form()[name].valueAsNumber });
}

function refuse(sentence) {
  isRefused = true;
  at(SECTION).dataset.refused = "";
  at("field-problem").textContent = sentence;
  transport.disable();
  for (const control of at(SECTION).querySelectorAll("button, input, select")) control.disabled = true;
}

function apply(changes) {
  const goOn = transport.running;
  const next = { ...settings, ...changes };
  // Only the oscillator has observed values, which can be fitted without the equation.
  if (next.problem !== "oscillator") next.way = "informed";
  if (same(next)) return;
  transport.pause();
  settings = next;
  showSettings();
  begin();
  writeAddress(SECTION, { ...settings, updates: 0, slice }, STATE, true);
  if (goOn) transport.run();
}

function begin(updates = 0) {
  if (isRefused) return null;
  history.clear();
  transport.clear();
  at("field-problem").textContent = "";
  return training.start({ kind: "field", ...settings }, [], updates);
}

function remember() {
  writeAddress(SECTION, { ...settings, updates: training.updates, slice: Number(slice.toFixed(3)) }, STATE);
}

function same(other) {
  return Object.keys(DEFAULTS).every((name) => settings[name] === other[name]);
}

function showSettings() {
  for (const name of [...SELECTS, ...NUMBERS]) form()[name].value = settings[name];
  for (const input of form().way) input.checked = input.value === settings.way;
  at(SECTION).dataset.problem = settings.problem;
  const { depth, width, activation, optimizer, learning_rate: rate, batch_size: size, seed } = settings;
  at("field-more").textContent = `Network: ${depth} × ${width} ${activation}, ${optimizer} at ${rate}, batches of ${size}, seed ${seed}`;
  presets.mark(settings);
}

function complain(error) {
  transport.pause();
  at("field-problem").textContent = error.message;
}

function show(found) {
  if (found.equation) {
    const { equation, input, observed, observed_until: until } = found;
    constant = { equation, input, observed, until };
  }
  frame = { ...constant, ...found };
  for (const name of ["x", "solution", "network", "residual", "points"]) if (found[name]) frame[name] = unpack(found[name]);
  frame.shape = found.solution.shape;
  at(SECTION).dataset.inputs = INPUTS[found.settings.problem];
  for (const heading of at(SECTION).querySelectorAll(".equation-text")) heading.textContent = frame.equation;
  at("field-observed").hidden = !frame.observed;
  history.add({ updates: found.updates, loss: { error: found.relative_l2, loss: found.loss } });
  transport.show(found);
  // An answer, after a server that could not be reached.
  if (at("field-problem").textContent === UNREACHABLE) at("field-problem").textContent = "";
  at("field-sentence").textContent = sentence(found);
  drawPlots();
}

function sentence({ updates, relative_l2: error, largest_residual: residual }) {
  const percent = error < 0.001 ? (100 * error).toFixed(3) : (100 * error).toPrecision(3);
  return (
    `After ${updates.toLocaleString("en")} ${updates === 1 ? "update" : "updates"}: ` +
    `relative L2 error ${Number(percent).toLocaleString("en")} %, largest residual ${Number(residual.toPrecision(3)).toLocaleString("en")}.`
  );
}

function drawPlots() {
  if (!frame || !at("field-progress").clientWidth) return;
  drawErrors(at("field-progress"), history, frame.updates);
  if (frame.shape.length === 1) {
    drawSolution(at("field-curve"), frame);
    drawResidual(at("field-residual"), frame);
    return;
  }
  const [rows] = frame.shape;
  const row = Math.round(slice * (rows - 1));
  at("field-slice").max = rows - 1;
  at("field-slice").value = row;
  const { x, y } = frame.axes;
  const place = y[0] + (row / (rows - 1)) * (y[1] - y[0]);
  const most = largest(frame.solution);
  at("field-slice-title").textContent = `u at ${y[2]} = ${place.toFixed(2)}`;
  at("field-slice").setAttribute("aria-valuetext", `${y[2]} = ${place.toFixed(2)}`);
  at("field-scale").textContent = `Blue: down to −${short(most)}. Red: up to ${short(most)}; of the residual, ±${short(frame.largest_residual)}.`;
  drawMap(at("field-network"), { ...frame, values: frame.network, most, place });
  drawMap(at("field-solution"), { ...frame, values: frame.solution, most, place });
  drawMap(at("field-residuals"), { ...frame, values: frame.residual, most: frame.largest_residual, dots: frame.points });
  drawSlice(at("field-slice-plot"), { ...frame, row, most, ends: x });
}

function largest(values) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
}

function short(value) {
  return Number(value.toPrecision(2)).toLocaleString("en");
}
