// Trains TensorFlow Playground's own network on its own points and prints its losses as JSON.
//
// node RUN.mjs '{"seeds": [0, 1], "epochs": [1, 10]}', bundled from a checkout of
// tensorflow/playground by playground.py. What it does is what their page does when it is opened
// with another data set: 500 points, half of them test points, batches of 10 in one fixed order,
// learning rate 0.03, two hidden layers of 4 and 2 tanh units and a tanh output for labels of ±1.

import * as data from "playground-dataset";
import * as nn from "playground-nn";

const SETS = {
  circle: data.classifyCircleData,
  clouds: data.classifyTwoGaussData,
  xor_clouds: data.classifyXORData,
  spiral: data.classifySpiralData,
};

// A generator of its own, so that a seed gives the same points and weights again.
function seeded(seed) {
  let state = (seed + 1) * 2654435769 >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function meanLoss(network, points) {
  const losses = points.map((point) =>
    nn.Errors.SQUARE.error(nn.forwardProp(network, [point.x, point.y]), point.label));
  return losses.reduce((sum, loss) => sum + loss, 0) / points.length;
}

function train(draw, seed, epochs) {
  Math.random = seeded(seed);
  const points = draw(500, 0);
  data.shuffle(points);
  const training = points.slice(0, 250);
  const test = points.slice(250);
  const tanh = nn.Activations.TANH;
  const network = nn.buildNetwork([2, 4, 2, 1], tanh, tanh, null, ["x", "y"], false);
  const losses = [];
  for (let epoch = 1; epoch <= Math.max(...epochs); epoch++) {
    training.forEach((point, index) => {
      nn.forwardProp(network, [point.x, point.y]);
      nn.backProp(network, point.label, nn.Errors.SQUARE);
      if ((index + 1) % 10 === 0) nn.updateWeights(network, 0.03, 0);
    });
    if (epochs.includes(epoch)) losses.push(meanLoss(network, test));
  }
  return losses;
}

const { seeds, epochs } = JSON.parse(process.argv[2]);
const found = {};
for (const [name, draw] of Object.entries(SETS)) {
  found[name] = seeds.map((seed) => train(draw, seed, epochs));
}
console.log(JSON.stringify(found));
