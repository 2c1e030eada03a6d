"""Measure time and memory of this package, compared with the alternatives.

    python tools/benchmark.py edge                   # the edge runtime: docs/edge.md
    python tools/benchmark.py photos                 # memory of large photos: docs/edge.md
    python tools/benchmark.py training               # training: docs/performance.md and its CSV
    python tools/benchmark.py training --parts epochs,memory
    python tools/benchmark.py scale                  # 1,281,167 images: docs/performance.md
    python tools/benchmark.py scale --examples 20000 --folder /scratch
    python tools/benchmark.py classroom              # pages that train at once: docs/performance.md
    … --write                                        # into the document

Every figure of "training" is a median over rounds in which the compared programs alternate; it
needs the data sets (TFDS_DATA_DIR) and the other libraries: pip install -e ".[train,benchmark]".
"scale" takes about a quarter of an hour and 10 GB of disk space.
"""

import argparse
import csv
import io
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import (
    classroom,
    decoding,
    edge,
    epochs,
    page,
    recipe_epochs,
    scale,
    sizes,
    solvers,
    starting,
)

from zoo.errors import ZooError
from zoo.utils.choices import require_choice
from zoo.utils.files import write_text
from zoo.utils.provenance import machine, versions

DOCUMENTS = {
    "edge": ROOT / "docs" / "edge.md",
    "photos": ROOT / "docs" / "edge.md",
    "training": ROOT / "docs" / "performance.md",
    "scale": ROOT / "docs" / "performance.md",
    "classroom": ROOT / "docs" / "performance.md",
}
MARKS = {
    "edge": "overhead",
    "photos": "photos",
    "training": "figures",
    "scale": "scale",
    "classroom": "classroom",
}
SCALE = ROOT / "docs" / "performance-scale.csv"
FIGURES = ROOT / "docs" / "performance.json"
PEERS = ("torch", "scikit-learn", "tensorflow-datasets")
PARTS = {
    "epochs": lambda options: epochs.measure(options.rounds, say),
    "recipe": lambda options: recipe_epochs.measure(options.rounds, say),
    "solvers": lambda options: solvers.measure(options.rounds, say),
    "starting": lambda options: starting.measure(options.rounds, say),
    "memory": lambda options: starting.measure_memory(say),
    "sizes": lambda options: sizes.measure(say),
    "decoding": lambda options: decoding.measure(options.photos, options.rounds, say),
    "page": lambda options: page.measure(options.rounds, say),
}
TITLES = {
    "epochs": "One epoch",
    "recipe": "One epoch with augmentation",
    "solvers": "Solving to the optimum",
    "starting": "Start-up",
    "memory": "Peak memory",
    "sizes": "Cost against size, streamed from disk",
    "decoding": "Decoding photos",
    "page": "The page of `zoo serve`",
}
EXPLANATIONS = {
    "epochs": "Batches of 128, the same number of examples for all; to_float32 and to_bfloat16 "
    "are the time divided by that of this package in that precision.",
    "recipe": "deep_relu's recipe `compact` in mixed_bfloat16: the same network, augmentation, "
    "batches and optimizer for all; only this package restricts the first layer to patches.",
    "solvers": "above_best: difference of the objective (mean loss + penalty) from the best found. "
    "RidgeCV also computes the leave-one-out error for every λ, and keeps the weights of the λ "
    "that it chooses by them: these are not compared.",
    "starting": "to_tensorflow: divided by the time of `import tensorflow`.",
    "memory": "In MB, except for the last row.",
    "sizes": "Batches of 128 through tf.data, memory in MB. own_memory: anonymous memory of the "
    "process at the end; peak_memory also counts pages of the mapped file, which the kernel can "
    "reclaim.",
    "decoding": "The photos of --photos. largest_change: of a pixel (0…255) of the gray 64 × 64 "
    "photo, median over photos; share_within_1: fraction of photos that change by at most one "
    "level. These are few, so photos are decoded at full size.",
    "page": "In milliseconds; predictions of linear_cat_dog for a photo of 375 × 500 pixels.",
}


def say(row: dict) -> None:
    """Print a finished row to standard error."""
    print(json.dumps(row, ensure_ascii=False), file=sys.stderr, flush=True)


