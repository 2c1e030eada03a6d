// The losses on the training and the test points over the updates.
import { Axes, themed } from "./axes.js";

const MAX_KEPT = 2000;

// What was measured at which update; what comes after the present update is kept, since going on
// from an earlier update gives it again.
export class History {
  constructor() {
    this.clear();
  }

  clear() {
    this.measured = [];
  }

  add({ updates, loss }) {
    const found = this.measured.findIndex((one) => one.updates >= updates);
    const entry = { updates, ...loss };
    if (found < 0) this.measured.push(entry);
    else this.measured.splice(found, Number(this.measured[found].updates === updates), entry);
    // Of many, every second one is dropped.
    if (this.measured.length > MAX_KEPT) this.measured = this.measured.filter((_, index) => !(index % 2));
  }

  // An edit changes what follows.
  cut(updates) {
    this.measured = this.measured.filter((one) => one.updates <= updates);
  }

  get furthest() {
    return this.measured.at(-1)?.updates ?? 0;
  }
}

export function drawLosses(canvas, history, now, log) {
  const { measured } = history;
  const values = measured.flatMap(({ train, test }) => [train, test ?? train]);
  const most = Math.max(...values, 1e-6);
  const least = Math.max(Math.min(...values, most), 1e-8);
  const ys = log ? [10 ** Math.floor(Math.log10(least)), 10 ** Math.ceil(Math.log10(most) + 1e-9)] : [0, 1.08 * most];
  const axes = new Axes(canvas, [0, Math.max(history.furthest, 10), "updates"], [...ys, ""], { log }).frame();
  const curves = [["train", "--accent", []], ["test", "--ink", [6, 3]]];
  for (const [isPast, opacity] of [[false, 0.3], [true, 1]]) {
    const part = measured.filter(({ updates }) => (isPast ? updates <= now : updates >= now));
    for (const [name, colour, dash] of curves) {
      const known = part.filter((one) => one[name] !== null);
      const xs = known.map(({ updates }) => updates);
      axes.line(xs, known.map((one) => one[name]), themed(canvas, colour), { dash, opacity, width: 2.2 });
    }
  }
  const present = measured.filter(({ updates }) => updates <= now).at(-1);
  for (const [name, colour] of curves) {
    if (present && present[name] !== null) axes.dots([present.updates], [present[name]], themed(canvas, colour), 3.5);
  }
}
