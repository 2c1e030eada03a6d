"""The reference of the Python API: which names are on which page; mkdocstrings fills them in."""

import zoo
import zoo.data
import zoo.registry
import zoo.training

_PAGES = {
    "zoo": "What `import zoo` gives: models by name, training, export.",
    "zoo.data": "Data sets: from a name to arrays.",
    "zoo.edge": "Predictions of a bundle, without TensorFlow. One file, which every bundle has as "
    "`predict.py`.",
    "zoo.registry": "What models are registered with, for [plugins](../plugins.md).",
    "zoo.testing": "Checks of a model of a plugin.",
}
_EDGE = ["load", "Model", "Prediction", "InputError", "BundleError"]


def api_pages() -> dict[str, str]:
    """Return the pages of the public modules and their overview, by path in the site."""
    rows = [f"| [`{name}`]({name}.md) | {text} |" for name, text in _PAGES.items()]
    overview = ["# Python", "", "| module | what is in it |", "|---|---|", *rows, ""]
    return {
        "api/index.md": "\n".join(overview),
        **{f"api/{name}.md": _page(name, text) for name, text in _PAGES.items()},
    }


def _page(module: str, text: str) -> str:
    lines = [f"# {module}", "", text, ""]
    for shown, path in _members(module):
        lines += [f"::: {path}", "    options:", f"      heading: {shown}", ""]
    return "\n".join(lines)


def _members(module: str) -> list[tuple[str, str]]:
    """Return the names of a page, and where each is defined."""
    if module == "zoo":
        # Names of zoo.training are imported when they are used, which readers of its source cannot
        # follow.
        homes = {**zoo._HOME, **{name: zoo.training._HOME[name] for name in ("train", "evaluate")}}
        members = [(f"zoo.{name}", f"{home}.{name}") for name, home in homes.items()]
        settings, preempted = "zoo.training.settings.Training", "zoo.errors.Preempted"
        return [*members, ("zoo.training.Training", settings), (preempted, preempted)]
    if module == "zoo.edge":
        names = _EDGE
    elif module == "zoo.registry":
        # Those of `zoo` are on its page.
        names = [name for name in zoo.registry.__all__ if name not in zoo._HOME]
    elif module == "zoo.data":
        names = [name for name in zoo.data.__all__ if callable(getattr(zoo.data, name))]
    else:
        names = ["check_model", "CheckError"]
    return [(f"{module}.{name}", f"{module}.{name}") for name in names]
