"""Settings of the page that show what a slide says, each with one sentence and the claim in it.

A claim is data, so that the page, docs/lecture.md and the tests say and check the same.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from zoo.serve.settings import CurveSettings, FieldSettings, PlaneSettings, Settings
from zoo.utils.choices import require_choice

SECTIONS = {"plane": "playground", "curve": "approximation", "field": "physics"}

_SETTINGS: TypeAdapter[PlaneSettings | CurveSettings | FieldSettings] = TypeAdapter(Settings)
# At a time.
_SECONDS = 60.0
_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
}


@dataclass(frozen=True)
class Claim:
    """What is true of a training after a number of updates.

    Args:
        updates: after how many.
        figure: of a frame: "loss.test" is the entry "test" of its "loss".
        relation: "==", "<", "<=" or ">".
        value: what it is compared with: a number, or another figure.
    """

    updates: int
    figure: str
    relation: str
    value: float | str

    def holds(self, frame: Mapping[str, Any]) -> bool:
        """Return whether it is true of a frame.

        >>> Claim(10, "errors.train", "==", 0).holds({"errors": {"train": 0}})
        True
        """
        value = _figure(frame, self.value) if isinstance(self.value, str) else self.value
        return _RELATIONS[self.relation](_figure(frame, self.figure), value)

    def code(self, frame: str = "frame") -> str:
        """Return it as Python, for a variable that holds the frame.

        >>> Claim(10, "loss.test", "<", 0.01).code()
        'frame["loss"]["test"] < 0.01'
        """
        value = _entry(frame, self.value) if isinstance(self.value, str) else f"{self.value:g}"
        return f"{_entry(frame, self.figure)} {self.relation} {value}"


@dataclass(frozen=True)
class Preset:
    """Settings that show what a slide says.

    Args:
        name: in lower case, unique.
        slide: its number.
        title: of two or three words.
        sentence: what one sees.
        settings: of `zoo.serve.settings` that differ from the defaults; "kind" is always given.
        claims: what the sentence says, as data.
    """

    name: str
    slide: int
    title: str
    sentence: str
    settings: Mapping[str, Any]
    claims: tuple[Claim, ...]

    @property
    def section(self) -> str:
        """The page's section that shows it: a value of `SECTIONS`."""
        return SECTIONS[self.settings["kind"]]

    def as_dict(self) -> dict[str, Any]:
        """Return what the page needs, as JSON values."""
        return {
            "name": self.name,
            "slide": self.slide,
            "title": self.title,
            "sentence": self.sentence,
            "section": self.section,
            "settings": dict(self.settings),
            # A construction is finished at update 0.
            "updates": sorted({claim.updates for claim in self.claims if claim.updates}),
        }


def find(name: str) -> Preset:
    """Return the preset of a name.

    Raises:
        UnknownNameError: if there is none.

    >>> find("perceptron_xor").slide
    5
    """
    by_name = {preset.name: preset for preset in PRESETS}
    require_choice("preset", name, by_name)
    return by_name[name]


def settings_of(preset: Preset) -> PlaneSettings | CurveSettings | FieldSettings:
    """Return all settings of a preset, checked by the schema."""
    return _SETTINGS.validate_python(dict(preset.settings))


def fragment(preset: Preset) -> str:
    """Return the part of the page's address that opens a preset, from "#" on.

    It is what static/address.js writes: a section, and the settings that differ from the defaults.

    >>> fragment(find("squared_features"))
    '#playground?features=x1^2,x2^2&widths=&activations='
    """
    settings = settings_of(preset)
    pairs = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if name != "kind" and value != field.default:
            items = value if isinstance(value, list) else [value]
            pairs.append(f"{name}={','.join(map(_text, items))}")
    text = "&".join(pairs)
    return f"#{preset.section}{'?' if text else ''}{text}"


def frame_after(name: str, updates: int) -> dict[str, Any]:
    """Train a preset in this process and return what the page shows after a number of updates.

    Args:
        name: of the preset.
        updates: how many to make.

    Raises:
        UnknownNameError: for an unknown preset.
        ZooError: if the training diverges.
    """
    from zoo.serve.programs.base import RecentlyUsed
    from zoo.serve.programs.choice import program_of

    program = program_of(settings_of(find(name)), RecentlyUsed(1))
    state = program.start()
    while (left := updates - int(state["updates"])) > 0:
        state = program.advance(state, left, time.perf_counter() + _SECONDS)
    return program.frame(state, True)


