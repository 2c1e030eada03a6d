// The playground's picture of the plane: output, decision boundary and points.
import { Axes } from "./axes.js";
import { css, FIRST, SECOND, soft } from "./colours.js";

const HALO = "rgb(255 255 255 / 0.9)";

// picture: {low, high, grid, size, line, boundary, points, scale}: `grid`, size × size values, the
// first row the lowest; `scale` and `pointScale` map a value to a share from -1 to 1; `boundary`: the value at
// which a line is drawn, or null; `line`: [w1, w2, b] in its place; `points`: {train, test}, lists of
// [x1, x2, value]; `discretised`. Returns the axes, for the place of a pointer.
export function drawPlane(canvas, picture) {
  const { low, high, grid, size, line, boundary, points, scale, pointScale, discretised } = picture;
  const axes = new Axes(canvas, [low, high, "x₁"], [low, high, "x₂"], { digits: high - low < 4 ? 2.6 : 2 }).frame();
  const colour = discretised ? (value) => soft(scale(value) >= 0 ? 0.8 : -0.8) : (value) => soft(scale(value));
  axes.heat(grid, size, size, colour, !discretised);
  if (line || boundary !== null) {
    const pieces = line ? straight(line, low, high) : crossings(grid, size, boundary);
    const place = (step) => low + (step * (high - low)) / (size - 1);
    const [across, up] = line
      ? [(x) => axes.across(x), (y) => axes.up(y)]
      : [(column) => axes.across(place(column)), (row) => axes.up(place(row))];
    stroke(axes, pieces, across, up);
  }
  // The fewer points, the larger.
  const count = points.train.length + points.test.length;
  const radius = (axes.width / 100) * (count > 20 ? 1.15 : 2.6);
  for (const [x, y, value] of points.test) drawPoint(axes, x, y, pointScale(value), radius, "#000000");
  const outline = boundary === null && !line ? "rgb(0 0 0 / 0.4)" : HALO;
  for (const [x, y, value] of points.train) drawPoint(axes, x, y, pointScale(value), radius, outline);
  return axes;
}

function stroke({ context, left, top, width, height }, pieces, across, up) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.beginPath();
  for (const [[x, y], [toX, toY]] of pieces) {
    context.moveTo(across(x), up(y));
    context.lineTo(across(toX), up(toY));
  }
  context.lineCap = "round";
  for (const [colour, thickness] of [[HALO, 5], ["#101010", 2.2]]) {
    Object.assign(context, { strokeStyle: colour, lineWidth: thickness });
    context.stroke();
  }
  context.restore();
}

// The classes differ in shape as well as in colour; test points have a dark outline.
function drawPoint(axes, x, y, share, radius, outline) {
  const { context } = axes;
  const [across, up] = [axes.across(x), axes.up(y)];
  context.beginPath();
  if (share > 0) context.rect(across - 0.9 * radius, up - 0.9 * radius, 1.8 * radius, 1.8 * radius);
  else context.arc(across, up, radius, 0, 2 * Math.PI);
  context.fillStyle = pointColour(share);
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = outline;
  context.stroke();
}

// The colour of a point from -1 to 1: values of a regression between the ends are between the colours.
export function pointColour(share) {
  if (Math.abs(share) < 0.99) return css(soft(share));
  return share > 0 ? SECOND : FIRST;
}

// The line w₁x₁ + w₂x₂ + b = 0 across the plane; none if w₁ = w₂ = 0.
export function straight([w1, w2, b], low, high) {
  if (Math.abs(w2) >= Math.abs(w1) && w2) return [[low, high].map((x) => [x, -(w1 * x + b) / w2])];
  if (w1) return [[low, high].map((y) => [-(w2 * y + b) / w1, y])];
  return [];
}

// Where the output crosses a value, by marching squares: line segments.
export function crossings(grid, size, value) {
  const pieces = [];
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const corners = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]];
      const over = corners.map(([x, y]) => grid[y * size + x] - value);
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
