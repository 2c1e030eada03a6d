"""The model card (README.md) of a bundle: use, input, output, training and measured results."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import Any

from zoo import data
from zoo.bundles.front_matter import front_matter
from zoo.data.corruptions import CORRUPTIONS
from zoo.data.dataset import with_units
from zoo.registry import ModelSpec
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Metric, Task, task_of

_LICENCES = {
    "cifar10": "CIFAR-10 (Krizhevsky, 2009) is published without a licence, for research.",
    "cats_vs_dogs": "Microsoft's cats and dogs (Asirra, Elson et al., 2007) is published for "
    "research; the photos belong to their owners.",
}

# The hub's name for the licence of this package's models, trained on its own data; the authors of
# others add theirs.
_LICENCE = "mit"
# The file's name in the command of a card that contains it.
_RECIPE = "recipe.toml"


def model_card(
    spec: ModelSpec, manifest: dict[str, Any], config: dict[str, Any], results: dict[str, Any]
) -> str:
    """Return the card as Markdown; all numbers come from the manifest or the run's results.

    It begins with metadata for the Hugging Face hub.
    """
    image = manifest["input"]["kind"] == "image"
    task = task_of(manifest)
    slides = ", ".join(str(slide) for slide in spec.slides)
    options = " ".join(f"{name}={value}" for name, value in config["options"].items()) or "none"
    titles = " | ".join(metric.title for metric in task.metrics)
    example = "photo.jpg" if image else _example_numbers(manifest["input"])
    lines = [
        f"# {spec.name}",
        "",
        spec.summary,
        "",
        f"Slide{'s' * (len(spec.slides) > 1)} {slides} of the lecture: {spec.equation}."
        if slides
        else f"{spec.equation}.",
        "",
        "## Use",
        "",
        "```",
        f"python3 predict.py {example}",
        *([] if image else ["python3 predict.py --csv table.csv"]),
        "```",
        "",
        "It needs numpy, Pillow and ai-edge-litert, but not TensorFlow.",
        "",
        f"- Input: `{manifest['input']['name']}`, {manifest['input']['dtype']}, "
        f"{manifest['input']['description']}.",
        f"- Output: {manifest['output']['description']}. {_names(manifest)}.",
        *_tensorrt(manifest),
        "",
        "## Training",
        "",
        f"{_command(spec, manifest, config)}; options of the model: {options}.",
        *_recipe_file(spec, config),
        "",
        _training_text(task, config, results),
        "",
        "## Figures",
        "",
        f"Measured on the {manifest['dataset']['examples']:,} test examples of "
        f"{manifest['dataset']['name']} (fingerprint {manifest['dataset']['fingerprint']}), with "
        "the files in this folder."
        + (
            " Large weights are rounded to float16 in the Keras model, with which all files are "
            "compared, and stored in float16; the TFLite converter merges layers and rounds the "
            "merged weights again."
            if manifest.get("weights") == "float16"
            else ""
        ),
        "",
        f"| artifact | bytes | {titles} | agreement with Keras | largest difference |",
        "|---" * (4 + len(task.metrics)) + "|",
    ]
    for name, entry in manifest["artifacts"].items():
        cells = [
            name,
            f"{entry['bytes']:,}",
            *(_figure(metric, entry.get("metrics", {})) for metric in task.metrics),
            _percent(entry.get("agreement")),
            f"{entry['largest_difference']:.1e}" if "largest_difference" in entry else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += _encoded(manifest)
    lines += _study(task, manifest)
    versions = ", ".join(f"{name} {number}" for name, number in manifest["versions"].items())
    lines += ["", f"Trained and measured on {manifest['machine']}; {versions}."]
    if manifest["dataset"]["name"] in _LICENCES:
        lines += ["", "## Licence of the data", "", _LICENCES[manifest["dataset"]["name"]]]
    return front_matter(manifest, _licence(manifest)) + "\n" + "\n".join(lines) + "\n"


def _licence(manifest: dict[str, Any]) -> str | None:
    name = manifest["dataset"]["name"]
    if manifest.get("plugins") or data.loader_of(name) is None:
        return None
    others = ("file", "folder", "tfds")
    return _LICENCE if name in _LICENCES or data.describe(name).source not in others else None


def _example_numbers(given: dict[str, Any]) -> str:
    """Return an example of numbers on the command line, by name if they have names."""
    if "names" not in given:
        return " ".join(["0"] * given["shape"][1])
    return " ".join(shlex.quote(f"{name}=0") for name in given["names"])


def _encoded(manifest: dict[str, Any]) -> list[str]:
    found = manifest["artifacts"]["saved_model"].get("serve_encoded")
    if not found:
        return []
    return [
        "",
        "The SavedModel's signature `serve_encoded` takes JPEG and PNG files as strings, applies "
        "the EXIF orientation, blends transparent parts with white, and returns `output` and "
        "`valid`. For files that cannot be read, `valid` is false and the outputs are NaN; the "
        f"other files of the batch are not affected. On {found['files']} files made from test "
        "photos (EXIF orientations 1 to 8, progressive, gray, CMYK, palette, alpha), "
        f"{_percent(found['agreement'])} of its predictions agree with those of the other "
        "signature for the pixels that `predict.py` reads; the largest difference is "
        f"{found['largest_difference']:.1e}.",
    ]


def _tensorrt(manifest: dict[str, Any]) -> list[str]:
    if "onnx" not in manifest["artifacts"]:
        return []
    given = manifest["input"]
    shapes = ""
    if None in given["shape"]:
        # TensorRT builds an engine for a range of shapes: smallest, most frequent, largest.
        sizes: dict[str, tuple[int, ...]]
        sizes = {"min": (1, 32, 32, 3), "opt": (1, 480, 640, 3), "max": (1, 1080, 1920, 3)}
        if given["kind"] == "vector":
            sizes = {"min": (1,), "opt": (1,), "max": (64,)}
            sizes = {name: (*size, given["shape"][1]) for name, size in sizes.items()}
        shapes = "".join(
            f" --{name}Shapes={given['name']}:{'x'.join(map(str, size))}"
            for name, size in sizes.items()
        )
    return [
        "",
        "With TensorRT on a Jetson's GPU (not tested):",
        "",
        "```",
        f"trtexec --onnx=model.onnx{shapes} --saveEngine=model.plan",
        "```",
    ]


_CAPTIONS = {
    "curves.png": "Learning curves on training and validation data.",
    "field.png": "Predicted and true values over the inputs of the test set, and the error.",
    "overlay.png": "True and predicted places on test pictures, from the best to the worst.",
    "predictions.png": "Predicted values against true values on the test set.",
    "confusion.png": "Confusion matrix on the test set.",
    "weights.png": "The weights W as images: one weight per pixel.",
}


def _study(task: Task, manifest: dict[str, Any]) -> list[str]:
    lines = []
    if found := manifest.get("study"):
        metric = task.primary
        plain = manifest["artifacts"][found["artifact"]]["metrics"][metric.name]
        lines += [
            "",
            "## Limits",
            "",
            f"{metric.title.capitalize()} on the same test photos, corrupted in the ways that "
            f"slide 14 names (`{found['artifact']}`; not trained on corrupted photos):",
            "",
            f"| corruption | change | {metric.title} | points lost |",
            "|---|---|---|---|",
            f"| none | | {metric.text(plain)} | |",
        ]
        for name, figure in found["corruptions"].items():
            lost = 100 * (plain - figure)
            change, _ = CORRUPTIONS[name]
            lines.append(f"| {name} | {change} | {metric.text(figure)} | {lost:.1f} |")
        lines += ["", "Recall of each label on the test set:", ""]
        lines += ["| label | recall |", "|---|---|"]
        ordered = sorted(found["labels"].items(), key=lambda item: item[1])
        lines += [f"| {label} | {_percent(recall)} |" for label, recall in ordered]
    if pictures := manifest.get("pictures"):
        lines += ["", "## Plots"]
        for name in pictures:
            lines += ["", f"![{_CAPTIONS[name]}]({name})", "", _CAPTIONS[name]]
    return lines


def _command(spec: ModelSpec, manifest: dict[str, Any], config: dict[str, Any]) -> str:
    """Return the command that reproduces the training."""
    name = manifest["dataset"]["name"]
    if data.loader_of(name) is None:
        return f'`zoo.train("{spec.name}", dataset=…)` in Python, with the data set {name}'
    named = spec.recipes.get(config["recipe_name"])
    found = Recipe.with_defaults(config["recipe"])
    default = found if named is None else asdict(named)
    words = [
        f"zoo train {spec.name} --recipe {_RECIPE if named is None else config['recipe_name']}"
    ]
    if name != spec.dataset:
        words.append(f"--dataset {shlex.quote(name)}")
    if "target" in manifest["dataset"]:
        words.append(f"--target {shlex.quote(manifest['dataset']['target'])}")
    if config.get("start_from"):
        words.append(f"--from {shlex.quote(str(config['settings']['start_from']))}")
    if config["data_dir"]:
        words.append(f"--data-dir {shlex.quote(config['data_dir'])}")
    words += [
        f"--{name.replace('_', '-')} {found[name]}"
        for name in (
            *("epochs", "batch_size", "learning_rate", "optimizer", "class_weight", "patience"),
            *("precision", "solver", "penalty", "iterations"),
        )
        if found[name] != default[name]
    ]
    words += [
        f"--set {name}={value}"
        for name, value in found["options"].items()
        if value != {**spec.options, **default["options"]}[name]
    ]
    if config["seed"]:
        words.append(f"--seed {config['seed']}")
    return f"`{' '.join(words)}`"


def _recipe_file(spec: ModelSpec, config: dict[str, Any]) -> list[str]:
    """Return the recipe as TOML, if it is not one of the model's."""
    if config["recipe_name"] in spec.recipes:
        return []
    text = Recipe.from_dict(Recipe.with_defaults(config["recipe"])).to_toml()
    given = [line for line in text.splitlines() if line and not line.startswith("#")]
    return ["", f"`{_RECIPE}`:", "", "```toml", *given, "```"]


def _names(manifest: dict[str, Any]) -> str:
    """Return the labels, or the values with their units."""
    if "labels" in manifest:
        return f"Labels: {', '.join(manifest['labels'])}"
    output = manifest["output"]
    return f"Values: {', '.join(with_units(output['names'], output['units']))}"


def _figure(metric: Metric, found: dict[str, float]) -> str:
    return metric.text(found[metric.name]) if metric.name in found else ""


def _training_text(task: Task, config: dict[str, Any], results: dict[str, Any]) -> str:
    text = f"{config['recipe_text']} Seed {config['seed']}."
    penalty = results["history"].get("penalty")
    if penalty is not None:
        text += f" The chosen λ is {penalty:.4g}."
    if best_epoch := results.get("best_epoch"):
        early = results["stopped"] == "patience"
        ended = "Training stopped after epoch" if early else "The last epoch was"
        text += (
            f" {ended} {results['epochs']}; the weights are those of epoch {best_epoch}, the best "
            "on validation data."
        )
    return (
        f"{text} After training, in {config['precision']}, on the test set: "
        f"{task.primary.title} {_figure(task.primary, results['test'])}."
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f} %"
