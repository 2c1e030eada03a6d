// The settings of the playground, their defaults and choices: the same as in zoo/serve/settings.py.
export const DEFAULTS = {
  kind: "plane",
  data: "circle",
  task: "classification",
  points: [],
  noise: 0,
  test_share: 0.5,
  model: "network",
  features: ["x1", "x2"],
  widths: [4, 2],
  activations: ["tanh", "tanh"],
  initial: "random",
  regularization: "none",
  regularization_rate: 0,
  dropout: 0,
  loss: "half_squared",
  optimizer: "momentum",
  learning_rate: 0.1,
  batch_size: 10,
  seed: 0,
};

// What the page shows of a training, and how far it is: the rest of the state in the address.
export const VIEW = {
  discretised: false,
  training_points: true,
  test_points: false,
  log: false,
  speed: 10,
  updates: 0,
  // Weights set by hand: [update, layer, row, column, value].
  edits: [],
};

// Updates for each picture; 0: one, slowly.
const SPEEDS = [0, 1, 10, 50, 200];
const MAX_TOTAL_UPDATES = 1_000_000;

export const MAX_DEPTH = 6;
export const MAX_WIDTH = 32;
export const MAX_POINTS = 500;

export const GATES = ["and", "or", "nand", "xor"];
export const POINT_SETS = ["circle", "clouds", "xor_clouds", "spiral", "blobs"];
export const REGRESSION_SETS = ["plane", "gaussian"];

export const CHOICES = {
  data: [...GATES, ...POINT_SETS, ...REGRESSION_SETS, "own"],
  task: ["classification", "regression"],
  model: ["network", "perceptron"],
  features: ["x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"],
  activations: ["tanh", "relu", "sigmoid", "swish", "linear", "leaky_relu", "prelu", "elu", "softplus", "step"],
  initial: ["random", "zero"],
  regularization: ["none", "l1", "l2"],
  loss: ["half_squared", "cross_entropy"],
  optimizer: ["momentum", "sgd", "adam", "adamw", "rmsprop", "lion"],
};

export const LIMITS = {
  noise: [0, 0.5],
  test_share: [0, 0.9],
  regularization_rate: [0, 10],
  dropout: [0, 0.9],
  learning_rate: [1e-6, 10],
  batch_size: [1, MAX_POINTS],
  seed: [0, 2 ** 31 - 1],
};
export const WHOLE = ["batch_size", "seed"];

export const FEATURE_NAMES = {
  x1: "x₁",
  x2: "x₂",
  "x1^2": "x₁²",
  "x2^2": "x₂²",
  "x1*x2": "x₁x₂",
  "sin(x1)": "sin x₁",
  "sin(x2)": "sin x₂",
};

export const FEATURE_FUNCTIONS = {
  x1: (x1) => x1,
  x2: (x1, x2) => x2,
  "x1^2": (x1) => x1 * x1,
  "x2^2": (x1, x2) => x2 * x2,
  "x1*x2": (x1, x2) => x1 * x2,
  "sin(x1)": (x1) => Math.sin(x1),
  "sin(x2)": (x1, x2) => Math.sin(x2),
};

export function isRegression({ data, task }) {
  return REGRESSION_SETS.includes(data) || (data === "own" && task === "regression");
}

// Points with values are for a network and the half squared error only.
export function agreeing(settings) {
  return isRegression(settings) ? { ...settings, model: "network", loss: "half_squared" } : settings;
}

// Settings that the page can show, from settings of an address, which may say anything.
export function repaired(given) {
  const settings = { ...given, kind: DEFAULTS.kind };
  for (const [name, choices] of Object.entries(CHOICES)) {
    if (!Array.isArray(DEFAULTS[name]) && !choices.includes(settings[name])) settings[name] = DEFAULTS[name];
  }
  for (const [name, [low, high]] of Object.entries(LIMITS)) {
    const value = Math.min(high, Math.max(low, settings[name]));
    settings[name] = WHOLE.includes(name) ? Math.round(value) : value;
  }
  settings.features = CHOICES.features.filter((name) => settings.features.includes(name));
  if (!settings.features.length) settings.features = DEFAULTS.features;
  settings.widths = settings.widths
    .slice(0, MAX_DEPTH)
    .map((width) => (Number.isInteger(width) ? Math.min(MAX_WIDTH, Math.max(1, width)) : 1));
  // One activation in the address stands for all layers.
  const [first = DEFAULTS.activations[0]] = settings.activations;
  settings.activations = settings.widths.map((_, layer) => {
    const wanted = settings.activations[layer] ?? first;
    return CHOICES.activations.includes(wanted) ? wanted : DEFAULTS.activations[0];
  });
  const isPoint = (row) => Array.isArray(row) && row.length === 3 && row.every(Number.isFinite);
  settings.points = settings.points.filter(isPoint).slice(0, MAX_POINTS);
  if (settings.data === "own" && !settings.points.length) settings.points = [[0, 0, 1]];
  return agreeing(settings);
}

// Where the playground is: settings and view, from an address's state.
export function parted(state) {
  const part = (defaults) => Object.fromEntries(Object.keys(defaults).map((name) => [name, state[name]]));
  const view = part(VIEW);
  view.updates = Math.min(MAX_TOTAL_UPDATES, Math.max(0, Math.round(view.updates)));
  view.edits = view.edits
    .filter((row) => Array.isArray(row) && row.length === 5 && row.every(Number.isFinite))
    .sort(([one], [other]) => one - other);
  if (!SPEEDS.includes(view.speed)) view.speed = VIEW.speed;
  return [repaired(part(DEFAULTS)), view];
}

// What of an address cannot be used, and what is shown in its place, as a sentence; empty if all can.
// text: of the address; given: its state; shown: the state that is shown.
export function repairs(text, given, shown) {
  const pairs = text.split("&").map((pair) => pair.split("="));
  const known = pairs.filter(([name]) => Object.hasOwn(given, name));
  const changed = known.filter(([name, value]) => !isShown(name, value, given[name], shown[name]));
  const found = changed.map(([name]) => `${name.replaceAll("_", " ")} is ${short(shown[name])}`);
  found.push(...pairs.filter(([name]) => name && !Object.hasOwn(given, name)).map(([name]) => `“${name.slice(0, 20)}” is left out`));
  return found.length ? `Not all of the address can be shown: ${found.join(", ")}.` : "";
}

function isShown(name, text, given, shown) {
  // A value of another type was left out when the address was read.
  if (typeof given === "number" && Number(text) !== given) return false;
  if (typeof given === "boolean" && text !== String(Number(given))) return false;
  if (!Array.isArray(given)) return given === shown;
  // One activation stands for all layers, and features have one order.
  if (name === "activations" && given.length === 1) return shown.every((one) => one === given[0]);
  if (name === "activations") return JSON.stringify(given.slice(0, shown.length)) === JSON.stringify(shown);
  if (name === "features") return given.length === shown.length && given.every((one) => shown.includes(one));
  if (name === "edits") return given.length === shown.length;
  return JSON.stringify(given) === JSON.stringify(shown);
}

function short(value) {
  if (value === "") return "empty";
  if (!Array.isArray(value)) return String(value).replaceAll("_", " ");
  if (value.some(Array.isArray)) return `${value.length} ${value.length === 1 ? "row" : "rows"}`;
  return value.join(", ") || "empty";
}
