// Ask a model: a photo or numbers in, the answer and what led to it out.
import { sendBytes } from "./call.js";
import { diverging, FIRST, gradient, SECOND } from "./colours.js";
import { drawing, drawingsFor } from "./samples.js";

const at = (id) => document.getElementById(id);
const PREVIEW = 144;
let models = [];
let mostBytes = Infinity;
// Counts what the visitor asked for: only the newest is shown, however late an older answer comes.
let asked = 0;
// What was asked last, { content, isImage }, to be asked again of another model.
let last = null;

export function openAsk(given, uploadBytes) {
  models = given;
  mostBytes = uploadBytes;
  at("model").append(...models.map(({ name }) => new Option(name)));
  const linear = models.findIndex(({ name }) => name === "linear_cat_dog");
  at("model").selectedIndex = Math.max(0, linear);
  at("model").onchange = choose;
  at("artifact").onchange = again;
  at("file").onchange = () => at("file").files[0] && ask(at("file").files[0]);
  at("numbers-part").onsubmit = (event) => {
    event.preventDefault();
    ask(new Blob([at("numbers").value]));
  };
  const drop = at("drop");
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files[0]) ask(event.dataTransfer.files[0]);
  });
  at("camera").onclick = () => (at("video").srcObject ? stopCamera() : useCamera());
  at("snap").onclick = () => askCanvas(picture());
  addEventListener("hashchange", stopCamera);
  choose();
}

function chosen() {
  return models[at("model").selectedIndex];
}

function choose() {
  const model = chosen();
  at("artifact").replaceChildren(
    ...Object.entries(model.artifacts).map(([name, { bytes, accuracy }]) => {
      const right = accuracy === null ? "" : `, ${percent(accuracy)} right`;
      return new Option(`${name}: ${(bytes / 1e3).toFixed(1)} kB${right}`, name);
    }),
  );
  if ("float32" in model.artifacts) at("artifact").value = "float32";
  const isImage = model.kind === "image";
  at("photo-part").hidden = !isImage;
  at("numbers-part").hidden = isImage;
  if (!isImage) stopCamera();
  showSamples(model);
  if (last && last.isImage === isImage && (isImage || last.inputs === model.inputs)) again();
  else clear();
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

function showSamples(model) {
  if (model.kind === "image") {
    at("samples").replaceChildren(
      ...drawingsFor(model.labels).map((name) => {
        const canvas = drawing(name);
        canvas.setAttribute("aria-hidden", "true");
        const label = Object.assign(document.createElement("span"), { textContent: `drawn ${name}` });
        return sampleButton([canvas, label], () => askCanvas(canvas));
      }),
    );
    return;
  }
  const rows = model.inputs === 2 ? ["0 0", "0 1", "1 0", "1 1"] : [Array(model.inputs).fill(0).join(" ")];
  at("numbers").value = rows[model.inputs === 2 ? 1 : 0];
  at("samples").replaceChildren(
    ...rows.map((row) =>
      sampleButton([row], () => {
        at("numbers").value = row;
        ask(new Blob([row]));
      }),
    ),
  );
}

function sampleButton(content, ask) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "sample" });
  button.append(...content);
  button.onclick = ask;
  return button;
}

// What is shown is gone, and whatever is on its way will not be shown.
function clear() {
  asked++;
  for (const id of ["verdict", "right", "latency", "score", "slide", "legend", "scores"]) at(id).replaceChildren();
  return asked;
}

function again() {
  if (last) ask(last.content);
}

async function ask(content) {
  const mine = clear();
  const model = chosen();
  const artifact = at("artifact").value;
  const isImage = model.kind === "image";
  last = { content, isImage, inputs: model.inputs };
  if (content.size > mostBytes) {
    at("verdict").textContent = `The photo is larger than ${mostBytes.toLocaleString("en")} bytes; choose a smaller one.`;
    return;
  }
  at("verdict").textContent = "Asking…";
  const query = new URLSearchParams({ model: model.name, artifact });
  try {
    const answer = await sendBytes(`/api/ask?${query}`, content);
    const preview = isImage ? [await photoStep(content, answer.photo)] : [];
    if (mine === asked) show(model, artifact, answer, preview);
  } catch (error) {
    if (mine === asked) at("verdict").textContent = error.message;
  }
}

