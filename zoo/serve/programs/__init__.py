"""What the playground's workers train: one module per kind of settings."""
