// The plots of an approximated function.
import { Axes, themed } from "./axes.js";
import { placeOf } from "./drawn_function.js";

const MAX_WIDTH = 256;
const SMALLEST = 1e-7;

// x, function and network: numbers at the same places. points: what the weights are constructed
// from. drawn: values of the hand that are not yet answered. marked: the place of the keyboard.
// isDrawn: the axes have room for every drawing. isTrained: the axes have room for the network, too.
// Returns the axes.
export function drawCurves(canvas, { x, function: exact, network, points, isDrawn, isTrained, drawn, marked }) {
  const [first, second] = [themed(canvas, "--first"), themed(canvas, "--second")];
  const shown = drawn ?? exact;
  const places = drawn ? drawn.map((_, index) => placeOf(index, drawn.length)) : x;
  const needed = isDrawn ? [-1.15, 1.15, ""] : range(exact, 0.12);
  // Computed weights follow the hand, under which the axes must not change.
  const ends = isTrained ? withNetwork(needed, network) : needed;
  const axes = new Axes(canvas, [x[0], x.at(-1), "x"], ends).frame();
  axes.line(places, shown, first, { width: 0.55 * axes.size, opacity: 0.5 });
  axes.line(x, network, second, { width: 0.2 * axes.size });
  if (points.length <= 70 && !drawn) axes.dots(points.map(([at]) => at), points.map(([, value]) => value), themed(canvas, "--ink"), 0.25 * axes.size);
  if (marked !== null) {
    const place = placeOf(marked);
    axes.line([place, place], [-1.15, 1.15], themed(canvas, "--accent"), { width: 1.5, dash: [4, 4] });
    axes.dots([place], [shown[Math.round((marked / 64) * (shown.length - 1))]], themed(canvas, "--accent"), 6);
  }
  return axes;
}

export function drawError(canvas, { x, error, bound }) {
  const found = Math.max(...error.map(Math.abs));
  const most = Math.max(bound ?? 0, Math.min(found, 10), 1e-6) * 1.15;
  const axes = new Axes(canvas, [x[0], x.at(-1), "x"], [-most, most, ""]).frame();
  const faint = themed(canvas, "--faint");
  if (bound !== null) {
    for (const side of [-bound, bound]) axes.line([x[0], x.at(-1)], [side, side], faint, { width: 1.6, dash: [7, 5] });
  }
  axes.line([x[0], x.at(-1)], [0, 0], faint, { width: 1 });
  axes.line(x, error, themed(canvas, "--second"), { width: 0.14 * axes.size });
}

// units: numbers of `count` units, one after another, at evenly spaced places. The sigmoids of a
// bump are neighbours and drawn as their sum.
export function drawUnits(canvas, { x, units, count, isPaired }) {
  const length = units.length / count;
  const rows = Array.from({ length: count }, (_, index) => units.subarray(index * length, (index + 1) * length));
  const curves = isPaired
    ? rows.filter((_, index) => index % 2 === 0).map((row, index) => row.map((value, place) => value + rows[2 * index + 1][place]))
    : rows;
  const xs = Array.from({ length }, (_, index) => x[0] + (index / (length - 1)) * (x[1] - x[0]));
  let [low, high] = [0, 0];
  for (const curve of curves) for (const value of curve) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const axes = new Axes(canvas, [...x, "x"], range([low, high], 0.08)).frame();
  const colours = ["--accent", "--second"].map((name) => themed(canvas, name));
  curves.forEach((curve, index) => axes.line(xs, curve, colours[index % 2], { width: 0.13 * axes.size, opacity: 0.75 }));
}

// Largest errors and their bounds by width, both axes logarithmic.
export function drawWidths(canvas, { errors, bounds }, width) {
  const values = [...errors.values(), ...bounds.values()].map((value) => Math.max(value, SMALLEST));
  const axes = new Axes(canvas, [1, MAX_WIDTH, "hidden units"], [...decades(values), ""], { log: true, logX: true }).frame();
  const line = (found, colour, options) => {
    const sorted = [...found].sort(([one], [other]) => one - other);
    axes.line(sorted.map(([at]) => at), sorted.map(([, value]) => value), colour, options);
  };
  line(bounds, themed(canvas, "--faint"), { dash: [7, 5], width: 1.8 });
  line(errors, themed(canvas, "--second"), { width: 0.16 * axes.size });
  axes.dots([...errors.keys()], [...errors.values()], themed(canvas, "--second"), 3.5);
  if (errors.has(width)) axes.dots([width], [errors.get(width)], themed(canvas, "--ink"), 5.5);
}

function decades(values) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  return [10 ** low, 10 ** Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9))];
}

function range(values, margin) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const size = high - low || 1;
  return [low - margin * size, high + margin * size, ""];
}

// The range of a function extended to that of a network, up to three times the size. It grows in
// steps, so that the axes do not change with every update.
function withNetwork([low, high, name], network) {
  const size = high - low;
  const step = size / 4;
  const [least, most] = range(network, 0);
  const down = Math.min(size, step * Math.max(0, Math.ceil((low - least) / step)));
  const up = Math.min(size, step * Math.max(0, Math.ceil((most - high) / step)));
  return [low - down, high + up, name];
}
