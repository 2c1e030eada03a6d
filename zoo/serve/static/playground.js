// Watch a real Keras model learn on the server, some updates at a time.
import { call } from "./call.js";

const at = (id) => document.getElementById(id);
// Okabe and Ito's blue and orange, which everybody can tell apart.
const BLUE = [0, 114, 178];
const ORANGE = [230, 159, 0];
const UPDATES_PER_LOOK = { network: 4, perceptron: 1 };
let token = null;
let started = false;
let running = false;
let waiting = false;
let losses = [];

export function openPlayground() {
  at("settings").onsubmit = (event) => event.preventDefault();
  at("settings").onchange = () => {
    for (const label of document.querySelectorAll("label.network")) {
      label.hidden = settings().model === "perceptron";
    }
    halt();
    started = false;
    if (token) reset();
  };
  at("train").onclick = () => (running ? halt() : train());
  at("one").onclick = async () => {
    halt();
    await look(1);
  };
  at("reset").onclick = reset;
  addEventListener("pagehide", () => {
    if (token) navigator.sendBeacon("/api/playground/end", JSON.stringify({ token }));
    token = null;
    started = false;
  });
}

function settings() {
  const given = Object.fromEntries(new FormData(at("settings")));
  for (const name of ["depth", "width", "learning_rate", "seed"]) given[name] = Number(given[name]);
  return given;
}

function halt() {
  running = false;
  at("train").textContent = "Train";
}

async function train() {
  running = true;
  at("train").textContent = "Pause";
  while (running) {
    const found = await look(UPDATES_PER_LOOK[settings().model]);
    if (!found) halt();
    else if (found.errors === 0 && settings().model === "perceptron") halt();
    await new Promise(requestAnimationFrame);
  }
}

async function reset() {
  halt();
  started = false;
  await order(start);
}

async function start() {
  if (!token) at("progress").textContent = "Starting TensorFlow…";
  const found = await call("/api/playground/start", JSON.stringify({ ...settings(), token }));
  token = found.token;
  started = true;
  losses = [];
  return found;
}

function look(updates) {
  return order(async () => {
    if (!started) draw(await start());
    return call("/api/playground/step", JSON.stringify({ token, updates }));
  });
}

// One request at a time; a refusal is told, and ends the training.
async function order(request) {
  while (waiting) await new Promise((resolve) => setTimeout(resolve, 20));
  waiting = true;
  try {
    const found = await request();
    draw(found);
    return found;
  } catch (error) {
    at("progress").textContent = error.message;
    started = false;
    return null;
  } finally {
    waiting = false;
  }
}

function draw(found) {
  losses.push([found.updates, found.loss]);
  at("progress").textContent =
    `After ${found.updates} updates: loss ${found.loss.toFixed(4)}, ` +
    `${found.errors} of ${found.points.length} points wrong.`;
  drawBoundary(found);
  drawLosses();
  at("line").textContent = found.line
    ? `The line: ${found.line[0].toFixed(3)} x₁ + ${found.line[1].toFixed(3)} x₂ + ${found.line[2].toFixed(3)} = 0. ` +
      "Only a mistake turns it: w ← w + r(y − ŷ)x."
    : "";
}

function drawBoundary({ grid, size, points, low, high }) {
  const canvas = at("boundary");
  const context = canvas.getContext("2d");
  const small = new OffscreenCanvas(size, size);
  const picture = new ImageData(size, size);
  grid.forEach((answer, index) => {
    const row = size - 1 - Math.floor(index / size);
    const share = Math.min(1, Math.max(0, answer));
    const colour = BLUE.map((blue, part) => 0.45 * (blue + share * (ORANGE[part] - blue)) + 0.55 * 255);
    picture.data.set([...colour, 255], 4 * (row * size + (index % size)));
  });
  small.getContext("2d").putImageData(picture, 0, 0);
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  context.strokeStyle = "black";
  context.lineWidth = 2.5;
  context.beginPath();
  for (const [from, to] of crossings(grid, size)) {
    // A grid point is the middle of its square in the picture.
    for (const [draw, [column, row]] of [["moveTo", from], ["lineTo", to]]) {
      context[draw](((column + 0.5) / size) * canvas.width, (1 - (row + 0.5) / size) * canvas.height);
    }
  }
  context.stroke();
  context.lineWidth = 1;
  const place = (x) => ((0.5 + ((x - low) / (high - low)) * (size - 1)) / size) * canvas.width;
  for (const [x, y, label] of points) {
    context.beginPath();
    context.arc(place(x), canvas.height - place(y), points.length > 10 ? 4 : 9, 0, 7);
    context.fillStyle = `rgb(${label ? ORANGE : BLUE})`;
    context.fill();
    context.strokeStyle = "black";
    context.stroke();
  }
}

// Where the answer is ½ between grid points that disagree: pieces of the boundary.
function crossings(grid, size) {
  const pieces = [];
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const corners = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]];
      const over = corners.map(([x, y]) => grid[y * size + x] - 0.5);
      const found = [];
      for (let side = 0; side < 4; side++) {
        const [a, b] = [over[side], over[(side + 1) % 4]];
        if (a >= 0 === b >= 0) continue;
        const [[x, y], [nextX, nextY]] = [corners[side], corners[(side + 1) % 4]];
        const share = a / (a - b);
        found.push([x + share * (nextX - x), y + share * (nextY - y)]);
      }
      for (let one = 0; one + 1 < found.length; one += 2) pieces.push([found[one], found[one + 1]]);
    }
  }
  return pieces;
}

function drawLosses() {
  const canvas = at("losses");
  const context = canvas.getContext("2d");
  const ink = getComputedStyle(document.body).color;
  const top = Math.max(...losses.map(([, loss]) => loss), 1e-6);
  const end = Math.max(losses.at(-1)[0], 1);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.strokeStyle = context.fillStyle = ink;
  context.lineWidth = 2;
  context.font = "14px system-ui, sans-serif";
  context.fillText(top.toPrecision(3), 6, 16);
  context.fillText(`${end} updates`, canvas.width - 100, canvas.height - 6);
  context.beginPath();
  for (const [updates, loss] of losses) {
    context.lineTo((updates / end) * canvas.width, canvas.height - 24 - (loss / top) * (canvas.height - 48));
  }
  context.stroke();
}
