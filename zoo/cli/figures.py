"""Print measured figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.cli.output import console, print_line
from zoo.utils.text import figure_text


def say_test(results: Mapping[str, Any], examples: int) -> None:
    """Print the metrics of a run on a test set, as `zoo.train` and `zoo.evaluate` return them."""
    figures = "  ".join(f"{name} {figure_text(value)}" for name, value in results["test"].items())
    dataset = results["dataset"]
    print_line(
        f"Test: {figures}  ({examples:,} examples of {dataset['name']}, "
        f"fingerprint {dataset['fingerprint']})"
    )


def show_artifacts(figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Print a table of the figures of a bundle's files, as its manifest holds them."""
    from rich.table import Table

    metrics = list(dict.fromkeys(name for of in figures.values() for name in of["metrics"]))
    columns = ("artifact", "bytes", *metrics, "agreement", "largest difference")
    table = Table(*(column.replace("_", " ") for column in columns), box=None)
    for name, found in figures.items():
        size = f"{found['bytes']:,}" if "bytes" in found else ""
        table.add_row(
            name,
            size,
            *(f"{found['metrics'][metric]:.4g}" for metric in metrics),
            f"{found['agreement']:.4f}",
            f"{found['largest_difference']:.1e}",
        )
    console().print(table)


def show_times(rows: list[dict[str, Any]]) -> None:
    """Print a table of the rows of `zoo.bundles.benchmark`."""
    from rich.table import Table

    columns = ("artifact", "threads", "load", "decode", "inference", "p90", "p99", "peak memory")
    table = Table(*columns, box=None)
    for row in rows:
        decode = f"{row['decode']['median']:.3f} ms" if row["decode"] else ""
        table.add_row(
            row["artifact"],
            str(row["threads"]),
            f"{row['load']:.1f} ms",
            decode,
            *(f"{row['inference'][part]:.3f} ms" for part in ("median", "p90", "p99")),
            f"{row['peak_memory']:.0f} MB",
        )
    console().print(table)
