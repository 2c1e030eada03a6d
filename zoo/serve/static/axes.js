// Plots on a canvas: axes with ticks, lines, heat maps. Lengths are CSS pixels; text has the size
// of the canvas's font, which grows with the page's.

// The colour of a custom property of page.css, for a canvas.
export function themed(element, name) {
  return getComputedStyle(element).getPropertyValue(name);
}

// Give a canvas as many pixels as the screen has for it; returns its context in CSS pixels.
export function fit(canvas) {
  const ratio = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

// Call `draw` when the element's size or the colour scheme changes.
export function redraw(element, draw) {
  new ResizeObserver(() => element.clientWidth && draw()).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => element.clientWidth && draw());
}

// About `wanted` round tick values from low to high.
export function ticks(low, high, wanted = 5) {
  const rough = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * (1 - 1e-9));
  const found = [];
  for (let count = Math.ceil(low / step - 1e-9); count * step <= high + step * 1e-9; count++) found.push(count * step);
  return { step, found };
}

// A value as short text, with as many decimals as a step needs.
export function tickText(value, step) {
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (Math.abs(value) < step * 1e-6) return "0";
  if (Math.abs(value) >= 1e4) return compact(value);
  return (digits > 4 ? value.toExponential(1).replace(".0e", "e") : value.toFixed(digits)).replace(/-/g, "−");
}

function compact(value) {
  if (Math.abs(value) >= 1e15) return exponential(value, 2);
  return value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 }).replace("-", "−");
}

// A value with an exponent, such as 8.64e56.
function exponential(value, digits) {
  return value.toExponential(digits - 1).replace("e+", "e").replace(/-/g, "−");
}

// A loss as short text: at most four digits, or six decimals.
export function lossText(value) {
  if (value === null) return "–";
  if (value >= 1e4 || (value < 1e-6 && value > 0)) return exponential(value, 3);
  if (value >= 1) return value.toPrecision(4);
  return value.toFixed(value < 0.001 ? 6 : 4);
}

// x and y are [low, high, name]; the name is drawn beside the axis. With `log`, y is logarithmic,
// with `logX`, x is, with ticks at powers of 2. bare: no ticks and names, the whole canvas is the
// plot. digits: room for the ticks of y, in font sizes.
export class Axes {
  constructor(canvas, x, y, { log = false, logX = false, bare = false, digits = 3.1 } = {}) {
    this.context = fit(canvas);
    this.canvas = canvas;
    Object.assign(this, { x, y, log, logX });
    this.size = parseFloat(getComputedStyle(canvas).fontSize);
    const { size } = this;
    this.left = bare ? 0 : digits * size + (y[2] ? 1.3 * size : 0);
    this.top = bare ? 0 : 0.7 * size;
    this.width = Math.max(1, canvas.clientWidth - this.left - (bare ? 0 : 0.9 * size));
    this.height = Math.max(1, canvas.clientHeight - this.top - (bare ? 0 : 1.8 * size + (x[2] ? 1.2 * size : 0)));
  }

  // Pixels of data coordinates, and back.
  across(x) {
    const [low, high] = this.logX ? [Math.log(this.x[0]), Math.log(this.x[1])] : this.x;
    return this.left + (((this.logX ? Math.log(x) : x) - low) / (high - low)) * this.width;
  }

  up(y) {
    const [low, high] = this.log ? [Math.log(this.y[0]), Math.log(this.y[1])] : this.y;
    const value = this.log ? Math.log(Math.max(y, this.y[0])) : y;
    return this.top + this.height - ((value - low) / (high - low)) * this.height;
  }

  at(across, up) {
    const [x, y] = [this.x, this.y];
    return [
      x[0] + ((across - this.left) / this.width) * (x[1] - x[0]),
      y[0] + ((this.top + this.height - up) / this.height) * (y[1] - y[0]),
    ];
  }

