// The one function of d3 that TensorFlow Playground's data sets call: a linear scale.

function linear() {
  let [from, to, low, high] = [0, 1, 0, 1];
  let clamped = false;
  const scale = (value) => {
    let share = (value - from) / (to - from);
    if (clamped) share = Math.min(1, Math.max(0, share));
    return low + share * (high - low);
  };
  scale.domain = (ends) => ([from, to] = ends, scale);
  scale.range = (ends) => ([low, high] = ends, scale);
  scale.clamp = (given) => (clamped = given, scale);
  return scale;
}

export const scale = { linear };
