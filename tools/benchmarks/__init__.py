"""The measurements of `tools/benchmark.py`, one file per table."""
