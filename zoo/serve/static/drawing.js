// The playground's two plots with their axes.
import { diverging, FIRST, SECOND } from "./colours.js";

// Margins in pixels; left and below there is room for tick labels and axis titles.
const LEFT = 56;
const BELOW = 44;
const ABOVE = 12;
const RIGHT = 14;
const FONT = "15px system-ui, sans-serif";

// The size of the plotting area and the maps from data coordinates to pixels.
function frame(canvas, [left, right], [bottom, top]) {
  const width = canvas.width - LEFT - RIGHT;
  const height = canvas.height - ABOVE - BELOW;
  return {
    width,
    height,
    across: (x) => LEFT + ((x - left) / (right - left)) * width,
    up: (y) => ABOVE + height - ((y - bottom) / (top - bottom)) * height,
  };
}

// The pixel of a point of the plane.
export function placeOnPlane(canvas, { low, high }, x, y) {
  const { across, up } = frame(canvas, [low, high], [low, high]);
  return [across(x), up(y)];
}

// About five round tick values from low to high.
export function ticks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let count = Math.ceil(low / step); count * step <= high + step * 1e-9; count++) found.push(count * step);
  return { step, found };
}

function drawAxes(context, canvas, xs, ys, xName, yName) {
  const { across, up, width, height } = frame(canvas, xs, ys);
  const ink = getComputedStyle(canvas).color;
  context.strokeStyle = context.fillStyle = ink;
  context.lineWidth = 1;
  context.font = FONT;
  context.strokeRect(LEFT, ABOVE, width, height);
  for (const [range, isX] of [[xs, true], [ys, false]]) {
    const { step, found } = ticks(...range);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (const value of found) {
      const text = value === 0 ? "0" : digits > 4 ? value.toExponential(0) : value.toFixed(digits).replace("-", "−");
      context.beginPath();
      if (isX) {
        context.moveTo(across(value), ABOVE + height);
        context.lineTo(across(value), ABOVE + height + 5);
        context.textAlign = "center";
        context.fillText(text, across(value), ABOVE + height + 20);
      } else {
        context.moveTo(LEFT - 5, up(value));
        context.lineTo(LEFT, up(value));
        context.textAlign = "right";
        context.fillText(text, LEFT - 8, up(value) + 5);
      }
      context.stroke();
    }
  }
  context.textAlign = "center";
  context.fillText(xName, LEFT + width / 2, canvas.height - 6);
  context.save();
  context.translate(14, ABOVE + height / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(yName, 0, 0);
  context.restore();
}

export function clear(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

export function drawPlane(canvas, { grid, size, points, low, high, line }) {
  const context = canvas.getContext("2d");
  const range = [low, high];
  const { across, up, width, height } = frame(canvas, range, range);
  clear(canvas);
  const small = new OffscreenCanvas(size, size);
  const picture = new ImageData(size, size);
  grid.forEach((output, index) => {
    const row = size - 1 - Math.floor(index / size);
    // Lighter than the points, which have the same colours.
    const colour = diverging(0.6 * (2 * Math.min(1, Math.max(0, output)) - 1));
    picture.data.set([...colour, 255], 4 * (row * size + (index % size)));
  });
  small.getContext("2d").putImageData(picture, 0, 0);
  context.save();
  context.beginPath();
  context.rect(LEFT, ABOVE, width, height);
  context.clip();
  // A grid point is the centre of its pixel in the small image.
  const half = (high - low) / (size - 1) / 2;
  context.drawImage(
    small,
    across(low - half),
    up(high + half),
    across(high + half) - across(low - half),
    up(low - half) - up(high + half),
  );
  context.strokeStyle = "black";
  context.lineWidth = 2.5;
  context.beginPath();
  const place = (index) => low + (index / (size - 1)) * (high - low);
  const pieces = line
    ? straight(line, low, high)
    : crossings(grid, size).map((piece) => piece.map(([column, row]) => [place(column), place(row)]));
  for (const [[x, y], [toX, toY]] of pieces) {
    context.moveTo(across(x), up(y));
    context.lineTo(across(toX), up(toY));
  }
  context.stroke();
  context.restore();
  for (const [x, y, label] of points) drawPoint(context, across(x), up(y), label, points.length > 10 ? 4 : 9);
  drawAxes(context, canvas, range, range, "x₁", "x₂");
}

// The classes differ in shape as well as in colour.
function drawPoint(context, x, y, label, radius) {
  context.beginPath();
  if (label) context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  else context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = label ? SECOND : FIRST;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = "black";
  context.stroke();
}

// The line w₁x₁ + w₂x₂ + b = 0 across the plane; none if w₁ = w₂ = 0.
export function straight([w1, w2, b], low, high) {
  if (Math.abs(w2) >= Math.abs(w1) && w2) return [[low, high].map((x) => [x, -(w1 * x + b) / w2])];
  if (w1) return [[low, high].map((y) => [-(w2 * y + b) / w1, y])];
  return [];
}

// The decision boundary by marching squares: line segments where the output crosses ½.
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
        const fraction = a / (a - b);
        found.push([x + fraction * (nextX - x), y + fraction * (nextY - y)]);
      }
      for (let one = 0; one + 1 < found.length; one += 2) pieces.push([found[one], found[one + 1]]);
    }
  }
  return pieces;
}

// Losses are pairs [updates, loss].
export function drawLosses(canvas, losses) {
  const context = canvas.getContext("2d");
  const xs = [0, Math.max(losses.at(-1)[0], 1)];
  const ys = [0, 1.05 * Math.max(...losses.map(([, loss]) => loss), 1e-6)];
  const { across, up } = frame(canvas, xs, ys);
  clear(canvas);
  drawAxes(context, canvas, xs, ys, "updates", "loss");
  context.lineWidth = 2;
  context.strokeStyle = getComputedStyle(canvas).color;
  context.beginPath();
  for (const [updates, loss] of losses) context.lineTo(across(updates), up(loss));
  context.stroke();
}
