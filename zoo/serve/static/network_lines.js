// The lines of the network's drawing: thickness and opacity are the weight's size, the colour its sign.
import { fit, themed } from "./axes.js";

const NEAR = 7;

// lines: {from: {right, middle}, to: {left, middle}}, of which one may be `chosen`.
export function drawLines(canvas, area, lines, weightOf, chosen) {
  // The canvas is as large as the columns, which may be wider than what is seen of them.
  const [width, height] = [area.scrollWidth, area.scrollHeight];
  if (canvas.clientWidth !== width) canvas.style.width = `${width}px`;
  if (canvas.clientHeight !== height) canvas.style.height = `${height}px`;
  const context = fit(canvas);
  const colours = { true: themed(canvas, "--second"), false: themed(canvas, "--first") };
  const zero = themed(canvas, "--edge");
  const unit = parseFloat(getComputedStyle(canvas).fontSize) / 16;
  const sized = lines.map((line) => [line, weightOf(line)]).sort(([, a], [, b]) => Math.abs(a) - Math.abs(b));
  for (const [line, weight] of sized) {
    const size = Math.min(1, Math.abs(weight) / 4);
    context.strokeStyle = weight ? colours[weight > 0] : zero;
    context.globalAlpha = weight ? 0.25 + 0.65 * Math.min(1, 2 * size) : 0.8;
    context.lineWidth = unit * (0.6 + 6.5 * size);
    trace(context, line);
  }
  context.globalAlpha = 1;
  if (chosen) {
    const weight = weightOf(chosen);
    context.lineWidth = unit * (4 + 6.5 * Math.min(1, Math.abs(weight) / 4));
    context.strokeStyle = themed(canvas, "--ink");
    trace(context, chosen);
    context.lineWidth -= 2.5 * unit;
    context.strokeStyle = weight ? colours[weight > 0] : zero;
    trace(context, chosen);
  }
}

function trace(context, { from, to }) {
  const middle = (from.right + to.left) / 2;
  context.beginPath();
  context.moveTo(from.right, from.middle);
  context.bezierCurveTo(middle, from.middle, middle, to.middle, to.left, to.middle);
  context.stroke();
}

// The line next to a point, or null if none is near.
export function nearestLine(lines, x, y) {
  let [found, least] = [null, NEAR];
  for (const line of lines) {
    const { from, to } = line;
    if (x < from.right || x > to.left) continue;
    const distance = Math.abs(heightAt((x - from.right) / (to.left - from.right), from.middle, to.middle) - y);
    if (distance < least) [found, least] = [line, distance];
  }
  return found;
}

// The curve's height at a share of its width: x(t) = 1.5t(1 − t) + t³ + …, solved by bisection.
function heightAt(share, fromY, toY) {
  let [low, high] = [0, 1];
  for (let step = 0; step < 14; step++) {
    const t = (low + high) / 2;
    const x = 1.5 * t * (1 - t) + t * t * t;
    if (x < share) low = t;
    else high = t;
  }
  const t = (low + high) / 2;
  return fromY + (toY - fromY) * t * t * (3 - 2 * t);
}
