// The plots of a solution of a differential equation.
import { Axes, themed } from "./axes.js";
import { diverging } from "./colours.js";

const SMALLEST = 1e-9;

// A function of one input: the exact solution, the network, and the values that are given.
export function drawSolution(canvas, { x, input, solution, network, observed, until, points }) {
  const most = 1.2 * Math.max(...solution.map(Math.abs));
  const axes = new Axes(canvas, [x[0], x.at(-1), input], [-most, most, "u"]).frame();
  const ink = themed(canvas, "--ink");
  if (until) axes.line([until, until], [-most, most], themed(canvas, "--faint"), { width: 1.5, dash: [4, 5] });
  axes.line(x, solution, themed(canvas, "--first"), { width: 0.55 * axes.size, opacity: 0.5 });
  axes.line(x, network, themed(canvas, "--second"), { width: 0.2 * axes.size });
  if (observed) axes.dots(observed.map(([at]) => at), observed.map(([, value]) => value), ink, 0.28 * axes.size);
  if (until) note(axes, `values given up to ${input} = ${Number(until.toFixed(2))}`, until);
  axes.dots(points, Array(points.length).fill(-most), ink, 0.14 * axes.size);
}

export function drawResidual(canvas, { x, input, residual, points, largest_residual: largest }) {
  const most = 1.15 * Math.max(largest, SMALLEST);
  const axes = new Axes(canvas, [x[0], x.at(-1), input], [-most, most, ""]).frame();
  axes.line([x[0], x.at(-1)], [0, 0], themed(canvas, "--faint"), { width: 1 });
  axes.line(x, residual, themed(canvas, "--second"), { width: 0.16 * axes.size });
  axes.dots(points, Array(points.length).fill(-most), themed(canvas, "--ink"), 0.14 * axes.size);
}

// Values over the plane, from blue, −most, to red, most; place: of the slice; dots: x, y, x, y, ….
export function drawMap(canvas, { axes: { x, y }, shape: [rows, columns], values, most, place, dots = [] }) {
  const axes = new Axes(canvas, x, y).frame();
  axes.heat(values, rows, columns, (value) => diverging(value / most));
  // The colours of the map are those of both schemes.
  if (place !== undefined) axes.line([x[0], x[1]], [place, place], "black", { width: 1.6, dash: [6, 4] });
  axes.dots(dots.filter((_, index) => index % 2 === 0), dots.filter((_, index) => index % 2), "black", 0.12 * axes.size);
}

export function drawSlice(canvas, { ends, shape: [, columns], row, solution, network, most }) {
  const xs = Array.from({ length: columns }, (_, index) => ends[0] + (index / (columns - 1)) * (ends[1] - ends[0]));
  const axes = new Axes(canvas, ends, [-1.15 * most, 1.15 * most, "u"]).frame();
  const part = (values) => values.subarray(row * columns, (row + 1) * columns);
  axes.line(xs, part(solution), themed(canvas, "--first"), { width: 0.55 * axes.size, opacity: 0.5 });
  axes.line(xs, part(network), themed(canvas, "--second"), { width: 0.2 * axes.size });
}

function note(axes, text, x) {
  const { context, size } = axes;
  context.fillStyle = themed(axes.canvas, "--faint");
  context.font = `${0.9 * size}px ${getComputedStyle(axes.canvas).fontFamily}`;
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillText(text, axes.across(x) + 0.5 * size, axes.top + 0.3 * size);
}
