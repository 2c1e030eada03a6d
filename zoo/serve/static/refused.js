// Numbers that a field does not accept.

// What is wrong with the number in a field, as one sentence; "" if it is accepted.
export function refusal(input) {
  const { validity, min, max, step, value } = input;
  if (validity.valid) return "";
  const name = input.getAttribute("aria-label") ?? input.labels[0].firstChild.textContent.trim();
  const kind = { any: "a number", 1: "a whole number", 2: "an even number" }[step];
  const given = value ? `${value} is not accepted` : "no number was given";
  return `${name}: ${given}; give ${kind} from ${min} to ${Number(max).toLocaleString("en")}.`;
}
