// Heat maps of joints: the server slides a classifier of patches over a photo.
import { sendBytes } from "./call.js";
import { heatGradient, hot } from "./colours.js";

// Pixels of a picture, at most.
const WIDTH = 480;
const HEIGHT = 720;
// The photo is gray and not brighter than this, so that the bright end of the heat stands out.
const GRAY = [24, 150];
const OPACITY = 0.85;

// Return {items, notes}: one list item per joint, the heat map over the photo with the most likely
// place; and what the colours and the probabilities mean.
export async function jointMaps(content, model, artifact) {
  const query = new URLSearchParams({ model: model.name, artifact });
  const found = await sendBytes(`/api/joints?${query}`, content);
  const image = await createImageBitmap(content).catch(() => null);
  const scale = Math.min(WIDTH / found.photo.width, HEIGHT / found.photo.height);
  const width = Math.max(1, Math.round(found.photo.width * scale));
  const height = Math.max(1, Math.round(found.photo.height * scale));
  const photo = grayPhoto(image, width, height);
  image?.close();
  const items = Object.keys(found.places).map((joint) => item(joint, found, photo, scale));
  return { items, notes: notes(model) };
}

function item(joint, { places, maps, rows, columns }, photo, scale) {
  const { x, y, probability } = places[joint];
  const canvas = overlay(photo, maps[joint], rows, columns);
  ring(canvas.getContext("2d"), x * scale, y * scale);
  const text = `${probability.toFixed(2)} at ${Math.round(x)}, ${Math.round(y)}`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${joint} ${text}`);
  const caption = document.createElement("p");
  caption.append(Object.assign(document.createElement("b"), { textContent: joint }), ` ${text}`);
  const entry = document.createElement("li");
  entry.append(canvas, caption);
  return entry;
}

function notes({ name, dataset, labels }) {
  const scale = Object.assign(document.createElement("div"), { className: "scale" });
  scale.style.background = heatGradient();
  const names = Object.assign(document.createElement("div"), { className: "names" });
  for (const text of ["0", "", "largest probability of each map"]) {
    names.append(Object.assign(document.createElement("span"), { textContent: text }));
  }
  const legend = Object.assign(document.createElement("div"), { className: "legend" });
  legend.append(scale, names);
  const what = dataset === "figures" ? "drawn figures, not on photos" : `the data set ${dataset}`;
  const trained = dataset ? `${name} was trained on ${what}. ` : "";
  const caution = Object.assign(document.createElement("p"), {
    className: "quiet",
    textContent: `${trained}A probability is relative to the model's ${labels.length} classes: in other pictures it can be high where there is no joint.`,
  });
  return [caution, legend];
}

function blank(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

// The photo in shades of gray, as ImageData; without an image it is dark.
function grayPhoto(image, width, height) {
  const context = blank(width, height).getContext("2d");
  context.fillRect(0, 0, width, height);
  if (image) {
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, width, height);
  }
  const photo = context.getImageData(0, 0, width, height);
  const { data } = photo;
  for (let at = 0; at < data.length; at += 4) {
    // Luma of ITU-R BT.601.
    const luma = (0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 255;
    data.fill(GRAY[0] + luma * (GRAY[1] - GRAY[0]), at, at + 3);
  }
  return photo;
}

// A canvas with the heat over the photo: the larger a probability, the brighter and the less of the
// photo is seen through it.
function overlay(photo, probabilities, rows, columns) {
  const { width, height } = photo;
  const shares = smooth(probabilities, rows, columns, width, height);
  const canvas = blank(width, height);
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const { data } = picture;
  for (let at = 0; at < data.length; at += 4) {
    const share = shares[at] / 255;
    const opacity = OPACITY * Math.min(1, 2.5 * share);
    const colour = hot(share);
    for (let part = 0; part < 3; part++) {
      data[at + part] = opacity * colour[part] + (1 - opacity) * photo.data[at + part];
    }
    data[at + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

// Probabilities as shares of the largest one, from 0 to 255, at every pixel: RGBA, all parts alike.
function smooth(probabilities, rows, columns, width, height) {
  const small = blank(columns, rows);
  const picture = small.getContext("2d").createImageData(columns, rows);
  const largest = Math.max(...probabilities, 1e-6);
  probabilities.forEach((value, index) => {
    picture.data.fill((255 * value) / largest, 4 * index, 4 * index + 3);
    picture.data[4 * index + 3] = 255;
  });
  small.getContext("2d").putImageData(picture, 0, 0);
  const context = blank(width, height).getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

function ring(context, x, y) {
  context.beginPath();
  context.arc(x, y, 14, 0, 2 * Math.PI);
  for (const [colour, thickness] of [["black", 6], ["white", 3]]) {
    Object.assign(context, { strokeStyle: colour, lineWidth: thickness });
    context.stroke();
  }
}
