// Heat maps of joints: the server slides a classifier of patches over a photo.
import { sendBytes } from "./call.js";

const WIDTH = 200;
const COLOUR = [255, 120, 0];

// Return one list item per joint: the photo under the heat map, and the most likely place.
export async function jointMaps(content, model, artifact) {
  const query = new URLSearchParams({ model: model.name, artifact });
  const found = await sendBytes(`/api/joints?${query}`, content);
  const image = await createImageBitmap(content).catch(() => null);
  const items = Object.keys(found.places).map((joint) => item(joint, found, image));
  image?.close();
  return items;
}

function item(joint, { places, maps, rows, columns, photo }, image) {
  const { x, y, probability } = places[joint];
  const scale = WIDTH / photo.width;
  const height = Math.max(1, Math.round(photo.height * scale));
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height });
  const context = canvas.getContext("2d");
  if (image) context.drawImage(image, 0, 0, WIDTH, height);
  context.drawImage(heat(maps[joint], rows, columns), 0, 0, WIDTH, height);
  context.lineWidth = 2;
  context.strokeStyle = "white";
  context.beginPath();
  context.arc(x * scale, y * scale, 6, 0, 2 * Math.PI);
  context.stroke();
  const text = `${joint} ${probability.toFixed(2)} at ${Math.round(x)}, ${Math.round(y)}`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", text);
  const entry = document.createElement("li");
  entry.append(canvas, Object.assign(document.createElement("p"), { textContent: text }));
  return entry;
}

// A picture with one pixel per window, the more opaque the more probable.
function heat(probabilities, rows, columns) {
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(columns, rows);
  const largest = Math.max(...probabilities, 1e-6);
  probabilities.forEach((value, index) => {
    picture.data.set([...COLOUR, (220 * value) / largest], 4 * index);
  });
  context.putImageData(picture, 0, 0);
  return canvas;
}