function show(model, artifact, answer, preview) {
  // Values have names and units in place of a label, and no bars: they are no shares of one whole.
  at("verdict").textContent = answer.values ? answer.text : `${answer.label} (${answer.score.toFixed(4)})`;
  at("right").textContent = howOftenRight(model, artifact);
  at("latency").textContent =
    `${(1000 * answer.inference_seconds).toFixed(2)} ms in the model, ` +
    `${(1000 * answer.server_seconds).toFixed(1)} ms in the server.`;
  const scores = answer.values ? [] : Object.entries(answer.scores);
  if (scores.length > 1) at("scores").replaceChildren(...scores.map(([label, score]) => bar(label, score)));
  if (model.threshold !== null) at("score").replaceChildren(axis(model, answer.score));
  at("slide").replaceChildren(...preview, ...(answer.slide ? slideSteps(answer.slide, answer.label, model) : []));
  if (answer.slide) at("legend").replaceChildren(...legend(model, answer.label));
}

// How far an answer is to be believed, from the manifest: measured on examples held out.
function howOftenRight({ name, kind, dataset, examples, split, artifacts }, artifact) {
  const { accuracy } = artifacts[artifact];
  if (accuracy === null || !examples) return "";
  const what = `${examples.toLocaleString("en")} ${split ?? "test"} ${kind === "image" ? "images" : "examples"}`;
  return `${name} (${artifact}) is right on ${percent(accuracy)} of ${what} of ${dataset}.`;
}

function bar(label, score) {
  const row = document.createElement("div");
  row.className = "bar";
  const meter = Object.assign(document.createElement("meter"), { min: 0, max: 1, value: score });
  meter.setAttribute("aria-label", label);
  const name = Object.assign(document.createElement("span"), { textContent: label });
  const number = Object.assign(document.createElement("span"), { textContent: score.toFixed(4) });
  row.append(name, meter, number);
  return row;
}

// The one output on its axis: the first label below the threshold, the second from there up.
function axis({ labels, threshold }, score) {
  const half = Math.max(threshold === 0 ? 1 : Math.abs(threshold), 1.1 * Math.abs(score - threshold));
  const place = Math.min(50, Math.max(-50, (50 * (score - threshold)) / half));
  const figure = document.createElement("div");
  figure.className = "axis";
  const track = document.createElement("div");
  track.className = "track";
  track.setAttribute("role", "img");
  track.setAttribute("aria-label", `${score.toFixed(4)}, on the side of ${labels[Number(score >= threshold)]}`);
  const share = document.createElement("div");
  share.className = "share";
  share.style.left = `${50 + Math.min(0, place)}%`;
  share.style.width = `${Math.abs(place)}%`;
  share.style.background = place < 0 ? FIRST : SECOND;
  track.append(share, Object.assign(document.createElement("div"), { className: "zero" }));
  const names = document.createElement("div");
  names.className = "names";
  for (const text of [`${labels[0]} ←`, `${threshold}`, `→ ${labels[1]}`]) {
    names.append(Object.assign(document.createElement("span"), { textContent: text }));
  }
  figure.append(track, names);
  return figure;
}

// A small picture of what was sent; not every browser shows every format that a model takes.
async function photoStep(content, { height, width }) {
  const canvas = Object.assign(document.createElement("canvas"), { width: PREVIEW, height: PREVIEW });
  const scale = PREVIEW / Math.max(width, height);
  const [across, up] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const options = { resizeWidth: across, resizeHeight: up, resizeQuality: "high" };
  const image = await createImageBitmap(content, options).catch(() => null);
  if (image) {
    canvas.getContext("2d").drawImage(image, (PREVIEW - across) / 2, (PREVIEW - up) / 2);
    image.close();
  }
  return step(canvas, `photo, ${height} × ${width}${image ? "" : ", which this browser cannot show"}`);
}

