"""What `tools/results.py` keeps in docs/results/, a file for each kind of record."""
