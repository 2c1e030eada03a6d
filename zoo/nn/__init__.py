"""What models are made of: activations, initializers, losses, preprocessing, loading."""
