// The playground: train a model on the server and watch it. What is shown is a function of the
// state in the address: settings, weights set by hand, the update, and what of it is to be seen.
import { watchAddress, writeAddress } from "./address.js";
import { fetchJson } from "./call.js";
import { fit, lossText, redraw } from "./axes.js";
import { drawLosses, History } from "./losses.js";
import { Network } from "./network.js";
import { openOwnPoints } from "./own_points_form.js";
import { drawPlane } from "./plane.js";
import { agreeing, DEFAULTS, isRegression, MAX_DEPTH, parted, repairs, VIEW } from "./plane_settings.js";
import { openPresets } from "./presets.js";
import { openSettings } from "./settings_form.js";
import { openSharing } from "./sharing.js";
import { Training, whyNothingTrains } from "./training.js";
import { Transport } from "./transport.js";
import { unpack } from "./packing.js";
import { Weights } from "./weights.js";

const at = (id) => document.getElementById(id);
const SECTION = "playground";
const STATE = { ...DEFAULTS, ...VIEW };
const CHECKS = ["training_points", "test_points", "discretised", "log"];

let settings = structuredClone(DEFAULTS);
let view = structuredClone(VIEW);
let frame = null;
let points = { train: [], test: [] };
let axes = null;
let hovered = null;
const history = new History();
let training, transport, network, weights, form, ownPoints, presets, sharing;
// Why nothing can be trained here, if so.
let refusal = "";

export function openPlayground() {
  training = new Training({ section: at(SECTION), onframe: show, onerror: complain, oncut: cut });
  transport = new Transport(at("play-transport"), {
    training,
    speed: view.speed,
    restart: () => {
      restart();
      remember();
    },
    settled: remember,
    // A perceptron that errs on no point changes no more.
    done: (found) => settings.model === "perceptron" && found.errors?.train === 0,
  });
  transport.parts.speed.onchange = () => look({ speed: Number(transport.parts.speed.value) });
  network = new Network(at("network"), {
    feature: toggleFeature,
    width: (layer, width) => change({ widths: settings.widths.with(layer, width) }),
    activation: (layer, name) => change({ activations: settings.activations.with(layer, name) }),
    open: (layer, unit, row) => weights.open(network, layer, unit, row),
    hover: (picture, name) => {
      hovered = picture && { ...picture, name };
      drawOutput();
    },
  });
  weights = new Weights(setWeight);
  form = openSettings(change);
  ownPoints = openOwnPoints(change, () => axes);
  presets = openPresets(SECTION, at("presets"), at("claim"), (update) => transport.goTo(update));
  sharing = openSharing({ training, pause: () => transport.pause(), address: remember });
  at("shallower").onclick = () => resize(settings.widths.length - 1);
  at("deeper").onclick = () => resize(settings.widths.length + 1);
  for (const name of CHECKS) at(name).onchange = () => look({ [name]: at(name).checked });
  addEventListener("keydown", shortcut);
  for (const id of ["boundary", "losses"]) redraw(at(id), drawPlots);
  addEventListener("pageshow", (event) => event.persisted && apply({ ...settings, ...view }));
  addEventListener("hashchange", () => at(SECTION).hidden && transport.pause());
  watchAddress(SECTION, STATE, apply);
  ask();
}

async function ask() {
  try {
    const found = await fetchJson("/api/playground");
    presets.fill(found.presets ?? [], STATE);
    presets.mark(settings);
    const sentence = whyNothingTrains(found);
    if (sentence) refuse(sentence);
  } catch (error) {
    complain(error);
  }
}

function refuse(sentence) {
  refusal = sentence;
  at(SECTION).classList.remove("starting");
  at("play-problem").textContent = sentence;
  transport.disable();
  for (const id of ["export", "show-code"]) at(id).disabled = true;
  for (const part of document.querySelectorAll("#settings, .data-part, .network-part")) part.inert = true;
}

