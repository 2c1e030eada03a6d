// A function drawn on a plot by mouse, pen, finger or keyboard: values at evenly spaced places.
const STEP = 0.05;
const LARGE_STEP = 0.25;
const LOW = -1;
const HIGH = 1;
export const PLACES = 65;

// canvas: of the plot. axes(): its present Axes. values(): the present values, or null if nothing
// is drawn. changed(values): the hand has drawn. moved(): the marker has moved. ended(): the hand
// has let go. Returns {place(), enable(isOn)}.
export function openDrawing(canvas, { axes, values, changed, moved, ended }) {
  let last = null;
  let place = Math.floor(PLACES / 2);
  let hasFocus = false;

  canvas.onpointerdown = (event) => {
    if (!values() || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    last = null;
    draw(event);
  };
  canvas.onpointermove = (event) => {
    if (last) for (const one of event.getCoalescedEvents?.() ?? [event]) draw(one);
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (last) ended();
    last = null;
  };
  canvas.onkeydown = (event) => {
    if (!values() || event.altKey || event.ctrlKey || event.metaKey) return;
    const places = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: PLACES - 1 };
    const changes = { ArrowUp: STEP, ArrowDown: -STEP, PageUp: LARGE_STEP, PageDown: -LARGE_STEP };
    if (event.key in places) place = clamp(places[event.key], 0, PLACES - 1);
    else if (event.key in changes) {
      const next = [...values()];
      next[place] = rounded(next[place] + changes[event.key]);
      changed(next);
    } else return;
    event.preventDefault();
    describe();
    moved();
  };
  canvas.onkeyup = (event) => {
    if (values() && /^(Arrow(Up|Down)|Page)/.test(event.key)) ended();
  };
  canvas.onfocus = () => focus(canvas.matches(":focus-visible"));
  canvas.onblur = () => focus(false);

  function focus(now) {
    hasFocus = now;
    describe();
    moved();
  }

  function draw(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = axes().at(event.clientX - box.left, event.clientY - box.top);
    const here = { place: clamp(Math.round(((x + 1) / 2) * (PLACES - 1)), 0, PLACES - 1), value: rounded(y) };
    const from = last ?? here;
    const next = [...values()];
    const distance = Math.abs(here.place - from.place);
    // A fast hand skips places.
    for (let step = 0; step <= distance; step++) {
      const share = distance ? step / distance : 1;
      const at = from.place + Math.sign(here.place - from.place) * step;
      next[at] = rounded(from.value + share * (here.value - from.value));
    }
    last = here;
    place = here.place;
    changed(next);
    describe();
  }

  function describe() {
    if (!values()) return;
    const [x, y] = [placeOf(place), values()[place]];
    canvas.setAttribute("aria-valuenow", y);
    canvas.setAttribute("aria-valuetext", `${y} at x = ${x.toFixed(2)}`);
  }

  return {
    // The place that the keyboard moves, or null without it.
    place: () => (hasFocus && values() ? place : null),
    enable(isOn) {
      canvas.classList.toggle("drawable", isOn);
      const attributes = { role: "slider", tabindex: 0, "aria-valuemin": LOW, "aria-valuemax": HIGH };
      for (const [name, value] of Object.entries(attributes)) {
        if (isOn) canvas.setAttribute(name, value);
        else canvas.removeAttribute(name);
      }
      if (!isOn) {
        canvas.setAttribute("role", "img");
        for (const name of ["aria-valuenow", "aria-valuetext"]) canvas.removeAttribute(name);
      }
      describe();
    },
  };
}

export function placeOf(index, count = PLACES) {
  return -1 + (2 * index) / (count - 1);
}

// The values of a curve, given at evenly spaced places, at the places that can be drawn.
export function sampled(curve) {
  return Array.from({ length: PLACES }, (_, index) => {
    const value = curve[Math.round((index / (PLACES - 1)) * (curve.length - 1))];
    return rounded(value);
  });
}

function rounded(value) {
  return Math.round(100 * clamp(value, LOW, HIGH)) / 100;
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
