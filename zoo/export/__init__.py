"""Run folder → bundle. Empty, because measuring a bundle (`measure`) needs no TensorFlow."""