// The state of an address, which the user may have changed.
function apply(state, text = "") {
  const before = JSON.stringify(settings);
  [settings, view] = parted(state);
  showSettings();
  at("repaired").textContent = repairs(text, state, { ...settings, ...view });
  if (at("repaired").textContent) writeAddress(SECTION, { ...settings, ...view }, STATE);
  const edits = view.edits.map(([update, layer, row, column, value]) => ({ update, layer, row, column, value }));
  const same = training.settings && before === JSON.stringify(settings);
  if (same && view.updates === training.updates && JSON.stringify(edits) === JSON.stringify(training.edits)) {
    drawPlots();
    return;
  }
  transport.leave();
  const started = restart(edits, view.updates);
  if (view.updates || edits.length) transport.follow(started);
}

// New settings: a new training, which runs on if one was running.
function change(changes) {
  const next = agreeing({ ...settings, ...changes });
  if (JSON.stringify(next) === JSON.stringify(settings)) return;
  const goOn = transport.running && !transport.following;
  transport.pause();
  remember();
  settings = next;
  at("repaired").textContent = "";
  showSettings();
  restart();
  writeAddress(SECTION, { ...settings, ...view }, STATE, true);
  if (goOn) transport.run();
}

function look(changes) {
  view = { ...view, ...changes };
  remember();
  drawPlots();
}

function restart(edits = [], updates = 0) {
  history.clear();
  transport.clear();
  at("play-problem").textContent = refusal;
  at("progress").textContent = "Starting…";
  at(SECTION).classList.add("starting");
  weights.close();
  view = { ...view, updates, edits: edits.map(Object.values) };
  return training.start(settings, edits, updates);
}

// Write the update and the weights set by hand into the address, too.
function remember() {
  view = { ...view, updates: training.updates, edits: training.edits.map(Object.values) };
  at("progress").setAttribute("aria-busy", false);
  writeAddress(SECTION, { ...settings, ...view }, STATE);
}

function showSettings() {
  form.show(settings);
  ownPoints.show(settings);
  network.build(settings);
  presets.mark(settings);
  const isPerceptron = settings.model === "perceptron";
  at(SECTION).classList.toggle("perceptron", isPerceptron);
  at("network-title").textContent = isPerceptron ? "Perceptron" : "Network";
  const depth = settings.widths.length;
  at("depth").textContent = `${depth || "no"} hidden ${depth === 1 ? "layer" : "layers"}`;
  at("shallower").disabled = depth === 0;
  at("deeper").disabled = depth === MAX_DEPTH;
  transport.parts.speed.value = view.speed;
  for (const name of CHECKS) at(name).checked = view[name];
}

function toggleFeature(name) {
  const { features } = settings;
  if (features.length === 1 && features[0] === name) return;
  change({ features: features.includes(name) ? features.filter((one) => one !== name) : [...features, name] });
}

function resize(depth) {
  const { widths, activations } = settings;
  change({
    widths: depth < widths.length ? widths.slice(0, depth) : [...widths, widths.at(-1) ?? 4],
    activations: depth < widths.length ? activations.slice(0, depth) : [...activations, activations.at(-1) ?? "tanh"],
  });
}

async function setWeight(layer, row, column, value) {
  if (await training.weight(layer, row, column, value)) remember();
}

function cut(update) {
  history.cut(update);
  transport.cut(update);
}

function complain(error) {
  transport.pause();
  at("play-problem").textContent = refusal || error.message;
  // What is drawn belongs to the training before, which these settings are not of.
  if (at(SECTION).classList.contains("starting")) clear();
  at(SECTION).classList.remove("starting");
  if (at("progress").textContent === "Starting…") at("progress").textContent = "";
}

function clear() {
  [frame, axes, points] = [null, null, { train: [], test: [] }];
  network.clear();
  for (const id of ["boundary", "losses"]) fit(at(id));
  for (const id of ["loss-train", "loss-test", "wrong"]) at(id).textContent = "–";
  at("line").textContent = "";
}

