// Prediction with a model: a photo or numbers in, the label and the steps towards it out.
import { sendBytes } from "./call.js";
import { diverging, FIRST, gradient, SECOND } from "./colours.js";
import { jointMaps } from "./joints.js";
import { drawing, drawingsFor } from "./samples.js";

const at = (id) => document.getElementById(id);
const PREVIEW = 144;
let models = [];
let maxBytes = Infinity;
// Number of the newest request: answers to older requests are discarded.
let newest = 0;
// The last input, { content, isImage, inputs }, which is sent again when another model is chosen.
let last = null;

export function openPredict(given, uploadBytes) {
  models = given;
  maxBytes = uploadBytes;
  at("model").append(...models.map(({ name }) => new Option(name)));
  const linear = models.findIndex(({ name }) => name === "linear_cat_dog");
  at("model").selectedIndex = Math.max(0, linear);
  at("model").onchange = choose;
  at("artifact").onchange = predictAgain;
  at("file").onchange = () => at("file").files[0] && predict(at("file").files[0]);
  at("numbers-part").onsubmit = (event) => {
    event.preventDefault();
    predict(new Blob([at("numbers").value]));
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
    if (event.dataTransfer.files[0]) predict(event.dataTransfer.files[0]);
  });
  at("camera").onclick = () => (at("video").srcObject ? stopCamera() : useCamera());
  at("find").onclick = findJoints;
  at("snap").onclick = () => predictCanvas(cameraPicture());
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
      const measured = accuracy === null ? "" : `, accuracy ${percent(accuracy)}`;
      return new Option(`${name}: ${(bytes / 1e3).toFixed(1)} kB${measured}`, name);
    }),
  );
  if ("float32" in model.artifacts) at("artifact").value = "float32";
  const isImage = model.kind === "image";
  at("photo-part").hidden = !isImage;
  at("numbers-part").hidden = isImage;
  if (!isImage) stopCamera();
  showSamples(model);
  if (last && last.isImage === isImage && (isImage || last.inputs === model.inputs)) predictAgain();
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
        return sampleButton([canvas, label], () => predictCanvas(canvas));
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
        predict(new Blob([row]));
      }),
    ),
  );
}

function sampleButton(content, onclick) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "sample" });
  button.append(...content);
  button.onclick = onclick;
  return button;
}

// Remove the shown result and discard answers that are still to come.
function clear() {
  newest++;
  for (const id of ["prediction", "accuracy", "latency", "score", "slide", "legend", "scores", "joints", "joint-notes"]) at(id).replaceChildren();
  at("find").hidden = true;
  return newest;
}

function predictAgain() {
  if (last) predict(last.content);
}

async function predict(content) {
  const mine = clear();
  const model = chosen();
  const artifact = at("artifact").value;
  const isImage = model.kind === "image";
  last = { content, isImage, inputs: model.inputs };
  if (content.size > maxBytes) {
    at("prediction").textContent = `The photo is larger than ${maxBytes.toLocaleString("en")} bytes; choose a smaller one.`;
    return;
  }
  at("prediction").textContent = "Predicting…";
  const query = new URLSearchParams({ model: model.name, artifact });
  try {
    const answer = await sendBytes(`/api/predict?${query}`, content);
    const preview = isImage ? [await photoStep(content, answer.photo)] : [];
    if (mine === newest) show(model, artifact, answer, preview);
  } catch (error) {
    if (mine === newest) at("prediction").textContent = error.message;
  }
}

function show(model, artifact, answer, preview) {
  // Values have names and units in place of a label, and no bars: they are not shares of a whole.
  at("prediction").textContent = answer.values ? answer.text : `${answer.label} (${answer.score.toFixed(4)})`;
  at("accuracy").textContent = measuredAccuracy(model, artifact);
  at("latency").textContent =
    `${(1000 * answer.inference_seconds).toFixed(2)} ms in the model, ` +
    `${(1000 * answer.server_seconds).toFixed(1)} ms in the server.`;
  const scores = answer.values ? [] : Object.entries(answer.scores);
  if (scores.length > 1) at("scores").replaceChildren(...scores.map(([label, score]) => bar(label, score)));
  if (model.threshold !== null) at("score").replaceChildren(axis(model, answer.score));
  at("slide").replaceChildren(...preview, ...(answer.slide ? slideSteps(answer.slide, answer.label, model) : []));
  at("find").hidden = model.kind !== "image" || !model.labels.includes("background");
  if (answer.slide) at("legend").replaceChildren(...legend(model, answer.label));
}

