"""Train, export and measure the shipped bundles, and generate the README's tables from them.

    python tools/make_saved_models.py                      # all models
    python tools/make_saved_models.py perceptron xor_mlp   # these
    python tools/make_saved_models.py --run RUN            # export a finished run
    python tools/make_saved_models.py --from-shipped       # export the shipped weights again: all,
    python tools/make_saved_models.py --from-shipped xor_mlp                 # or these
    python tools/make_saved_models.py --table              # only the README's tables
    python tools/make_saved_models.py --check xor_mlp      # train again and compare the accuracy

Each model is trained with seed 0 by its recipe `best` if it has one, else by `lecture`, else by
its first. Needs the data sets (TFDS_DATA_DIR).
"""

import argparse
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from zoo.cli.output import console
from zoo.edge import default_artifact, read_manifest
from zoo.errors import ZooError
from zoo.models import describe, list_models
from zoo.registry import results
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import METRICS, task_of
from zoo.utils.files import write_json, write_text
from zoo.utils.quiet import import_tensorflow

# The same seed gives the same weights on the same machine; other processors sum in other orders.
DEVIATION = 0.003
# All shipped files together stay below 70 MB, for which the largest models' weights are rounded.
# Activations of 8 bits have three digits too few for a solution of a differential equation.
HOW = {
    "deep_relu": {"weights": "float16", "kinds": ("float16", "int8")},
    "joint_classifier": {"weights": "float16", "kinds": ("float16", "int8")},
    "box_regressor": {"weights": "float16", "kinds": ("float16", "int8")},
    "pose_regressor": {"weights": "float16", "kinds": ("float16", "int8")},
    "pinn_oscillator": {"kinds": ("float32", "float16", "dynamic")},
    "pinn_burgers": {"kinds": ("float32", "float16", "dynamic")},
}
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def main() -> None:
    """Make the bundles named on the command line, then the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="models; all of them if none is named")
    parser.add_argument(
        "--from-shipped", action="store_true", help="export the shipped weights, train nothing"
    )
    parser.add_argument("--table", action="store_true", help="only write the README's table")
    parser.add_argument("--run", type=Path, help="export this finished run instead of training")
    parser.add_argument("--check", metavar="NAME", help="train again and compare the accuracy")
    options = parser.parse_args()
    try:
        if options.check:
            check(describe(options.check).name)
            return
        if options.run:
            ship(options.run)
        elif not options.table:
            for name in options.names or list_models():
                (make_anew if options.from_shipped else make)(describe(name).name)
        readme = ROOT / "README.md"
        write_text(readme, with_table(readme.read_text(encoding="utf-8")))
    except ZooError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def make(name: str) -> None:
    """Train one model in a temporary folder and export it to saved_models/NAME."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / name
        train(name, run)
        ship(run)


def make_anew(name: str) -> None:
    """Export a shipped model again, with its own weights, and measure its files again."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / name
        console().rule(name)
        run_of_shipped(ROOT / "saved_models" / name, run)
        ship(run)


def run_of_shipped(bundle: Path, run: Path) -> None:
    """Make the run folder that a bundle was exported from, out of what the bundle records.

    Raises:
        ZooError: if the bundle does not record its training.
    """
    import_tensorflow()
    import keras

    from zoo import data
    from zoo.nn import loading

    manifest = read_manifest(bundle)
    if "training" not in manifest:
        raise ZooError(f"{bundle} does not record its training; train the model again.")
    config, results = (manifest["training"][part] for part in ("config", "results"))
    # Keras counts the layers up that a process makes; their names go into the files.
    keras.utils.clear_session()
    model = describe(manifest["name"]).builder(**config["options"])
    model.set_weights(loading.load_model(bundle).get_weights())
    run.mkdir(parents=True)
    model.save(run / "model.keras")
    write_json(run / "config.json", with_current_note(manifest["name"], config))
    # Bundles of the version before did not record these two, which follow from the rest.
    dataset = data.load_again(config["dataset"], config["data_dir"])
    examples = {split: len(getattr(dataset, split)) for split in ("train", "validation", "test")}
    known = {"examples": examples, "epochs": config["recipe"]["epochs"]}
    write_json(run / "results.json", known | results)
    for name in ("history.csv", "curves.png"):
        if (bundle / name).is_file():
            shutil.copyfile(bundle / name, run / name)


def with_current_note(name: str, config: dict) -> dict:
    """Return a run's configuration with its recipe's note and text as they read now.

    Only if all numbers of the recipe are the same: a note may have been reworded since.
    """
    recipe = describe(name).recipes.get(config["recipe_name"])
    recorded = Recipe.with_defaults(config["recipe"])
    if recipe is None or asdict(recipe) | {"note": ""} != recorded | {"note": ""}:
        return config
    return config | {"recipe": asdict(recipe), "recipe_text": recipe.text()}


def train(name: str, run: Path) -> dict:
    """Train one model by the recipe that is shipped and return its results."""
    import_tensorflow()
    from zoo import training
    from zoo.training.reporter import Terminal

    console().rule(name)
    return training.train(
        name, recipe=shipped_recipe(name), run_dir=run, reporter=Terminal(console())
    )


def shipped_recipe(name: str) -> str:
    """Return the name of the recipe whose weights are shipped."""
    recipes = describe(name).recipes
    return next((found for found in ("best", "lecture") if found in recipes), next(iter(recipes)))


def ship(run: Path) -> None:
    """Export a finished run to saved_models under its model's name."""
    import_tensorflow()
    from zoo.export.bundle import export_run
    from zoo.reports.study import study
    from zoo.training.run_folder import RunFolder

    name = RunFolder(run).config()["model"]
    bundle = export_run(
        run, ROOT / "saved_models" / name, onnx=True, say=console().print, **HOW.get(name, {})
    )
    console().print(f"Bundle: {study(run, bundle)}")


