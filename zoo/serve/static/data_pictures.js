// Small pictures of the data sets, to choose one by. They are sketches: what is trained is computed
// by the server.
import { fit } from "./axes.js";
import { css, FIRST, SECOND, soft } from "./colours.js";
import { GATES } from "./plane_settings.js";

const TABLES = { and: [0, 0, 0, 1], or: [0, 1, 1, 1], nand: [1, 1, 1, 0], xor: [0, 1, 1, 0] };
export const DATA_NAMES = {
  and: "AND",
  or: "OR",
  nand: "NAND",
  xor: "XOR",
  circle: "circle",
  clouds: "two clouds",
  xor_clouds: "XOR clouds",
  spiral: "spiral",
  blobs: "blobs",
  plane: "plane (values)",
  gaussian: "Gaussians (values)",
  own: "own points",
};

// Points from -1 to 1 and the share of the second colour, -1 to 1.
const SKETCHES = {
  circle: (draw) => [
    ...turns(14, 0.85).map(([x, y]) => [x, y, -1]),
    ...turns(7, 0.32).map(([x, y]) => [x, y, 1]),
    ...[[0, 0, 1]],
  ],
  clouds: (draw) => cloud(draw, [[-0.45, -0.45, -1], [0.45, 0.45, 1]], 12),
  blobs: (draw) => cloud(draw, [[-0.4, 0, -1], [0.4, 0, 1]], 12),
  xor_clouds: (draw) => cloud(draw, [[-0.5, -0.5, -1], [0.5, 0.5, -1], [-0.5, 0.5, 1], [0.5, -0.5, 1]], 7),
  spiral: () =>
    [-1, 1].flatMap((label) =>
      Array.from({ length: 15 }, (_, step) => {
        const [angle, radius] = [(step / 15) * 5.2 + (label > 0 ? Math.PI : 0), 0.1 + (0.85 * step) / 15];
        return [radius * Math.sin(angle), radius * Math.cos(angle), label];
      }),
    ),
};

// Draw the sketch of a data set; `points` are the own points, with labels or with values.
export function drawSketch(canvas, name, points, hasValues) {
  const context = fit(canvas);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [across, up] = [(x) => (width * (1 + 0.9 * x)) / 2, (y) => (height * (1 - 0.9 * y)) / 2];
  if (name === "plane" || name === "gaussian") {
    drawValues(context, name, width, height);
    return;
  }
  if (name === "own" && !points.length) {
    Object.assign(context, { strokeStyle: getComputedStyle(canvas).color, lineWidth: 2 });
    context.beginPath();
    for (const [x, y] of [[0.45, 0], [0, 0.45]]) {
      context.moveTo(across(-x), up(-y));
      context.lineTo(across(x), up(y));
    }
    context.stroke();
    return;
  }
  const radius = (GATES.includes(name) ? 0.13 : 0.055) * width;
  for (const [x, y, share] of sketch(name, points, hasValues)) {
    context.beginPath();
    if (share > 0) context.rect(across(x) - radius, up(y) - radius, 2 * radius, 2 * radius);
    else context.arc(across(x), up(y), 1.1 * radius, 0, 2 * Math.PI);
    context.fillStyle = share > 0 ? SECOND : share < 0 ? FIRST : css(soft(0));
    context.fill();
  }
}

function sketch(name, points, hasValues) {
  if (GATES.includes(name)) {
    return TABLES[name].map((label, row) => [(row >> 1) - 0.5, (row & 1) - 0.5, label ? 1 : -1]);
  }
  if (name === "own") {
    const largest = 1.15 * Math.max(...points.flatMap(([x, y]) => [Math.abs(x), Math.abs(y)]), 1);
    return points.map(([x, y, value]) => [x / largest, y / largest, hasValues ? Math.sign(value) : value > 0.5 ? 1 : -1]);
  }
  return SKETCHES[name](draws());
}

function drawValues(context, name, width, height) {
  const bump = (x, y, atX, atY) => Math.exp(-8 * ((x - atX) ** 2 + (y - atY) ** 2));
  const value = {
    plane: (x, y) => (x + y) / 1.6,
    gaussian: (x, y) => bump(x, y, -0.5, 0.5) + bump(x, y, 0.5, -0.5) - bump(x, y, 0.5, 0.5) - bump(x, y, -0.5, -0.5),
  }[name];
  const [rows, cell] = [12, Math.max(width, height) / 12];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < rows; column++) {
      const [x, y] = [(2 * column + 1) / rows - 1, 1 - (2 * row + 1) / rows];
      context.fillStyle = css(soft(1.3 * value(x, y)));
      context.fillRect(column * cell, row * cell, cell + 1, cell + 1);
    }
  }
}

function turns(count, radius) {
  return Array.from({ length: count }, (_, step) => {
    const angle = (2 * Math.PI * step) / count;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

function cloud(draw, centres, count) {
  return centres.flatMap(([x, y, label]) =>
    Array.from({ length: count }, () => {
      const [angle, radius] = [2 * Math.PI * draw(), 0.3 * Math.sqrt(draw())];
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle), label];
    }),
  );
}

// Numbers from 0 to 1, the same for every picture (a linear congruential generator).
function draws() {
  let state = 7;
  return () => {
    state = (1103515245 * state + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
