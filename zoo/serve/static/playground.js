// Playground: train a Keras model on the server and watch its decision boundary.
//
// The page shows the training of the settings in its form. Every change of them, and Reset, starts
// a new generation; replies to requests of an older generation are discarded.
import { sendJson } from "./call.js";
import { clear, drawLosses, drawPlane } from "./drawing.js";

const at = (id) => document.getElementById(id);
const UPDATES_PER_REQUEST = { network: 4, perceptron: 1 };
const NUMBERS = ["depth", "width", "learning_rate", "seed"];
// The server ends an idle training; while the page is visible and in use, it sends keep-alives.
const KEEP_ALIVE_MS = 10_000;
const MAX_IDLE_MS = 15 * 60_000;

// The token of the worker process that trains for this page.
let token = null;
// The generation of the settings in the form, and that of the training on the server.
let generation = 1;
let current = { generation: 0, training: 0 };
let running = false;
// Counts presses of Train and Pause: only the newest training loop continues.
let presses = 0;
let pending = Promise.resolve();
let lastInput = 0;
let losses = [];

export function openPlayground() {
  at("settings").onsubmit = (event) => event.preventDefault();
  at("settings").oninput = discard;
  at("settings").onchange = () => {
    showFields();
    if (token) update(0);
  };
  at("train").onclick = () => (running ? pause() : train());
  at("one").onclick = () => {
    pause();
    update(1);
  };
  at("reset").onclick = () => {
    discard();
    update(0);
  };
  addEventListener("pointerdown", () => (lastInput = Date.now()));
  addEventListener("keydown", () => (lastInput = Date.now()));
  setInterval(keepAlive, KEEP_ALIVE_MS);
  addEventListener("pagehide", endTraining);
  // The browser may have restored the fields before this script ran.
  showFields();
}

function showFields() {
  for (const label of document.querySelectorAll("label.network")) {
    label.hidden = settings().model === "perceptron";
  }
}

function settings() {
  const given = Object.fromEntries(new FormData(at("settings")));
  // An empty field counts as missing, not as 0.
  for (const name of NUMBERS) given[name] = given[name] === "" ? null : Number(given[name]);
  return given;
}

function pause() {
  running = false;
  presses++;
  at("train").textContent = "Train";
}

// Clear the plots and discard replies that are still to come.
function discard() {
  pause();
  generation++;
  losses = [];
  for (const id of ["boundary", "losses"]) clear(at(id));
  at("line").textContent = "";
  at("progress").textContent = "Press Train.";
}

function endTraining() {
  if (token) sendJson("/api/playground/end", { token }, true).catch(() => {});
  token = null;
  discard();
}

function keepAlive() {
  const visible = !at("playground").hidden && document.visibilityState === "visible";
  const paused = token && current.generation === generation && !running;
  if (visible && paused && Date.now() - lastInput < MAX_IDLE_MS) update(0);
}

async function train() {
  const mine = ++presses;
  running = true;
  at("train").textContent = "Pause";
  while (mine === presses) {
    const found = await update(UPDATES_PER_REQUEST[settings().model]);
    if (mine === presses && (!found || (found.errors === 0 && found.line))) pause();
    await new Promise(requestAnimationFrame);
  }
}

// Make updates (0: only fetch the state) and draw the result. Returns the state, or null after an
// error or if it is obsolete. Requests are sent one at a time.
function update(updates) {
  const mine = generation;
  const found = pending.then(() => request(mine, updates));
  pending = found.catch(() => {});
  return found;
}

async function request(mine, updates) {
  try {
    if (mine !== generation) return null;
    let found = null;
    if (current.generation !== mine) {
      found = await start(mine);
      if (!draw(mine, found)) return null;
    }
    if (updates || !found) {
      found = await sendJson("/api/playground/step", { token, training: current.training, updates });
      if (!draw(mine, found)) return null;
    }
    return found;
  } catch (error) {
    if (mine === generation) {
      at("progress").textContent = error.message;
      pause();
      // The next request starts a new training.
      current = { generation: 0, training: 0 };
    }
    return null;
  }
}

async function start(mine) {
  at("progress").textContent = token ? "Starting…" : "Starting TensorFlow…";
  const sent = token;
  const found = await sendJson("/api/playground/start", { ...settings(), token });
  // The page may have been hidden and shown again meanwhile.
  if (sent !== token) {
    sendJson("/api/playground/end", { token: found.token }, true).catch(() => {});
    return found;
  }
  token = found.token;
  current = { generation: mine, training: found.training };
  return found;
}

// Draw a state unless its settings differ from those in the form; returns whether it was drawn.
function draw(mine, found) {
  const shown = settings();
  const same = Object.entries(found.settings).every(([name, value]) => shown[name] === value);
  if (mine !== generation || found.training !== current.training || !same) return false;
  if (losses.at(-1)?.[0] !== found.updates) losses.push([found.updates, found.loss]);
  const text =
    `After ${found.updates} ${found.updates === 1 ? "update" : "updates"}: loss ${found.loss.toFixed(4)}, ` +
    `${found.errors} of ${found.points.length} points wrong.`;
  // Setting the same text again would make a screen reader repeat it.
  if (at("progress").textContent !== text) at("progress").textContent = text;
  drawPlane(at("boundary"), found);
  drawLosses(at("losses"), losses);
  at("line").textContent = found.line ? equation(found.line) : "";
  return true;
}

function equation([w1, w2, b]) {
  const signed = (value) => `${value < 0 ? "−" : "+"} ${Math.abs(value).toFixed(3)}`;
  const first = `${w1 < 0 ? "−" : ""}${Math.abs(w1).toFixed(3)}`;
  return (
    `The line: ${first} x₁ ${signed(w2)} x₂ ${signed(b)} = 0. ` +
    "It changes only when a point is misclassified: w ← w + r(ŷ − y)x."
  );
}
