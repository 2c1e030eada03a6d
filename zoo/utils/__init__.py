"""Small helpers below everything else: choices, files, text, provenance, imports."""