// Which side W's and the products' colours speak for.
function sides({ labels, threshold }, label) {
  return threshold === null ? [`against ${label}`, `for ${label}`] : [`for ${labels[0]}`, `for ${labels[1]}`];
}

function slideSteps({ size, channels, x, weights, products, sum, bias, logit }, label, model) {
  const strongest = Math.max(...weights.map(Math.abs)) || 1;
  const largest = Math.max(...products.map(Math.abs)) || 1;
  const what = channels === 1 ? "gray" : "colours";
  const weightsOf = model.threshold === null ? `W of ${label}` : "W";
  const [below, above] = sides(model, label);
  const sumLine = document.createElement("p");
  const signed = bias < 0 ? `− ${(-bias).toFixed(4)}` : `+ ${bias.toFixed(4)}`;
  sumLine.textContent = `Σ W ⊙ x + b = ${sum.toFixed(4)} ${signed} = ${logit.toFixed(4)} → ${label}`;
  const verdict = document.createElement("li");
  verdict.append(sumLine);
  return [
    step(plane(size, channels, x, (v) => [127.5 * (v + 1)]), `x: ${what}, ${size} × ${size}${channels > 1 ? ` × ${channels}` : ""} = ${x.length} numbers`),
    step(plane(size, channels, weights, (v) => diverging(v / strongest)), `${weightsOf}: bright pixels speak ${below} (blue) or ${above} (red)`),
    step(plane(size, channels, products, (v) => diverging(v / largest)), `W ⊙ x: what each pixel of x says`),
    verdict,
  ];
}

function legend(model, label) {
  const [below, above] = sides(model, label);
  const scale = document.createElement("div");
  scale.className = "scale";
  scale.style.background = gradient();
  const texts = [`blue, below 0: ${below}`, "0", `red, above 0: ${above}`];
  const names = document.createElement("div");
  names.className = "names";
  names.append(...texts.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  return [scale, names];
}

function step(canvas, text) {
  const item = document.createElement("li");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", text);
  item.append(canvas, Object.assign(document.createElement("p"), { textContent: text }));
  return item;
}

// Numbers of a square picture; colours are drawn as they are, or as the mean of the three.
function plane(size, channels, numbers, colour) {
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(size, size);
  for (let pixel = 0; pixel < size * size; pixel++) {
    const values = numbers.slice(pixel * channels, (pixel + 1) * channels);
    let rgb = values.length === 1 ? colour(values[0]) : values.map((v) => colour(v)[0]);
    if (values.length > 1 && colour(0).length > 1) rgb = colour(values.reduce((a, b) => a + b) / channels);
    if (rgb.length === 1) rgb = [rgb[0], rgb[0], rgb[0]];
    picture.data.set([...rgb, 255], 4 * pixel);
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

async function useCamera() {
  const mine = asked;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    at("video").srcObject = stream;
    at("video").hidden = false;
    at("camera").textContent = "Stop the camera";
    await at("video").play();
    // Only now is there a picture to take.
    at("snap").hidden = false;
  } catch {
    stopCamera();
    // Somebody who has chosen a photo meanwhile is not told.
    if (mine === asked) {
      clear();
      at("verdict").textContent = "There is no camera, or this page may not use it; choose a photo instead.";
    }
  }
}

function stopCamera() {
  for (const track of at("video").srcObject?.getTracks() ?? []) track.stop();
  at("video").srcObject = null;
  at("video").hidden = at("snap").hidden = true;
  at("camera").textContent = "Use the camera";
}

function picture() {
  const video = at("video");
  const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas;
}

function askCanvas(canvas) {
  const mine = clear();
  // By the time the picture is encoded, something newer may have been asked.
  canvas.toBlob((content) => mine === asked && ask(content), "image/png");
}
