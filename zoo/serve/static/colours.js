// The colours of the two classes, as in zoo/plots/style.py: blue for the first label and for 0, red
// for the second label and for 1.
export const FIRST = "#0072B2";
export const SECOND = "#D55E00";

// ColorBrewer's RdBu, reversed: from blue over white to red.
const DIVERGING = [
  [5, 48, 97], [33, 102, 172], [67, 147, 195], [146, 197, 222], [209, 229, 240], [247, 247, 247],
  [253, 219, 199], [244, 165, 130], [214, 96, 77], [178, 24, 43], [103, 0, 31],
];

// Matplotlib's inferno: from black over purple and orange to pale yellow.
const HEAT = [
  [0, 0, 4], [22, 11, 57], [66, 10, 104], [106, 23, 110], [147, 38, 103], [188, 55, 84],
  [221, 81, 58], [243, 120, 25], [252, 165, 10], [246, 215, 70], [252, 255, 164],
];

// The colour of a value from -1 (blue) to 1 (red), [r, g, b].
export function diverging(value) {
  return between(DIVERGING, (Math.min(1, Math.max(-1, value)) + 1) / 2);
}

// The colour of a value from 0 (black) to 1 (pale yellow), [r, g, b].
export function hot(value) {
  return between(HEAT, Math.min(1, Math.max(0, value)));
}

// The colour at a share, from 0 to 1, of a list of colours.
function between(colours, share) {
  const place = share * (colours.length - 1);
  const left = Math.min(Math.floor(place), colours.length - 2);
  return colours[left].map((from, part) => from + (place - left) * (colours[left + 1][part] - from));
}

// The same, without the darkest ends, so that points and lines stand out on it.
export function soft(value) {
  return SOFT[Math.round((Math.min(1, Math.max(-1, value)) + 1) * 127.5)];
}
const SOFT = Array.from({ length: 256 }, (_, place) => diverging((0.72 * (place - 127.5)) / 127.5));

export function css([red, green, blue]) {
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
}

// All colours from blue to red, as a CSS gradient.
export function gradient() {
  return `linear-gradient(to right, ${DIVERGING.map(css).join(", ")})`;
}

// All colours of the heat, as a CSS gradient.
export function heatGradient() {
  return `linear-gradient(to right, ${HEAT.map(css).join(", ")})`;
}
