"""What works from a base install: the shipped bundles and the benchmark."""