def check(name: str) -> None:
    """Train a model again and compare its test accuracy with the published one.

    Raises:
        ZooError: if they differ by more than what other sums on other processors explain.
    """
    manifest = read_manifest(ROOT / "saved_models" / name)
    metric = task_of(manifest).primary
    published = manifest["artifacts"]["keras"]["metrics"][metric.name]
    with tempfile.TemporaryDirectory() as folder:
        again = train(name, Path(folder) / name)["test"][metric.name]
    comparison = f"{name}: published {metric.text(published)}, reproduced {metric.text(again)}"
    if not metric.is_near(again, published, 100 * DEVIATION):
        raise ZooError(f"{comparison}; they differ by more than {DEVIATION}.")
    console().print(f"{comparison}.")


def with_table(readme: str) -> str:
    """Return the README with its tables regenerated from the manifests."""
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def table() -> str:
    """Return the figures of all shipped bundles as Markdown."""
    lines = [
        "| model | slides | test set (examples, fingerprint) | result | file of predict.py "
        "| largest difference from Keras |",
        "|---|---|---|---|---|---|",
    ]
    made_on = set()
    for name in list_models():
        manifest = read_manifest(ROOT / "saved_models" / name)
        entry = manifest["artifacts"][default_artifact(manifest)]
        data, metric = manifest["dataset"], task_of(manifest).primary
        slides = ", ".join(str(slide) for slide in describe(name).slides)
        versions = ", ".join(f"{key} {value}" for key, value in manifest["versions"].items())
        made_on.add(f"{manifest['machine']}; {versions}")
        lines.append(
            f"| [`{name}`](saved_models/{name}/README.md) | {slides} "
            f"| {data['name']} ({data['examples']:,}, {data['fingerprint']}) "
            f"| {metric.title} {metric.text(entry['metrics'][metric.name])} "
            f"| {entry['file']}, {entry['bytes']:,} bytes "
            f"| {entry['largest_difference']:.1e} |"
        )
    lines.append("")
    lines.append("Made by `python tools/make_saved_models.py` and measured on the files that ship.")
    lines += [f"Machine: {made}." for made in sorted(made_on)]
    return "\n".join([*lines, "", *recipe_table()])


def recipe_table() -> list[str]:
    """Return what every recipe reaches as Markdown lines."""
    found = results.read()
    lines = [
        "| `zoo train MODEL --recipe RECIPE` | on the test set | seeds "
        "| on training examples | time |",
        "|---|---|---|---|---|",
    ]
    for result in found:
        title = METRICS[result.metric].title
        lines.append(
            f"| `{result.model}` `{result.recipe}` | {title} {result.test_text()} "
            f"| {result.seeds} | {result.train_text()} | {result.time()} |"
        )
    lines += ["", "Mean ± standard deviation over seeds of the trained models, before any export."]
    lines.append(
        "Made by `python tools/results.py recipes` and `curve`; data in zoo/registry/results.csv."
    )
    made = sorted({f"{result.machine}; {result.versions}" for result in found})
    return lines + [f"Machine: {each}." for each in made]


if __name__ == "__main__":
    main()
