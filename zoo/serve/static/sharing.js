// What can be taken along: a link to the state, the program, the trained model.
import { sendForFile } from "./call.js";

const at = (id) => document.getElementById(id);

// pause(): stop the running training; address(): write its state into the address.
export function openSharing({ training, pause, address }) {
  at("share").onclick = async () => {
    address();
    say((await copy(location.href)) ? "The link is copied." : "Copy the address from the address bar.");
  };
  at("show-code").onclick = async () => {
    if (!at("code-part").hidden) return toggle(false);
    pause();
    const code = await training.code();
    if (code === null) return;
    at("code").textContent = code;
    toggle(true);
  };
  at("copy-code").onclick = async () => {
    say((await copy(at("code").textContent)) ? "The code is copied." : "Select the code and copy it.");
  };
  at("export").onclick = async () => {
    pause();
    address();
    say("Exporting: files are written and measured, which takes about 20 seconds…");
    at("export").disabled = true;
    try {
      save(await sendForFile("/api/playground/export", { training: training.token }), "playground-model.zip");
      say("The bundle is saved as playground-model.zip.");
    } catch (error) {
      say(error.message);
    }
    at("export").disabled = false;
  };
  // The code of another state than the shown one is not shown.
  return { hide: () => at("code-part").hidden || toggle(false) };
}

function toggle(open) {
  at("code-part").hidden = !open;
  at("show-code").setAttribute("aria-expanded", open);
  at("show-code").textContent = open ? "Hide the code" : "Show the code";
}

function say(text) {
  at("sharing-text").textContent = text;
}

// On an address that is not encrypted, browsers offer no clipboard; there a selection is copied.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" });
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

function save(content, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
