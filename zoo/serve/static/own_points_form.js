// The controls of own points: brushes, clicks on the plane, and the dialog for CSV.
import { clicked, readPoints, writePoints } from "./own_points.js";
import { pointColour } from "./plane.js";
import { MAX_POINTS } from "./plane_settings.js";

const at = (id) => document.getElementById(id);
const BRUSHES = {
  classification: [["1", "label 1"], ["0", "label 0"], ["erase", "erase"]],
  regression: [["1", "1"], ["0.5", "0.5"], ["0", "0"], ["-0.5", "−0.5"], ["-1", "−1"], ["erase", "erase"]],
};

// change(settings); axes() are those of the plane. Returns {show(settings)}.
export function openOwnPoints(change, axes) {
  let shown = null;
  at("boundary").onclick = (event) => {
    if (shown?.data !== "own" || !axes()) return;
    const box = at("boundary").getBoundingClientRect();
    const [x, y] = axes().at(event.clientX - box.left, event.clientY - box.top);
    const [low, high] = axes().x;
    if (x < low || x > high || y < low || y > high) return;
    const points = clicked(shown.points, x, y, at("brushes").querySelector(":checked").value, high - low);
    if (points.length && points.length <= MAX_POINTS) change({ points });
  };
  at("task").onchange = () => change({ task: at("task").value, points: relabelled(shown.points, at("task").value) });
  at("csv-open").onclick = () => {
    at("csv-text").value = writePoints(shown.points);
    at("csv-problem").textContent = "";
    at("csv").showModal();
  };
  at("csv-cancel").onclick = () => at("csv").close();
  at("csv-form").onsubmit = (event) => {
    event.preventDefault();
    try {
      const points = readPoints(at("csv-text").value, shown.task === "regression");
      at("csv").close();
      change({ points });
    } catch (error) {
      at("csv-problem").textContent = error.message;
    }
  };
  return {
    show(settings) {
      const task = shown?.task;
      // On a phone, one sees where to click.
      if (shown && shown.data !== "own" && settings.data === "own") at("boundary").scrollIntoView({ block: "nearest" });
      shown = settings;
      at("own").hidden = settings.data !== "own";
      at("boundary").classList.toggle("settable", settings.data === "own");
      at("task").value = settings.task;
      if (task !== settings.task) at("brushes").replaceChildren(...BRUSHES[settings.task].map((one, index) => brush(one, index, settings.task)));
    },
  };
}

// A classification has labels 0 and 1 only.
function relabelled(points, task) {
  return task === "regression" ? points : points.map(([x, y, value]) => [x, y, Number(value >= 0.5)]);
}

function brush([value, text], index, task) {
  // Labels are 0 and 1; values are from −1 to 1.
  const share = task === "regression" ? Number(value) : 2 * Number(value) - 1;
  const label = Object.assign(document.createElement("label"), { className: "check" });
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "brush", value, checked: !index });
  const swatch = document.createElement("i");
  swatch.className = value === "erase" ? "mark" : `mark ${share > 0 ? "second" : "first"}`;
  if (value !== "erase") swatch.style.background = pointColour(share);
  label.append(input, swatch, text);
  return label;
}