def _figure(frame: Mapping[str, Any], name: str) -> float:
    found: Any = frame
    for part in name.split("."):
        found = found[part]
    return found


def _text(value: str | float) -> str:
    return quote(value, safe="^*()") if isinstance(value, str) else f"{value:g}"


def _entry(frame: str, name: str) -> str:
    return frame + "".join(f'["{part}"]' for part in name.split("."))


def _plane(**settings: Any) -> dict[str, Any]:
    return {"kind": "plane", **settings}


def _hidden(*widths: int, activation: str = "tanh") -> dict[str, Any]:
    return {"widths": list(widths), "activations": [activation] * len(widths)}


PRESETS = (
    Preset(
        "linear_activations",
        1,
        "Linear activations",
        "With linear activations a network of any depth is a linear function of its inputs, so its "
        "boundary is a straight line and the circle is not separated.",
        _plane(activations=["linear", "linear"]),
        (Claim(1000, "errors.train", ">", 50),),
    ),
    Preset(
        "perceptron_and",
        2,
        "The perceptron learns AND",
        "Rosenblatt's rule changes the weights after every single example, and after 100 of them "
        "all four rows of AND are right.",
        _plane(data="and", model="perceptron"),
        (Claim(100, "errors.train", "==", 0),),
    ),
    Preset(
        "perceptron_clouds",
        4,
        "Two clouds, one line",
        "The perceptron is a line in the plane, and 500 examples are enough for it to separate two "
        "clouds.",
        _plane(data="clouds", model="perceptron"),
        (Claim(500, "errors.train", "==", 0),),
    ),
    Preset(
        "perceptron_xor",
        5,
        "The perceptron and XOR",
        "No single line separates XOR: after 100, after 1,000 and after 10,000 updates at least "
        "one of the four rows is wrong.",
        _plane(data="xor", model="perceptron"),
        tuple(Claim(updates, "errors.train", ">", 0) for updates in (100, 1000, 10_000)),
    ),
    Preset(
        "perceptron_product",
        5,
        "XOR with x₁x₂",
        "With the product x₁x₂ as a third input XOR is linearly separable, and the perceptron "
        "learns it within 400 updates.",
        _plane(data="xor", model="perceptron", features=["x1", "x2", "x1*x2"]),
        (Claim(400, "errors.train", "==", 0),),
    ),
    Preset(
        "hidden_layer_xor",
        6,
        "A hidden layer learns XOR",
        "Two hidden units draw two lines, the output combines them, and after 400 updates all four "
        "rows of XOR are right.",
        _plane(data="xor", **_hidden(2, activation="swish")),
        (Claim(400, "errors.train", "==", 0),),
    ),
    Preset(
        "linear_circle",
        8,
        "No hidden layer",
        "Without a hidden layer, f = Wx + b, the boundary is a line, and the circle is not "
        "separated.",
        _plane(**_hidden()),
        (Claim(1000, "errors.train", ">", 50),),
    ),
    Preset(
        "deep_circle",
        8,
        "Two hidden layers",
        "Two hidden layers of ReLU units, f = W₃ max(0, W₂ max(0, W₁x + b₁) + b₂) + b₃, separate "
        "the circle after 1,000 updates, and at most 2 of 250 test points are wrong.",
        _plane(**_hidden(8, 8, activation="relu")),
        (Claim(1000, "errors.train", "==", 0), Claim(1000, "errors.test", "<=", 2)),
    ),
    Preset(
        "deep_spiral",
        8,
        "A spiral",
        "Three hidden layers of 16 ReLU units separate the two arms of a spiral after 4,000 "
        "updates, and at most 5 of 250 test points are wrong.",
        _plane(
            data="spiral",
            optimizer="adam",
            learning_rate=0.01,
            **_hidden(16, 16, 16, activation="relu"),
        ),
        (Claim(4000, "errors.train", "==", 0), Claim(4000, "errors.test", "<=", 5)),
    ),
    Preset(
        "playground",
        11,
        "TensorFlow Playground",
        "The network that TensorFlow Playground starts with separates the circle after 1,000 "
        "updates, and at most 5 of 250 test points are wrong.",
        _plane(),
        (Claim(1000, "errors.train", "==", 0), Claim(1000, "errors.test", "<=", 5)),
    ),
    Preset(
        "squared_features",
        11,
        "Squares as inputs",
        "With x₁² and x₂² as inputs no hidden layer is needed: the circle's boundary is a line in "
        "these two.",
        _plane(features=["x1^2", "x2^2"], **_hidden()),
        (Claim(1000, "errors.train", "==", 0), Claim(1000, "errors.test", "==", 0)),
    ),
    Preset(
        "interpolant",
        12,
        "Constructed weights",
        "The weights of 64 ReLU units are computed, not trained, and the largest error is below "
        "max|f″| h² / 8.",
        {"kind": "curve", "way": "interpolant", "width": 64},
        (Claim(0, "largest_error", "<=", "bound"),),
    ),
    Preset(
        "bumps",
        12,
        "Bumps",
        "Two steep sigmoids make a bump, and the largest error of 64 bumps side by side is below "
        "max|f′| h / 2.",
        {"kind": "curve", "way": "bumps", "width": 128},
        (Claim(0, "largest_error", "<=", "bound"),),
    ),
    Preset(
        "step_function",
        12,
        "Not continuous",
        "A step is not continuous, so no width approximates it everywhere: with 256 units the "
        "largest error is still above 0.45.",
        {"kind": "curve", "function": "step", "way": "interpolant", "width": 256},
        (Claim(0, "largest_error", ">", 0.45),),
    ),
    Preset(
        "trained_curve",
        12,
        "Trained weights",
        "That such weights exist does not say that training finds them: after 5,000 updates the "
        "largest error of 64 trained units is still more than ten times the bound of 64 computed "
        "ones.",
        {"kind": "curve", "width": 64},
        (Claim(5000, "largest_error", ">", 0.052),),
    ),
    Preset(
        "oscillator",
        13,
        "With the equation",
        "The network is told the displacement up to t = 0.35, and the differential equation "
        "determines the rest: after 10,000 updates the relative error is below 1 %.",
        {"kind": "field"},
        (Claim(10_000, "relative_l2", "<", 0.01),),
    ),
    Preset(
        "oscillator_plain",
        13,
        "Without the equation",
        "The same network without the equation fits the same values, and is wrong afterwards: "
        "after 5,000 updates the relative error is above 50 %.",
        {"kind": "field", "way": "plain"},
        (Claim(5000, "loss", "<", 1e-3), Claim(5000, "relative_l2", ">", 0.5)),
    ),
    Preset(
        "poisson",
        13,
        "The Poisson equation",
        "The equation −u″ = f is solved without a single value of u inside the interval: after "
        "1,000 updates the relative error is below 1 %.",
        {"kind": "field", "problem": "poisson"},
        (Claim(1000, "relative_l2", "<", 0.01),),
    ),
    Preset(
        "poisson_square",
        13,
        "Poisson on a square",
        "On a square the same network solves −Δu = f, with a relative error below 1 % after 2,000 "
        "updates.",
        {"kind": "field", "problem": "poisson_square"},
        (Claim(2000, "relative_l2", "<", 0.01),),
    ),
    Preset(
        "burgers",
        13,
        "The Burgers equation",
        "A smooth wave steepens to a front, which the network finds from the equation alone: after "
        "2,000 updates the relative error is below 15 %.",
        {
            "kind": "field",
            "problem": "burgers",
            "depth": 4,
            "batch_size": 500,
            "learning_rate": 0.002,
        },
        (Claim(2000, "relative_l2", "<", 0.15),),
    ),
    Preset(
        "overfitting",
        15,
        "Training and test points",
        "A large network overfits 50 noisy training points: all of these are right, but more than "
        "a tenth of the 450 test points are wrong, and only these say how good it is.",
        _plane(data="xor_clouds", noise=0.35, test_share=0.9, widths=[16, 16]),
        (Claim(2000, "errors.train", "==", 0), Claim(2000, "errors.test", ">", 45)),
    ),
    Preset(
        "values",
        20,
        "Values instead of classes",
        "With a linear output the network predicts a number for every point instead of a class: "
        "after 2,000 updates the loss on test points is below 0.01.",
        _plane(
            data="gaussian",
            task="regression",
            **_hidden(16, 8, activation="swish"),
        ),
        (Claim(2000, "loss.test", "<", 0.01),),
    ),
)
