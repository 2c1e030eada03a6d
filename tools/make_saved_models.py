"""Train, export and measure the shipped bundles, and write the README's table from them.

    python tools/make_saved_models.py                      # all models
    python tools/make_saved_models.py perceptron xor_mlp   # these
    python tools/make_saved_models.py --table              # the table alone, from what is shipped

Each model is trained by its own recipe with seed 0. Needs the data sets (TFDS_DATA_DIR).
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from zoo.cli import console
from zoo.edge import read_manifest
from zoo.errors import ZooError
from zoo.files import write_text
from zoo.models import describe, list_models
from zoo.quiet import import_tensorflow

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def main() -> None:
    """Make the bundles named on the command line, then the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="models; all of them if none is named")
    parser.add_argument("--table", action="store_true", help="only write the README's table")
    options = parser.parse_args()
    try:
        if not options.table:
            for name in options.names or list_models():
                make(describe(name).name)
        readme = ROOT / "README.md"
        write_text(readme, with_table(readme.read_text(encoding="utf-8")))
    except ZooError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def make(name: str) -> None:
    """Train one model by its recipe in a folder of its own and export it to saved_models/NAME."""
    import_tensorflow()
    from zoo.export.bundle import export_run
    from zoo.training import train
    from zoo.training.reporter import Terminal

    console.rule(name)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / name
        train(name, run_dir=run, reporter=Terminal(console))
        console.print(f"Bundle: {export_run(run, ROOT / 'saved_models' / name, onnx=True)}")


def with_table(readme: str) -> str:
    """Return the README with the table between its two marks made anew from the manifests."""
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def table() -> str:
    """Return the figures of all shipped bundles as Markdown."""
    lines = [
        "| model | lecture rows | test set (examples, fingerprint) | accuracy | float32.tflite "
        "| largest difference from Keras |",
        "|---|---|---|---|---|---|",
    ]
    made_on = set()
    for name in list_models():
        manifest = read_manifest(ROOT / "saved_models" / name)
        data, entry = manifest["dataset"], manifest["artifacts"]["float32"]
        rows = ", ".join(str(row) for row in describe(name).lecture)
        versions = ", ".join(f"{key} {value}" for key, value in manifest["versions"].items())
        made_on.add(f"{manifest['machine']}; {versions}")
        lines.append(
            f"| [`{name}`](saved_models/{name}/README.md) | {rows} "
            f"| {data['name']} ({data['examples']:,}, {data['fingerprint']}) "
            f"| {100 * entry['accuracy']:.2f} % | {entry['bytes']:,} bytes "
            f"| {entry['largest_difference']:.1e} |"
        )
    lines.append("")
    lines.append("Made by `python tools/make_saved_models.py` and measured on the files that ship.")
    lines += [f"Machine: {made}." for made in sorted(made_on)]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
