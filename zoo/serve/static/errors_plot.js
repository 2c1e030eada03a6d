// Error and loss of the sections of slides 12 and 13 over the updates, on a logarithmic scale.
import { Axes, themed } from "./axes.js";

const SMALLEST = 1e-9;

// What comes after the update `now` is pale.
export function drawErrors(canvas, history, now) {
  const { measured } = history;
  const values = measured.flatMap(({ error, loss }) => [error, loss]).map((value) => Math.max(value, SMALLEST));
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  const axes = new Axes(canvas, [0, Math.max(history.furthest, 10), "updates"], [10 ** low, 10 ** high, ""], { log: true }).frame();
  for (const [name, colour, dash] of [["error", "--second", []], ["loss", "--ink", [6, 3]]]) {
    for (const [isPast, opacity] of [[false, 0.3], [true, 1]]) {
      const part = measured.filter(({ updates }) => (isPast ? updates <= now : updates >= now));
      axes.line(part.map(({ updates }) => updates), part.map((one) => one[name]), themed(canvas, colour), { dash, opacity, width: 0.15 * axes.size });
    }
    const present = measured.findLast(({ updates }) => updates <= now);
    if (present) axes.dots([present.updates], [present[name]], themed(canvas, colour), 3.5);
  }
}
