// Own points: set with a click on the plane, or pasted as CSV.
import { MAX_POINTS } from "./plane_settings.js";

// Points from lines of "x1, x2, label"; separators are commas, semicolons, tabs or spaces, and a line
// of names at the top is skipped. Throws an Error with one sentence.
export function readPoints(text, isRegression) {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const points = [];
  lines.forEach((line, index) => {
    if (!line || line.startsWith("#")) return;
    const cells = line.split(/\s*[,;\t]\s*|\s+/).filter((cell) => cell !== "");
    const numbers = cells.map(Number);
    if (!points.length && numbers.every(Number.isNaN)) return;
    const what = `Line ${index + 1} is “${line.slice(0, 40)}”`;
    if (numbers.length !== 3 || !numbers.every(Number.isFinite)) {
      throw new Error(`${what}; give three numbers: x₁, x₂ and the ${isRegression ? "value" : "label"}.`);
    }
    // TensorFlow Playground's labels are −1 and 1.
    const value = !isRegression && numbers[2] === -1 ? 0 : numbers[2];
    if (!isRegression && value !== 0 && value !== 1) throw new Error(`${what}; a label is 0 or 1.`);
    if (Math.max(...numbers.map(Math.abs)) > 1000) throw new Error(`${what}; numbers must be from −1000 to 1000.`);
    points.push([numbers[0], numbers[1], value]);
  });
  if (!points.length) throw new Error("There are no points; give lines of x₁, x₂ and the label.");
  if (points.length > MAX_POINTS) throw new Error(`There are ${points.length} points; give at most ${MAX_POINTS}.`);
  return points;
}

export function writePoints(points) {
  return ["x1,x2,y", ...points.map((point) => point.join(","))].join("\n");
}

// The own points after a click at x, y: with one more, or, for the value "erase", without the next.
export function clicked(points, x, y, value, span) {
  if (value === "erase") {
    const distance = ([a, b]) => Math.hypot(a - x, b - y);
    const nearest = points.reduce((best, one) => (distance(one) < distance(best) ? one : best), points[0]);
    return nearest && distance(nearest) < span / 15 ? points.filter((one) => one !== nearest) : points;
  }
  const digits = span > 4 ? 2 : 3;
  return [...points, [Number(x.toFixed(digits)), Number(y.toFixed(digits)), Number(value)]];
}