  // Grid lines, ticks and names; draw them first.
  frame() {
    const { context, size } = this;
    const [edge, faint] = [themed(this.canvas, "--edge"), themed(this.canvas, "--faint")];
    context.font = `${0.85 * size}px ${getComputedStyle(this.canvas).fontFamily}`;
    context.lineWidth = 1;
    context.fillStyle = faint;
    context.strokeStyle = edge;
    context.textBaseline = "middle";
    const [ys, yStep] = this.log ? [decades(...this.y, this.height / (1.5 * size)), 0] : this.linear(this.y, this.height / (2.6 * size));
    context.textAlign = "right";
    const texts = ys.map((value) => (yStep ? tickText(value, yStep) : powerText(value)));
    this.widen(Math.max(0, ...texts.map((text) => context.measureText(text).width)));
    for (const [index, value] of ys.entries()) {
      this.rule(this.left, this.up(value), this.left + this.width, this.up(value));
      context.fillText(texts[index], this.left - 0.5 * size, this.up(value));
    }
    const [xs, xStep] = this.logX ? [doublings(this.x, this.width / (3 * size)), 1] : this.linear(this.x, this.width / (3.2 * size));
    context.textAlign = "center";
    for (const value of xs) {
      this.rule(this.across(value), this.top, this.across(value), this.top + this.height);
      const text = tickText(value, xStep);
      // The last one may be longer than the margin is wide.
      const most = this.canvas.clientWidth - context.measureText(text).width / 2;
      context.fillText(text, Math.min(this.across(value), most), this.top + this.height + size);
    }
    context.strokeStyle = faint;
    this.rule(this.left, this.top + this.height, this.left + this.width, this.top + this.height);
    if (this.x[2]) context.fillText(this.x[2], this.left + this.width / 2, this.top + this.height + 2.3 * size);
    if (this.y[2]) {
      context.save();
      context.translate(0.7 * size, this.top + this.height / 2);
      context.rotate(-Math.PI / 2);
      context.fillText(this.y[2], 0, 0);
      context.restore();
    }
    return this;
  }

  // Make room for the ticks of y, the longest of which has this many pixels.
  widen(longest) {
    const more = longest + 0.6 * this.size + (this.y[2] ? 1.3 * this.size : 0) - this.left;
    if (more <= 0) return;
    this.left += more;
    this.width = Math.max(1, this.width - more);
  }

  // At least three ticks.
  linear([low, high], wanted) {
    let count = Math.max(3, Math.min(6, Math.ceil(wanted)));
    let { found, step } = ticks(low, high, count);
    while (found.length < 3 && count < 12) ({ found, step } = ticks(low, high, ++count));
    return [found, step];
  }

  rule(fromX, fromY, toX, toY) {
    this.context.beginPath();
    this.context.moveTo(Math.round(fromX) + 0.5, Math.round(fromY) + 0.5);
    this.context.lineTo(Math.round(toX) + 0.5, Math.round(toY) + 0.5);
    this.context.stroke();
  }

  // A curve, cut off at the frame; dash: lengths of strokes and gaps.
  line(xs, ys, colour, { width = 2, dash = [], opacity = 1 } = {}) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(this.left - 1, this.top - 1, this.width + 2, this.height + 2);
    context.clip();
    Object.assign(context, { strokeStyle: colour, lineWidth: width, lineJoin: "round", globalAlpha: opacity });
    context.setLineDash(dash);
    context.beginPath();
    for (let index = 0; index < xs.length; index++) {
      if (Number.isFinite(ys[index])) context.lineTo(this.across(xs[index]), this.up(ys[index]));
    }
    context.stroke();
    context.restore();
    return this;
  }

  dots(xs, ys, colour, radius = 3) {
    this.context.fillStyle = colour;
    for (let index = 0; index < xs.length; index++) {
      this.context.beginPath();
      this.context.arc(this.across(xs[index]), this.up(ys[index]), radius, 0, 2 * Math.PI);
      this.context.fill();
    }
    return this;
  }

  // Values at rows × columns places, the outermost on the frame, the first row the lowest;
  // colour(value) → [r, g, b].
  heat(values, rows, columns, colour, smooth = true) {
    const { context, left, top, width, height } = this;
    const [cellWidth, cellHeight] = [width / (columns - 1), height / (rows - 1)];
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    Object.assign(context, { imageSmoothingEnabled: smooth, imageSmoothingQuality: "high" });
    const picture = heatPicture(values, rows, columns, colour);
    context.drawImage(picture, left - cellWidth / 2, top - cellHeight / 2, width + cellWidth, height + cellHeight);
    context.restore();
    return this;
  }
}

// A canvas with one pixel per value; the first row is drawn at the bottom.
export function heatPicture(values, rows, columns, colour) {
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const place = 4 * ((rows - 1 - row) * columns + column);
      picture.data.set(colour(values[row * columns + column]), place);
      picture.data[place + 3] = 255;
    }
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

// Powers of 2, or every second or third of them.
function doublings([low, high], wanted) {
  const powers = Math.floor(Math.log2(high / low) + 1e-9);
  const every = Math.ceil((powers + 1) / Math.max(2, wanted));
  return Array.from({ length: Math.floor(powers / every) + 1 }, (_, index) => low * 2 ** (every * index));
}

// Powers of 10, or every second, third … of them, counted from the lowest.
function decades(low, high, wanted) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const every = Math.ceil((last - first + 1) / Math.max(2, wanted));
  return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, index) => 10 ** (first + every * index));
}

function powerText(value) {
  return value >= 0.001 && value < 1e4 ? String(Number(value.toPrecision(1))) : exponential(value, 1);
}
