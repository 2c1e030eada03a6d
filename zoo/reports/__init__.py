"""Self-contained HTML pages about one run or several, and the study for a model card."""
