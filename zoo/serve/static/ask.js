// Ask a model: a photo or numbers in, slide 16 and the verdict out.
import { call } from "./call.js";

const at = (id) => document.getElementById(id);
// As the server's limit, so that a photo that is too large need not travel.
const MOST_BYTES = 20 * 2 ** 20;
let models = [];
let last = null;

export function openAsk(given) {
  models = given;
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
  at("camera").onclick = useCamera;
  at("snap").onclick = snap;
  choose();
}

function chosen() {
  return models[at("model").selectedIndex];
}

function choose() {
  const model = chosen();
  at("artifact").replaceChildren(
    ...Object.entries(model.artifacts).map(
      ([name, { bytes, accuracy }]) =>
        new Option(`${name}: ${(bytes / 1e3).toFixed(1)} kB, ${(100 * accuracy).toFixed(2)} % right`, name),
    ),
  );
  if ("float32" in model.artifacts) at("artifact").value = "float32";
  const photos = model.kind === "image";
  at("photo-part").hidden = !photos;
  at("numbers-part").hidden = photos;
  if (last && last.photos === photos) again();
  else clear();
}

function clear() {
  for (const id of ["verdict", "latency", "slide", "scores"]) at(id).replaceChildren();
}

function again() {
  if (last) ask(last.content);
}

async function ask(content) {
  last = { content, photos: chosen().kind === "image" };
  clear();
  if (content.size > MOST_BYTES) {
    at("verdict").textContent = `The photo is larger than ${MOST_BYTES.toLocaleString("en")} bytes; choose a smaller one.`;
    return;
  }
  const query = new URLSearchParams({ model: chosen().name, artifact: at("artifact").value });
  try {
    show(await call(`/api/ask?${query}`, content));
  } catch (error) {
    at("verdict").textContent = error.message;
  }
}

async function show(answer) {
  at("verdict").textContent = `${answer.label} (${answer.score.toFixed(4)})`;
  at("latency").textContent =
    `${(1000 * answer.inference_seconds).toFixed(2)} ms in the model, ` +
    `${(1000 * answer.server_seconds).toFixed(1)} ms in the server.`;
  const scores = Object.entries(answer.scores);
  if (scores.length > 1) {
    at("scores").replaceChildren(...scores.map(([label, score]) => bar(label, score)));
  }
  const steps = last.photos ? [await photoStep(last.content)] : [];
  if (answer.slide) steps.push(...slideSteps(answer.slide, answer.label));
  at("slide").replaceChildren(...steps);
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

async function photoStep(content) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 144, height: 144 });
  const image = await createImageBitmap(content).catch(() => null);
  if (image) {
    const scale = Math.min(144 / image.width, 144 / image.height);
    const [width, height] = [image.width * scale, image.height * scale];
    canvas.getContext("2d").drawImage(image, (144 - width) / 2, (144 - height) / 2, width, height);
  }
  return step(canvas, image ? `photo, ${image.height} × ${image.width}` : "photo");
}

function slideSteps({ size, channels, x, weights, products, sum, bias, logit }, label) {
  const strongest = Math.max(...weights.map(Math.abs)) || 1;
  const largest = Math.max(...products.map(Math.abs)) || 1;
  const what = channels === 1 ? "gray" : "colours";
  const sumLine = document.createElement("p");
  sumLine.textContent = `Σ W ⊙ x = ${sum.toFixed(4)}; + b (${bias.toFixed(4)}) = ${logit.toFixed(4)} → ${label}`;
  const last = document.createElement("li");
  last.append(sumLine);
  return [
    step(plane(size, channels, x, (v) => [127.5 * (v + 1)]), `x: ${what}, ${size} × ${size} = ${x.length} numbers`),
    step(plane(size, channels, weights, (v) => diverging(v / strongest)), "W: what it looks for"),
    step(plane(size, channels, products, (v) => diverging(v / largest)), "W ⊙ x: blue speaks against, red for"),
    last,
  ];
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

function diverging(share) {
  const fade = 255 * (1 - Math.min(1, Math.abs(share)));
  return share < 0 ? [fade, fade, 255] : [255, fade, fade];
}

async function useCamera() {
  try {
    at("video").srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
    at("video").hidden = false;
    await at("video").play();
    // Only now is there a picture to take.
    at("snap").hidden = false;
  } catch {
    at("verdict").textContent = "There is no camera, or this page may not use it; choose a photo instead.";
  }
}

function snap() {
  const video = at("video");
  const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toBlob((content) => ask(content), "image/png");
}
