"""One self-contained HTML file about a run, or about several beside each other."""
