"""The results of a training or an evaluation, which a notebook shows as a table."""

from __future__ import annotations

from typing import Any

from zoo.utils.html import table
from zoo.utils.text import figure_text


class Results(dict[str, Any]):
    """A dictionary as `zoo.train` and `zoo.evaluate` return it.

    >>> found = Results(model="xor_mlp", test={"accuracy": 1.0}, dataset={"name": "xor"})
    >>> found["test"]["accuracy"]
    1.0
    """

    def _repr_html_(self) -> str:
        """Return the metrics on the test set, the data and the run folder as a table."""
        rows = {
            f"{name.replace('_', ' ')} (test set)": figure_text(value)
            for name, value in self.get("test", {}).items()
        }
        dataset = self.get("dataset", {})
        if "fingerprint" in dataset:
            rows["data set"] = f"{dataset['name']} (fingerprint {dataset['fingerprint']})"
        for name in ("epochs", "run_dir"):
            if name in self:
                rows[{"run_dir": "run folder"}.get(name, name)] = str(self[name])
        return table(str(self.get("model", "Results")), rows)
