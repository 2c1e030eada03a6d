"""Shipped bundles and the benchmark, which need only the base install."""
