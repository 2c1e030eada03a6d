// Watch a real Keras model learn on the server, some updates at a time.
//
// The page shows one training: the one of the settings that it shows. Every change of them, and
// Reset, makes what was asked for before obsolete; an answer to it is dropped, whenever it comes.
import { sendJson } from "./call.js";
import { clear, drawLosses, drawPlane } from "./drawing.js";

const at = (id) => document.getElementById(id);
const UPDATES_PER_LOOK = { network: 4, perceptron: 1 };
const NUMBERS = ["depth", "width", "learning_rate", "seed"];
// The server ends a training that it hears nothing of; a page that is looked at says so.
const WATCHING_EVERY = 10_000;
const WATCHING_AT_MOST = 15 * 60_000;

// The process that the server lent to this page.
let token = null;
// What the visitor wants to see now, counted; and the training that the server makes of it.
let wanted = 1;
let made = { wanted: 0, training: 0 };
let running = false;
// Counts presses of Train and Pause: one loop at a time.
let presses = 0;
let waiting = Promise.resolve();
let touched = 0;
let losses = [];

export function openPlayground() {
  at("settings").onsubmit = (event) => event.preventDefault();
  at("settings").oninput = forget;
  at("settings").onchange = () => {
    showFields();
    if (token) look(0);
  };
  at("train").onclick = () => (running ? halt() : train());
  at("one").onclick = () => {
    halt();
    look(1);
  };
  at("reset").onclick = () => {
    forget();
    look(0);
  };
  addEventListener("pointerdown", () => (touched = Date.now()));
  addEventListener("keydown", () => (touched = Date.now()));
  setInterval(watch, WATCHING_EVERY);
  addEventListener("pagehide", leave);
  // The browser may have filled the fields in before this script came.
  showFields();
}

function showFields() {
  for (const label of document.querySelectorAll("label.network")) {
    label.hidden = settings().model === "perceptron";
  }
}

function settings() {
  const given = Object.fromEntries(new FormData(at("settings")));
  // An empty field is missing, not 0.
  for (const name of NUMBERS) given[name] = given[name] === "" ? null : Number(given[name]);
  return given;
}

function halt() {
  running = false;
  presses++;
  at("train").textContent = "Train";
}

// Nothing that was asked for until now is shown any more.
function forget() {
  halt();
  wanted++;
  losses = [];
  for (const id of ["boundary", "losses"]) clear(at(id));
  at("line").textContent = "";
  at("progress").textContent = "Press Train.";
}

function leave() {
  if (token) sendJson("/api/playground/end", { token }, true).catch(() => {});
  token = null;
  forget();
}

function watch() {
  const looking = !at("playground").hidden && document.visibilityState === "visible";
  const current = token && made.wanted === wanted && !running;
  if (looking && current && Date.now() - touched < WATCHING_AT_MOST) look(0);
}

async function train() {
  const mine = ++presses;
  running = true;
  at("train").textContent = "Pause";
  while (mine === presses) {
    const found = await look(UPDATES_PER_LOOK[settings().model]);
    if (mine === presses && (!found || (found.errors === 0 && found.line))) halt();
    await new Promise(requestAnimationFrame);
  }
}

// Make some updates, 0 to only look, and draw what has come of them; null if it was refused or
// is not wanted any more. One request at a time.
function look(updates) {
  const mine = wanted;
  const found = waiting.then(() => request(mine, updates));
  waiting = found.catch(() => {});
  return found;
}

async function request(mine, updates) {
  try {
    if (mine !== wanted) return null;
    let found = null;
    if (made.wanted !== mine) {
      found = await start(mine);
      if (!draw(mine, found)) return null;
    }
    if (updates || !found) {
      found = await sendJson("/api/playground/step", { token, training: made.training, updates });
      if (!draw(mine, found)) return null;
    }
    return found;
  } catch (error) {
    if (mine === wanted) {
      at("progress").textContent = error.message;
      halt();
      // Asked again, it begins anew.
      made = { wanted: 0, training: 0 };
    }
    return null;
  }
}

async function start(mine) {
  at("progress").textContent = token ? "Starting…" : "Starting TensorFlow…";
  const sent = token;
  const found = await sendJson("/api/playground/start", { ...settings(), token });
  // The page may have been left, and come back to, meanwhile.
  if (sent !== token) {
    sendJson("/api/playground/end", { token: found.token }, true).catch(() => {});
    return found;
  }
  token = found.token;
  made = { wanted: mine, training: found.training };
  return found;
}

// Draw an answer unless it is of other settings than the page shows; say whether it was drawn.
function draw(mine, found) {
  const shown = settings();
  const same = Object.entries(found.settings).every(([name, value]) => shown[name] === value);
  if (mine !== wanted || found.training !== made.training || !same) return false;
  if (losses.at(-1)?.[0] !== found.updates) losses.push([found.updates, found.loss]);
  const told =
    `After ${found.updates} ${found.updates === 1 ? "update" : "updates"}: loss ${found.loss.toFixed(4)}, ` +
    `${found.errors} of ${found.points.length} points wrong.`;
  // Said again, it would be read aloud again.
  if (at("progress").textContent !== told) at("progress").textContent = told;
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
    "Only a mistake turns it: w ← w + r(ŷ − y)x."
  );
}
