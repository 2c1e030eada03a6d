// The state of a section in the fragment of the address: #section?name=value&…
//
// Only what differs from the defaults is written. A list is written as a,b,c; a list of rows as
// a,b;c,d; with a semicolon after each row, so that one row is told from a list.

// The section and the text of its state.
export function readAddress() {
  const [section, ...rest] = location.hash.slice(1).split("?");
  return { section, text: rest.join("?") };
}

// The settings that differ from the defaults, as text.
export function encode(settings, defaults) {
  return Object.keys(defaults)
    .filter((name) => name in settings && JSON.stringify(settings[name]) !== JSON.stringify(defaults[name]))
    .map((name) => `${name}=${encodeValue(settings[name])}`)
    .join("&");
}

// Settings from their text; what is missing or of another type than its default is the default.
export function decode(text, defaults) {
  const settings = structuredClone(defaults);
  for (const pair of text.split("&")) {
    const [name, ...rest] = pair.split("=");
    if (!Object.hasOwn(defaults, name)) continue;
    const value = decodeValue(rest.join("="), defaults[name]);
    if (value !== undefined) settings[name] = value;
  }
  return settings;
}

// Write a section's state into the address: `push` adds an entry to the history, which the Back
// button undoes.
export function writeAddress(section, settings, defaults, push = false) {
  const text = encode(settings, defaults);
  const hash = `#${section}${text ? `?${text}` : ""}`;
  keep(section, hash);
  if (readAddress().section !== section || hash === location.hash) return;
  if (push) history.pushState(null, "", hash);
  else history.replaceState(null, "", hash);
}

// Call `changed(settings, text)` when the user changes the address to another state of this section (a
// link, the history, a pasted address), and at once if the page was opened with it.
export function watchAddress(section, defaults, changed) {
  const read = () => {
    const { section: shown, text } = readAddress();
    if (shown !== section) return;
    keep(section, location.hash);
    changed(decode(text, defaults), text);
  };
  addEventListener("hashchange", read);
  read();
}

// A section's link in the navigation leads to its state.
function keep(section, hash) {
  const link = document.querySelector(`nav a[data-section="${section}"]`);
  if (link) link.href = hash;
}

function encodeValue(value) {
  if (Array.isArray(value)) {
    const isRows = value.some(Array.isArray);
    return value.map((item) => encodeValue(item) + (isRows ? ";" : "")).join(isRows ? "" : ",");
  }
  if (typeof value === "boolean") return value ? "1" : "0";
  return encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%5E", "^");
}

function decodeValue(text, fallback) {
  if (Array.isArray(fallback)) {
    if (text.includes(";")) return text.split(";").filter(Boolean).map((row) => items(row));
    return text ? items(text) : [];
  }
  if (typeof fallback === "boolean") return { 1: true, 0: false }[text];
  if (typeof fallback === "number") return isNumber(text) ? Number(text) : undefined;
  return plain(text);
}

function items(text) {
  return text.split(",").map((item) => (isNumber(item) ? Number(item) : plain(item)));
}

function isNumber(text) {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function plain(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