def measured(part: str, options: argparse.Namespace) -> dict:
    """Return the rows of a part, with the machine, versions and data they were measured on."""
    from zoo import data

    fingerprints = ", ".join(
        f"{name} {data.load(name).fingerprint}" for name in ("cifar10", "cats_vs_dogs")
    )
    packages = versions() | versions(PEERS)
    software = ", ".join(f"{name} {number}" for name, number in packages.items())
    return {
        "machine": f"{machine()}; {software}; data {fingerprints}",
        "rows": PARTS[part](options),
    }


def training_lines(figures: dict[str, dict]) -> list[str]:
    """Return the figures of all parts as Markdown lines."""
    lines = []
    for part in (part for part in PARTS if part in figures):
        lines += [f"### {TITLES[part]}", "", EXPLANATIONS[part], ""]
        lines += [*as_markdown(figures[part]["rows"]), "", f"{figures[part]['machine']}.", ""]
    return lines[:-1]


def scale_lines(rows: list[dict]) -> list[str]:
    """Return the figures of scale as Markdown lines."""
    software = ", ".join(f"{name} {number}" for name, number in versions().items())
    lines = [scale.EXPLANATION, "", *as_markdown(rows), ""]
    lines += [f"- {sentence}" for sentence in scale.compared(rows)]
    lines += ["", f"{machine()}; {software}.", "", *scale.arithmetic(rows)]
    return lines


def classroom_lines(rows: list[dict]) -> list[str]:
    """Return the figures of classroom as Markdown lines."""
    software = ", ".join(f"{name} {number}" for name, number in versions().items())
    table = as_markdown(classroom.turned(rows))
    return [classroom.EXPLANATION, "", *table, "", f"{machine()}; {software}."]


def as_csv(rows: list[dict]) -> str:
    """Return rows as a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_markdown(rows: list[dict]) -> list[str]:
    """Return rows as the lines of a Markdown table."""
    lines = [f"| {' | '.join(rows[0])} |", "|---" * len(rows[0]) + "|"]
    return lines + [f"| {' | '.join(_cell(value) for value in row.values())} |" for row in rows]


def _cell(value) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return (
            f"{value:.2e}"
            if 0 < abs(value) < 1e-3
            else f"{value:.3g}"
            if value < 100
            else (f"{value:,.0f}")
        )
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> None:
    """Print tables, or write them into their document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=list(DOCUMENTS))
    parser.add_argument("--parts", default=",".join(PARTS), help="of training, comma-separated")
    parser.add_argument("--photos", type=Path, help="a folder of photos to decode")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=scale.IMAGENET[0], help="of scale")
    parser.add_argument("--classes", type=int, default=scale.IMAGENET[1], help="of scale")
    parser.add_argument("--folder", type=Path, help="for the files of scale; by default temporary")
    parser.add_argument("--write", action="store_true", help="write the tables into the document")
    options = parser.parse_args()
    try:
        if options.what == "edge":
            _finish("edge", edge.table(), options.write)
            return
        if options.what == "photos":
            _finish("photos", edge.photo_memory(), options.write)
            return
        if options.what == "classroom":
            _finish("classroom", classroom_lines(classroom.measure(say)), options.write)
            return
        if options.what == "scale":
            rows = scale.measure(options.examples, options.classes, say, options.folder)
            _finish("scale", scale_lines(rows), options.write)
            if options.write:
                write_text(SCALE, as_csv(rows))
            return
        figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
        for part in options.parts.split(","):
            require_choice("part", part, PARTS)
            if part == "decoding" and not options.photos:
                print("Skipping decoding; give --photos FOLDER to measure it.", file=sys.stderr)
                continue
            figures[part] = measured(part, options)
            # Written after every part, in case the next one fails.
            _finish("training", training_lines(figures), options.write)
            if options.write:
                write_text(FIGURES, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
                table = FIGURES.with_name(f"performance-{part}.csv")
                write_text(table, as_csv(figures[part]["rows"]))
    except ZooError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def _finish(what: str, lines: list[str], write: bool) -> None:
    begin, end = (f"<!-- {MARKS[what]}: {side} -->" for side in ("begin", "end"))
    text = "\n".join([begin, *lines, end])
    if not write:
        print(text)
        return
    before, rest = DOCUMENTS[what].read_text(encoding="utf-8").split(begin)
    write_text(DOCUMENTS[what], before + text + rest.split(end)[1])


if __name__ == "__main__":
    main()