async function findJoints() {
  const mine = newest;
  at("find").hidden = true;
  at("joints").textContent = "Searching…";
  try {
    const { items, notes } = await jointMaps(last.content, chosen(), at("artifact").value);
    if (mine !== newest) return;
    at("joints").replaceChildren(...items);
    at("joint-notes").replaceChildren(...notes);
    at("joint-notes").scrollIntoView({ block: "start" });
  } catch (error) {
    if (mine === newest) at("joints").textContent = error.message;
  }
}

// The accuracy on held-out examples, as measured at export.
function measuredAccuracy({ name, kind, dataset, examples, split, artifacts }, artifact) {
  const { accuracy } = artifacts[artifact];
  if (accuracy === null || !examples) return "";
  const what = `${examples.toLocaleString("en")} ${split ?? "test"} ${kind === "image" ? "images" : "examples"}`;
  return `Accuracy of ${name} (${artifact}): ${percent(accuracy)} of ${what} of ${dataset}.`;
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

// The single output on an axis: the first label below the threshold, the second from there up.
function axis({ labels, threshold }, score) {
  const half = Math.max(threshold === 0 ? 1 : Math.abs(threshold), 1.1 * Math.abs(score - threshold));
  const place = Math.min(50, Math.max(-50, (50 * (score - threshold)) / half));
  const figure = document.createElement("div");
  figure.className = "axis";
  const track = document.createElement("div");
  track.className = "track";
  track.setAttribute("role", "img");
  track.setAttribute("aria-label", `${score.toFixed(4)}, on the side of ${labels[Number(score >= threshold)]}`);
  const fill = document.createElement("div");
  fill.className = "fill";
  fill.style.left = `${50 + Math.min(0, place)}%`;
  fill.style.width = `${Math.abs(place)}%`;
  fill.style.background = place < 0 ? FIRST : SECOND;
  track.append(fill, Object.assign(document.createElement("div"), { className: "zero" }));
  const names = document.createElement("div");
  names.className = "names";
  for (const text of [`${labels[0]} ←`, `${threshold}`, `→ ${labels[1]}`]) {
    names.append(Object.assign(document.createElement("span"), { textContent: text }));
  }
  figure.append(track, names);
  return figure;
}

// A thumbnail of the photo; browsers cannot show every format that the server reads.
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

// What the negative and the positive side of the colour scale mean.
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
  const result = document.createElement("li");
  result.append(sumLine);
  return [
    step(plane(size, channels, x, (v) => [127.5 * (v + 1)]), `x: ${what}, ${size} × ${size}${channels > 1 ? ` × ${channels}` : ""} = ${x.length} numbers`),
    step(plane(size, channels, weights, (v) => diverging(v / strongest)), `${weightsOf}: bright pixels count ${below} (blue) or ${above} (red)`),
    step(plane(size, channels, products, (v) => diverging(v / largest)), "W ⊙ x: contribution of each pixel"),
    result,
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

// Draw the values of a square image; three channels are drawn as a colour, or as their mean where
// the colours encode the sign.
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
  const mine = newest;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    at("video").srcObject = stream;
    at("video").hidden = false;
    at("camera").textContent = "Stop the camera";
    await at("video").play();
    // The first frame has arrived, so a picture can be taken.
    at("snap").hidden = false;
  } catch {
    stopCamera();
    // Not shown if another input was chosen meanwhile.
    if (mine === newest) {
      clear();
      at("prediction").textContent = "There is no camera, or this page is not allowed to use it; choose a photo instead.";
    }
  }
}

function stopCamera() {
  for (const track of at("video").srcObject?.getTracks() ?? []) track.stop();
  at("video").srcObject = null;
  at("video").hidden = at("snap").hidden = true;
  at("camera").textContent = "Use the camera";
}

function cameraPicture() {
  const video = at("video");
  const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas;
}

function predictCanvas(canvas) {
  const mine = clear();
  // Encoding takes time, in which another input may have been chosen.
  canvas.toBlob((content) => mine === newest && predict(content), "image/png");
}