function show(found) {
  if (found.points) points = found.points;
  const grid = { shape: found.grid.shape, values: unpack(found.grid) };
  const top = isRegression(settings) ? largest(points) : 1;
  const share = isRegression(settings) ? (value) => value / top : (value) => 2 * value - 1;
  frame = { ...found, grid, share };
  at(SECTION).classList.remove("starting");
  at("play-problem").textContent = "";
  sharing.hide();
  history.add(found);
  transport.show(found);
  network.show(frame);
  weights.refresh(network);
  showNumbers();
  drawPlots();
}

function largest({ train, test }) {
  return Math.max(...[...train, ...test].map(([, , value]) => Math.abs(value)), 1e-3);
}

function showNumbers() {
  const { updates, loss, errors, line } = frame;
  const number = (value) => value.toLocaleString("en");
  at("loss-train").textContent = lossText(loss.train);
  at("loss-test").textContent = lossText(loss.test);
  const counts = frame.points_count;
  const wrong = errors && (errors.test === null || !counts.test ? [errors.train, counts.train, ""] : [errors.test, counts.test, "test "]);
  at("wrong").textContent = wrong ? `${wrong[0]} of ${wrong[1]}` : "–";
  at("wrong").parentElement.hidden = !wrong;
  const sentence =
    `After ${number(updates)} ${updates === 1 ? "update" : "updates"}: training loss ${lossText(loss.train)}` +
    (loss.test === null ? "" : `, test loss ${lossText(loss.test)}`) +
    (wrong ? `, ${wrong[0]} of ${wrong[1]} ${wrong[2]}points wrong.` : ".");
  // A screen reader reads the state when the training stands still.
  at("progress").setAttribute("aria-busy", transport.running);
  // Setting the same text again would make a screen reader repeat it.
  if (at("progress").textContent !== sentence) at("progress").textContent = sentence;
  at("line").textContent = line ? equation(line) : "";
}

function drawPlots() {
  if (!frame) return;
  drawOutput();
  drawLosses(at("losses"), history, frame.updates, view.log);
}

function drawOutput() {
  if (!frame || !at("boundary").clientWidth) return;
  const { low, high, share, line } = frame;
  at("plane-title").textContent = hovered ? hovered.name : "Output";
  const shown = {
    train: view.training_points ? points.train : [],
    test: view.test_points ? points.test : [],
  };
  const values = hovered?.values ?? frame.grid.values;
  const most = hovered ? Math.max(...values.map(Math.abs)) || 1 : 1;
  axes = drawPlane(at("boundary"), {
    low,
    high,
    grid: values,
    size: hovered?.size ?? frame.grid.shape[0],
    line: hovered ? null : line,
    boundary: hovered || isRegression(settings) ? null : 0.5,
    points: shown,
    scale: hovered ? (value) => value / most : share,
    pointScale: share,
    discretised: view.discretised,
  });
}

function equation([w1, w2, b]) {
  const signed = (value) => `${value < 0 ? "−" : "+"} ${Math.abs(value).toFixed(3)}`;
  const first = `${w1 < 0 ? "−" : ""}${Math.abs(w1).toFixed(3)}`;
  const rule = settings.model === "perceptron" ? " It changes only when a point is misclassified: w ← w + r(ŷ − y)x." : "";
  return `The line: ${first} x₁ ${signed(w2)} x₂ ${signed(b)} = 0.${rule}`;
}

// Keys work where no control has the focus that needs them.
function shortcut(event) {
  if (at(SECTION).hidden || event.altKey || event.ctrlKey || event.metaKey) return;
  if (document.activeElement !== document.body) return;
  const keys = { " ": "run", ArrowRight: "one", e: "epoch", r: "reset" };
  if (event.key === "ArrowLeft") transport.goTo(Math.max(0, training.updates - 1));
  else if (keys[event.key]) transport.parts[keys[event.key]].click();
  else return;
  event.preventDefault();
}
