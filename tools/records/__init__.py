"""The records that `tools/results.py` writes to docs/results/, one file per kind."""
