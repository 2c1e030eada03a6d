// Sample images, drawn by this script, so that no photo is needed to try a model.
const WIDTH = 480;
const HEIGHT = 360;

function shape(context, colour, draw) {
  context.fillStyle = colour;
  context.beginPath();
  draw(context);
  context.fill();
}

function ellipse(context, colour, x, y, across, up = across) {
  shape(context, colour, (pen) => pen.ellipse(x, y, across, up, 0, 0, 2 * Math.PI));
}

function polygon(context, colour, ...corners) {
  shape(context, colour, (pen) => corners.forEach(([x, y]) => pen.lineTo(x, y)));
}

function ground(context, above, below, from) {
  shape(context, above, (pen) => pen.rect(0, 0, WIDTH, HEIGHT));
  shape(context, below, (pen) => pen.rect(0, from, WIDTH, HEIGHT - from));
}

function cat(context) {
  ground(context, "#7fb3d5", "#6b8e4e", 270);
  polygon(context, "#c98a4b", [150, 150], [165, 40], [235, 105]);
  polygon(context, "#c98a4b", [330, 150], [315, 40], [245, 105]);
  ellipse(context, "#d99a56", 240, 190, 110);
  for (const x of [190, 290]) {
    ellipse(context, "#f4f1c9", x, 172, 22);
    ellipse(context, "#202020", x, 172, 7, 20);
  }
  polygon(context, "#b0506a", [228, 215], [252, 215], [240, 230]);
  context.strokeStyle = "white";
  context.lineWidth = 3;
  for (const rise of [-12, 0, 12]) {
    for (const side of [-1, 1]) {
      context.beginPath();
      context.moveTo(240 + 25 * side, 228);
      context.lineTo(240 + 130 * side, 228 + 2 * rise);
      context.stroke();
    }
  }
}

function dog(context) {
  ground(context, "#d8c7a3", "#8a6f4d", 280);
  ellipse(context, "#8a5a33", 240, 175, 95, 105);
  for (const side of [-1, 1]) {
    ellipse(context, "#5c3a1e", 240 + 98 * side, 190, 32, 85);
    ellipse(context, "#fdfdfd", 240 + 38 * side, 150, 17);
    ellipse(context, "#1d1d1d", 240 + 38 * side, 152, 10);
  }
  ellipse(context, "#c79a6b", 240, 225, 55, 46);
  ellipse(context, "#1d1d1d", 240, 203, 24, 16);
  ellipse(context, "#c8566b", 240, 268, 17, 26);
}

function ship(context) {
  ground(context, "#a9d1ea", "#2f6d9e", 245);
  polygon(context, "#7a2e2a", [70, 215], [410, 215], [360, 285], [120, 285]);
  polygon(context, "#f2f2ee", [150, 160], [330, 160], [330, 215], [150, 215]);
  polygon(context, "#d9822b", [210, 90], [260, 90], [260, 160], [210, 160]);
  for (const x of [175, 215, 255, 295]) ellipse(context, "#35536b", x, 188, 10);
}

function airplane(context) {
  ground(context, "#8cc0ec", "#b9daf4", 260);
  ellipse(context, "#f3f5f7", 240, 180, 170, 26);
  polygon(context, "#c5ccd3", [215, 180], [290, 180], [190, 285], [150, 285]);
  polygon(context, "#d7dde3", [225, 170], [280, 170], [205, 95], [175, 95]);
  polygon(context, "#b34a3c", [80, 175], [125, 175], [85, 100], [60, 100]);
  for (let x = 170; x < 370; x += 28) ellipse(context, "#41617c", x, 174, 5);
}

function automobile(context) {
  ground(context, "#c9d6df", "#5a5a5e", 255);
  polygon(context, "#b3202a", [60, 200], [420, 200], [420, 265], [60, 265]);
  polygon(context, "#b3202a", [130, 200], [175, 130], [310, 130], [365, 200]);
  polygon(context, "#bfe0ee", [150, 197], [185, 143], [235, 143], [235, 197]);
  polygon(context, "#bfe0ee", [247, 197], [247, 143], [302, 143], [342, 197]);
  for (const x of [135, 345]) {
    ellipse(context, "#18181a", x, 268, 38);
    ellipse(context, "#b9b9be", x, 268, 16);
  }
}

function circle(context) {
  ground(context, "#101010", "#101010", HEIGHT);
  ellipse(context, "#f0f0f0", 240, 180, 105);
}

function square(context) {
  ground(context, "#101010", "#101010", HEIGHT);
  shape(context, "#f0f0f0", (pen) => pen.rect(140, 80, 200, 200));
}

const DRAWINGS = { cat, dog, airplane, automobile, ship, circle, square };

// The names of the drawings that match a model's labels, or all if none does.
export function drawingsFor(labels) {
  const known = Object.keys(DRAWINGS).filter((name) => labels.includes(name));
  return known.length ? known : Object.keys(DRAWINGS);
}

// A canvas with a drawing on it.
export function drawing(name) {
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  DRAWINGS[name](canvas.getContext("2d"));
  return canvas;
}
