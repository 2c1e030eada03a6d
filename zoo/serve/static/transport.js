// The buttons of a training: run, one update, one epoch, reset, speed, and back to any update.
// They are made from the template "transport" of the page.

const SLOW_MS = 500;

export class Transport {
  // root: the element to fill. training: a Training. speed: updates per picture at first.
  // restart(): starts anew. settled(): called when the training stands still. done(frame): whether a
  // running training has nothing more to do.
  constructor(root, { training, speed, restart, settled, done = () => false }) {
    root.append(document.getElementById("transport").content.cloneNode(true));
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.parts = Object.fromEntries(
      ["reset", "run", "run-text", "one", "epoch", "speed", "epochs", "updates", "timeline"].map((name) => [name, part(name)]),
    );
    Object.assign(this, { root, training, settled, done, perEpoch: 1, furthest: 0 });
    // Counts presses of Run and Pause: only the newest loop goes on.
    this.presses = 0;
    this.running = false;
    this.wish = null;
    const { reset, run, one, epoch, timeline } = this.parts;
    this.parts.speed.value = speed;
    reset.onclick = () => {
      this.pause();
      restart();
    };
    run.onclick = () => (this.running ? this.pause() : this.run());
    one.onclick = () => this.pauseThen(() => training.step(1));
    epoch.onclick = () => this.pauseThen(() => training.advance((Math.floor(training.updates / this.perEpoch) + 1) * this.perEpoch));
    timeline.oninput = () => this.goTo(timeline.valueAsNumber);
  }

  // A new training begins.
  clear() {
    this.furthest = 0;
  }

  // What comes after an update will be otherwise.
  cut(update) {
    this.furthest = Math.min(this.furthest, update);
  }

  show({ updates, updates_per_epoch: perEpoch }) {
    this.perEpoch = perEpoch;
    this.furthest = Math.max(this.furthest, updates);
    const { epochs, updates: count, timeline } = this.parts;
    count.textContent = updates.toLocaleString("en");
    epochs.textContent = Math.floor(updates / perEpoch).toLocaleString("en");
    // The slider stays where the hand is.
    if (this.wish === null) {
      timeline.max = Math.max(this.furthest, 10);
      timeline.value = updates;
    }
  }

  disable() {
    for (const control of this.root.querySelectorAll("button, select, input")) control.disabled = true;
  }

  pause() {
    this.training.halt();
    this.presses++;
    this.setRunning(false);
  }

  // Another training begins: what runs is not gone on with, and is not settled.
  leave() {
    this.training.halt();
    this.presses++;
    this.running = false;
    this.setRunning(false);
  }

  // Updates are made until a training has started as far as it should: Pause ends that, too.
  async follow(started) {
    const mine = ++this.presses;
    this.setRunning(true);
    const found = await started;
    if (mine === this.presses) this.pause();
    else if (found && !this.running) this.settled();
  }

  async run() {
    const mine = ++this.presses;
    this.setRunning(true);
    while (mine === this.presses) {
      const speed = Number(this.parts.speed.value);
      const found = await this.training.step(speed || 1);
      if (mine !== this.presses) {
        // The last updates arrived after Pause was pressed.
        if (found && !this.running) this.settled();
        return;
      }
      const isSeen = !this.training.section.hidden && document.visibilityState === "visible";
      if (!found || !isSeen || this.done(found)) this.pause();
      await new Promise(isSeen && speed ? requestAnimationFrame : (done) => setTimeout(done, isSeen ? SLOW_MS : 0));
    }
  }

  setRunning(now) {
    const before = this.running;
    this.running = now;
    this.parts.run.classList.toggle("running", now);
    this.parts["run-text"].textContent = now ? "Pause" : "Run";
    if (before && !now) this.settled();
  }

  async pauseThen(task) {
    this.pause();
    if (await task()) this.settled();
  }

  // While one update is on its way, only the newest wish waits.
  async goTo(update) {
    this.pause();
    const isFirst = this.wish === null;
    this.wish = update;
    if (!isFirst) return;
    let going = null;
    while (this.wish !== going) {
      going = this.wish;
      if (!(await this.training.to(going))) break;
    }
    this.wish = null;
    this.settled();
  }
}

// The server limits how often a browser may start a training.
const PAUSE_MS = 200;

// A function that calls an asynchronous task, once at a time and at most five times a second, with
// the newest argument. Its answer is whether this call was the one that waited for all.
export function newest(task) {
  let waiting = null;
  let busy = false;
  return async (value) => {
    waiting = { value };
    if (busy) return false;
    busy = true;
    while (waiting) {
      const { value: next } = waiting;
      waiting = null;
      const pause = new Promise((done) => setTimeout(done, PAUSE_MS));
      await task(next);
      await pause;
    }
    busy = false;
    return true;
  };
}
