"""Components of models: activations, initializers, losses, metrics, preprocessing, loading."""
