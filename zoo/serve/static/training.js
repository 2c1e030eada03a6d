// A training on the server, as one section of the page sees it.
//
// Requests are sent one at a time. `start` begins a new generation: answers to requests of an older
// one are dropped. A training is a function of its settings, its edits (weights set by hand) and its
// number of updates; so one that the server has ended meanwhile is made again.
import { sendJson } from "./call.js";

const ALIVE_MS = 10_000;
const MAX_UPDATES = 500;
const MIN_STRIDE = 25;
const WANTED_FRAMES = 40;
const ENDED = 410;

export class Training {
  // onframe(frame): every answer. onerror(error): its message is a sentence for the user.
  // oncut(update): what was shown of later updates is no longer so.
  // section: the element that must be visible for the place on the server to be kept.
  constructor({ section, onframe, onerror, oncut = () => {} }) {
    this.settings = null;
    // Updates made, and the weights set by hand: {update, layer, row, column, value}, in their order.
    // Later ones than the update are kept until a change before them makes another training.
    this.updates = 0;
    this.edits = [];
    // The server can go to updates up to this one.
    this.reached = 0;
    this.busy = false;
    this.section = section;
    this.onframe = onframe;
    this.onerror = onerror;
    this.oncut = oncut;
    this.token = null;
    // Whether the training on the server is that of these settings.
    this.made = false;
    this.generation = 0;
    // Counts calls of `halt`.
    this.halts = 0;
    this.chain = Promise.resolve();
    this.queued = 0;
    setInterval(() => this.alive(), ALIVE_MS);
    addEventListener("pagehide", () => this.end());
  }

  // All of the following return the last frame, or null after an error or if a later `start` made
  // it obsolete.

  // Start anew; with edits and updates, as far as those.
  start(settings, edits = [], updates = 0) {
    this.generation++;
    this.made = false;
    this.settings = settings;
    this.updates = updates;
    this.edits = edits;
    const halts = this.halts;
    return this.enqueue(() => this.remake(() => halts === this.halts));
  }

  // A start that is on its way goes no further.
  halt() {
    this.halts++;
  }

  // Make up to 500 updates; the server makes fewer if they take too long.
  step(updates) {
    return this.enqueue(() => {
      this.dropLaterEdits();
      return this.ask("step", () => ({ updates: Math.min(updates, MAX_UPDATES) }));
    });
  }

  // Make new updates until there are so many.
  advance(update) {
    return this.enqueue(() => {
      this.dropLaterEdits();
      return this.reach(update);
    });
  }

  // Go to an update, an earlier or a later one; edits on the way are made again.
  to(update) {
    return this.enqueue(async () => {
      const frame = await this.ask("back", () => ({ to: Math.min(update, this.reached) }));
      return (await this.reach(update)) ?? frame;
    });
  }

  // Set a weight by hand; row -1 is the bias.
  weight(layer, row, column, value) {
    return this.enqueue(() => {
      this.dropLaterEdits();
      this.oncut(this.updates);
      return this.edit({ update: this.updates, layer, row, column, value });
    });
  }

  // A change at the present update makes another training.
  dropLaterEdits() {
    const kept = this.edits.filter((edit) => edit.update <= this.updates);
    if (kept.length === this.edits.length) return;
    this.edits = kept;
    this.reached = this.updates;
    this.oncut(this.updates);
  }

  // The program that makes this training.
  code() {
    return this.enqueue(async () => (await this.ask("code", () => ({}))).python);
  }

  alive() {
    const visible = document.visibilityState === "visible" && !this.section.hidden;
    if (visible && this.token && !this.busy) sendJson("/api/playground/alive", { training: this.token }).catch(() => {});
  }

  // Give the place on the server back; a later request makes the training again.
  end() {
    if (this.token) sendJson("/api/playground/end", { training: this.token }, true).catch(() => {});
    this.token = null;
  }

  enqueue(task) {
    const mine = this.generation;
    const run = async () => {
      if (mine !== this.generation) return null;
      this.busy = true;
      try {
        return await task();
      } catch (error) {
        if (!(error instanceof Obsolete)) this.onerror(error);
        return null;
      } finally {
        this.busy = false;
      }
    };
    this.mark(1);
    const found = this.chain.then(run).finally(() => this.mark(-1));
    this.chain = found;
    return found;
  }

  // The section says whether answers are still to come.
  mark(change) {
    this.queued += change;
    this.section.dataset.busy = this.queued > 0;
  }

  // message(): what to send, of the training as it is then.
  async ask(path, message) {
    if (!this.token || !this.made) await this.remake();
    try {
      return await this.send(path, { training: this.token, ...message() });
    } catch (error) {
      if (error.status !== ENDED) throw error;
      this.token = null;
      await this.remake();
      return await this.send(path, { training: this.token, ...message() });
    }
  }

  async send(path, message) {
    const mine = this.generation;
    const answer = await sendJson(`/api/playground/${path}`, message);
    if (answer.training) this.token = answer.training;
    if (mine !== this.generation) throw new Obsolete();
    if ("updates" in answer) {
      this.updates = answer.updates;
      this.reached = Math.max(this.reached, this.updates);
      this.onframe(answer);
    }
    return answer;
  }

  // goesOn(): whether to go on, else what is still to be made is left out.
  async remake(goesOn = () => true) {
    const [updates, edits] = [this.updates, this.edits];
    const old = this.token ? { training: this.token } : {};
    let frame = await this.send("start", { settings: this.settings, ...old });
    this.made = true;
    this.edits = [];
    this.reached = 0;
    for (const edit of edits) {
      await this.reach(edit.update, goesOn);
      if (!goesOn()) break;
      frame = await this.edit(edit);
    }
    if (updates < this.updates && goesOn()) return this.ask("back", () => ({ to: updates }));
    return (await this.reach(updates, goesOn)) ?? frame;
  }

  async edit(edit) {
    const { update, ...message } = edit;
    const frame = await this.ask("weight", () => message);
    this.reached = this.updates;
    // Of several values at one update, the last counts.
    const isSame = (one) => ["update", "layer", "row", "column"].every((part) => one[part] === edit[part]);
    this.edits = [...this.edits.filter((one) => !isSame(one)), edit];
    return frame;
  }

  // With some frames on the way, so that the losses are a curve.
  async reach(update, goesOn = () => true) {
    const stride = Math.min(MAX_UPDATES, Math.max(MIN_STRIDE, Math.ceil((update - this.updates) / WANTED_FRAMES)));
    let frame = null;
    while (this.updates < update && goesOn()) {
      frame = await this.ask("step", () => ({ updates: Math.min(update - this.updates, stride) }));
    }
    return frame;
  }
}

class Obsolete extends Error {}

// What GET /api/playground says against training, as one sentence; "" if nothing does.
export function whyNothingTrains({ read_only: isReadOnly, training }) {
  if (isReadOnly) return "This page is for looking and asking only: nothing can be trained on this server.";
  return training ? "" : "TensorFlow is not installed on this server, so nothing can be trained here.";
}
