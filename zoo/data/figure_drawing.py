"""Pictures of people: jointed limbs with clothes, skin, light and occlusion, before a background.

>>> drawn = draw_figure(RandomNumbers(0, 0), size=96)
>>> drawn.pixels.shape, len(drawn.joints)
((96, 96, 3), 14)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from zoo.data.canvas import Canvas, Colour, Limb, Stripes
from zoo.data.figure_pose import sample_pose
from zoo.data.random_numbers import RandomNumbers
from zoo.data.scenery import background, random_colour
from zoo.registry.tasks.pictures import JOINTS

_SIDES = ("left", "right")
# Numbers of the parts on the canvas; those of the right side are one higher. 0 is the background.
_TRUNK, _HEAD = 1, 2
_PARTS = {"upper_arm": 3, "forearm": 5, "thigh": 7, "shank": 9}
_BEFORE = 20
# The parts that may be in front of a joint without hiding it.
_PARTS_OF = {
    "ankle": ("shank",),
    "knee": ("thigh", "shank"),
    "hip": ("thigh",),
    "wrist": ("forearm",),
    "elbow": ("upper_arm", "forearm"),
    "shoulder": ("upper_arm",),
}
_LIGHT_SKIN = np.array([250, 214, 185], np.float32)
_DARK_SKIN = np.array([70, 45, 33], np.float32)
_MARGIN = 0.04


class Figure(NamedTuple):
    """A picture of a person.

    Args:
        pixels: uint8 (size, size, 3).
        joints: name of each of `JOINTS` → (x, y), pixels from the left and upper edge; all are
            inside the picture.
        visible: name → whether nothing is drawn over the joint but the limbs that meet in it.
    """

    pixels: np.ndarray
    joints: dict[str, tuple[float, float]]
    visible: dict[str, bool]


class _Clothes(NamedTuple):
    skin: Colour
    hair: Colour
    shirt: Colour
    trousers: Colour
    shoes: Colour
    stripes: Stripes | None
    # How much of an upper arm, a forearm, a thigh and a shank is clothed, 0…1.
    sleeve: float
    cuff: float
    leg: float
    hem: float


class _Person(NamedTuple):
    """A person's points and clothes, as they are drawn.

    Args:
        places: name → (x, y) in pixels.
        depth: name → z, larger nearer to the viewer.
        face: the direction that the face looks in: x to the right, y up, z to the viewer.
        scale: pixels of a person's height.
        clothes: colours and lengths.
    """

    places: dict[str, tuple[float, float]]
    depth: dict[str, float]
    face: np.ndarray
    scale: float
    clothes: _Clothes


def draw_figure(random: RandomNumbers, size: int, behind: np.ndarray | None = None) -> Figure:
    """Draw a person in a random pose before a background.

    Pose, clothes, place and light do not depend on the size of the picture.

    Args:
        random: what everything random is taken from.
        size: height and width of the picture in pixels.
        behind: uint8 (size, size, 3), for instance of a photo, used as the background.
    """
    pose = sample_pose(random)
    clothes = _dress(random)
    person = _place(random, pose, clothes, size)
    light = (random.between(-1, 1), random.between(-1, 0.2))
    brightness, contrast = random.between(0.65, 1.15), random.between(0.7, 1.1)
    tint = (0.9 + 0.2 * random.uniform(3)).astype(np.float32)
    pixels = background(random, size) if behind is None else behind.astype(np.float32)
    canvas = Canvas(pixels, light)
    _paint(canvas, random, person)
    if random.chance(0.3):
        _cover(canvas, random, person)
    visible = {name: _is_visible(canvas, name, person) for name in JOINTS}
    finished = _expose(random, canvas.pixels, brightness, contrast, tint)
    return Figure(finished, {name: person.places[name] for name in JOINTS}, visible)


def _dress(random: RandomNumbers) -> _Clothes:
    tone = np.float32(random.between(0, 1) ** 1.5)
    skin = (_LIGHT_SKIN + tone * (_DARK_SKIN - _LIGHT_SKIN)) * np.float32(random.between(0.85, 1.1))
    colours = [random_colour(random) for _ in range(4)]
    shirt, trousers, shoes, hat = colours
    if random.chance(0.25):
        trousers = shirt
    hair = random_colour(random, 0.1) * np.float32(0.4) if random.chance(0.75) else hat
    stripes = None
    if random.chance(0.25):
        stripes = Stripes(random_colour(random), 2 + random.below(5))
    long_sleeves, long_legs = random.chance(0.35), random.chance(0.5)
    sleeve = 1.0 if long_sleeves else random.choice((0.0, 0.4, 0.6, 0.8))
    leg = 1.0 if long_legs else random.choice((0.15, 0.4, 0.6, 0.8))
    cuff = random.between(0.85, 1) if long_sleeves else 0.0
    hem = random.between(0.8, 1) if long_legs else 0.0
    return _Clothes(skin, hair, shirt, trousers, shoes, stripes, sleeve, cuff, leg, hem)


def _place(
    random: RandomNumbers, pose: dict[str, np.ndarray], clothes: _Clothes, size: int
) -> _Person:
    """Return the person scaled and moved so that every joint is inside the picture."""
    joints = np.stack([pose[name] for name in JOINTS])
    low, high = joints.min(axis=0), joints.max(axis=0)
    extent = max(high[0] - low[0], high[1] - low[1])
    scale = random.between(0.55, 1 - 2 * _MARGIN) / extent
    free = 1 - 2 * _MARGIN - scale * (high - low)
    left = _MARGIN + free[0] * random.between(0, 1)
    top = _MARGIN + free[1] * random.between(0, 1)
    places, depth = {}, {}
    for name, (x, y, z) in pose.items():
        # Rounded, so that the last digits of sines do not matter.
        across = round(float(left + scale * (x - low[0])), 5)
        down = round(float(top + scale * (high[1] - y)), 5)
        places[name] = (size * across, size * down)
        depth[name] = round(float(z), 5)
    face = np.round(pose["face"], 5)
    return _Person(places, depth, face, round(float(scale), 5) * size, clothes)


def _paint(canvas: Canvas, random: RandomNumbers, person: _Person) -> None:
    """Draw the parts of a person, the far ones first."""
    width = random.between(0.85, 1.2) * person.scale
    parts: list[tuple[float, Callable[[], None]]] = []

    def add(names: tuple[str, ...], draw: Callable[[], None]) -> None:
        parts.append((sum(person.depth[name] for name in names) / len(names), draw))

    hips_and_shoulders = tuple(f"{side}_{name}" for side in _SIDES for name in ("hip", "shoulder"))
    add(hips_and_shoulders, lambda: _trunk(canvas, person, width))
    add(("neck", "head_top"), lambda: _head(canvas, person, width))
    for right, side in enumerate(_SIDES):
        shoulder, elbow, wrist = (f"{side}_{name}" for name in ("shoulder", "elbow", "wrist"))
        hip, knee, ankle = (f"{side}_{name}" for name in ("hip", "knee", "ankle"))
        add((shoulder, elbow), partial(_upper_arm, canvas, person, width, side, right))
        add((elbow, wrist), partial(_forearm, canvas, person, width, side, right))
        add((hip, knee), partial(_thigh, canvas, person, width, side, right))
        add((knee, ankle), partial(_shank, canvas, person, width, side, right))
    for _, draw in sorted(parts, key=lambda part: part[0]):
        draw()


def _trunk(canvas: Canvas, person: _Person, width: float) -> None:
    at = person.places
    top = _between(at["left_shoulder"], at["right_shoulder"], 0.5)
    bottom = _between(at["left_hip"], at["right_hip"], 0.5)
    middle = Limb(top, bottom, 0.06 * width, 0.055 * width)
    sides = [
        Limb(at[f"{side}_shoulder"], at[f"{side}_hip"], 0.042 * width, 0.05 * width)
        for side in _SIDES
    ]
    ends = [
        Limb(at[f"left_{name}"], at[f"right_{name}"], radius * width, radius * width)
        for name, radius in (("shoulder", 0.042), ("hip", 0.055))
    ]
    clothes = person.clothes
    canvas.limbs(_TRUNK, [middle, *sides, ends[0]], clothes.shirt, clothes.stripes)
    canvas.limbs(_TRUNK, [ends[1]], clothes.trousers)


def _upper_arm(canvas: Canvas, person: _Person, width: float, side: str, right: int) -> None:
    ends = (person.places[f"{side}_shoulder"], person.places[f"{side}_elbow"])
    clothes = person.clothes
    part = _PARTS["upper_arm"] + right
    _clothed(
        canvas,
        part,
        ends,
        (0.037 * width, 0.029 * width),
        clothes.shirt,
        clothes.skin,
        clothes.sleeve,
    )


def _forearm(canvas: Canvas, person: _Person, width: float, side: str, right: int) -> None:
    elbow, wrist, hand = (person.places[f"{side}_{name}"] for name in ("elbow", "wrist", "hand"))
    clothes = person.clothes
    part = _PARTS["forearm"] + right
    palm = Limb(wrist, hand, 0.018 * width, 0.024 * width)
    canvas.limbs(part, [palm], clothes.skin)
    _clothed(
        canvas,
        part,
        (elbow, wrist),
        (0.029 * width, 0.02 * width),
        clothes.shirt,
        clothes.skin,
        clothes.cuff,
    )


def _thigh(canvas: Canvas, person: _Person, width: float, side: str, right: int) -> None:
    ends = (person.places[f"{side}_hip"], person.places[f"{side}_knee"])
    clothes = person.clothes
    part = _PARTS["thigh"] + right
    _clothed(
        canvas,
        part,
        ends,
        (0.058 * width, 0.04 * width),
        clothes.trousers,
        clothes.skin,
        clothes.leg,
    )


def _shank(canvas: Canvas, person: _Person, width: float, side: str, right: int) -> None:
    knee, ankle, toe = (person.places[f"{side}_{name}"] for name in ("knee", "ankle", "toe"))
    clothes = person.clothes
    part = _PARTS["shank"] + right
    heel = Limb(ankle, toe, 0.028 * width, 0.02 * width)
    _clothed(
        canvas,
        part,
        (knee, ankle),
        (0.04 * width, 0.025 * width),
        clothes.trousers,
        clothes.skin,
        clothes.hem,
    )
    canvas.limbs(part, [heel], clothes.shoes)


def _clothed(
    canvas: Canvas,
    part: int,
    ends: tuple[tuple[float, float], tuple[float, float]],
    radii: tuple[float, float],
    cloth: Colour,
    skin: Colour,
    share: float,
) -> None:
    """Draw a limb, this share of it in cloth and the rest in skin."""
    start, end = ends
    first, last = radii
    canvas.limbs(part, [Limb(start, end, first, last)], skin)
    if share:
        until = first + share * (last - first)
        sleeve = Limb(start, _between(start, end, share), 1.1 * first, 1.15 * until)
        canvas.limbs(part, [sleeve], cloth)


def _head(canvas: Canvas, person: _Person, width: float) -> None:
    neck, top = person.places["neck"], person.places["head_top"]
    clothes, scale = person.clothes, person.scale
    length = np.sqrt((top[0] - neck[0]) ** 2 + (top[1] - neck[1]) ** 2)
    # The skull reaches up to the top of the head, however the head is turned.
    radius = min(0.055 * scale, 0.5 * length + 0.03 * scale)
    share = max(0.0, 1 - radius / max(length, 1e-6))
    crown = _between(neck, top, share)
    chin = _between(neck, top, max(0.0, share - 0.035 * scale / max(length, 1e-6)))
    x, y, z = (float(number) for number in person.face)
    front = (0.4 * radius * x, -0.4 * radius * y)
    face = [
        Limb(_moved(crown, front, 0.5), _moved(chin, front, 1), 0.88 * radius, 0.8 * radius),
    ]
    hair = [Limb(_moved(crown, front, -0.5), crown, radius, radius)]
    throat = [Limb(neck, chin, 0.032 * width, 0.03 * width)]
    canvas.limbs(_HEAD, throat, clothes.skin)
    if z < 0:
        canvas.limbs(_HEAD, face, clothes.skin)
        canvas.limbs(_HEAD, hair, clothes.hair)
        return
    canvas.limbs(_HEAD, hair, clothes.hair)
    canvas.limbs(_HEAD, face, clothes.skin)
    if z < 0.25:
        return
    up = ((top[0] - neck[0]) / max(length, 1e-6), (top[1] - neck[1]) / max(length, 1e-6))
    dark = clothes.skin * np.float32(0.25)
    middle = _moved(_between(crown, chin, 0.5), front, 1.6)
    for side in (-1, 1):
        eye = (middle[0] - side * 0.36 * radius * up[1], middle[1] + side * 0.36 * radius * up[0])
        canvas.disc(_HEAD, eye, 0.13 * radius, dark)
    mouth = (middle[0] - 0.55 * radius * up[0], middle[1] - 0.55 * radius * up[1])
    canvas.disc(_HEAD, mouth, 0.14 * radius, dark)


def _cover(canvas: Canvas, random: RandomNumbers, person: _Person) -> None:
    """Draw something in front of one of the person's joints."""
    place = person.places[random.choice(JOINTS)]
    scale = person.scale
    centre = (
        place[0] + scale * random.between(-0.08, 0.08),
        place[1] + scale * random.between(-0.08, 0.08),
    )
    colour = random_colour(random)
    kind = random.below(3)
    if kind == 0:
        canvas.disc(_BEFORE, centre, scale * random.between(0.03, 0.09), colour)
    elif kind == 1:
        half = scale * (0.03 + 0.09 * random.uniform(2))
        canvas.rectangle(_BEFORE, centre, (float(half[0]), float(half[1])), colour)
    else:
        reach = scale * random.between(0.3, 1)
        along = (random.between(-1, 1), random.between(-1, 1))
        ends = (_moved(centre, along, -reach), _moved(centre, along, reach))
        radius = scale * random.between(0.008, 0.03)
        canvas.limbs(_BEFORE, [Limb(*ends, radius, radius)], colour)


def _is_visible(canvas: Canvas, name: str, person: _Person) -> bool:
    place = person.places[name]
    if name in ("neck", "head_top"):
        # The top of the head is its edge.
        place = _between(person.places["neck"], place, 0.9) if name == "head_top" else place
        allowed = {0, _TRUNK, _HEAD}
    else:
        side, _, joint = name.partition("_")
        allowed = {_PARTS[part] + _SIDES.index(side) for part in _PARTS_OF[joint]} | {0}
        if joint in ("hip", "shoulder"):
            allowed.add(_TRUNK)
    return canvas.part_at(place) in allowed


def _expose(
    random: RandomNumbers, pixels: np.ndarray, brightness: float, contrast: float, tint: Colour
) -> np.ndarray:
    """Return what a camera makes of a scene: light, blur and noise; uint8."""
    size = len(pixels)
    steps = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    across, down = (0.6 * random.uniform(2) - 0.3).astype(np.float32)
    light = np.float32(brightness) + across * (steps[None] - np.float32(0.5))
    light = light + down * (steps[:, None] - np.float32(0.5))
    pixels = (pixels - np.float32(110)) * np.float32(contrast) + np.float32(110)
    pixels = pixels * light[..., None] * tint
    for _ in range(random.below(3)):
        pixels = _blurred(_blurred(pixels).swapaxes(0, 1)).swapaxes(0, 1)
    strength = np.float32(random.between(0, 24) / 255)
    noise = random.octets(pixels.size).reshape(pixels.shape).astype(np.float32) - np.float32(127.5)
    pixels = pixels + strength * noise
    return np.clip(np.floor(pixels + np.float32(0.5)), 0, 255).astype(np.uint8)


def _blurred(pixels: np.ndarray) -> np.ndarray:
    """Return the mean of three rows at every pixel, weighted 1 : 2 : 1."""
    padded = np.concatenate([pixels[:1], pixels, pixels[-1:]])
    return (padded[:-2] + padded[2:]) * np.float32(0.25) + pixels * np.float32(0.5)


def _between(
    start: tuple[float, float], end: tuple[float, float], share: float
) -> tuple[float, float]:
    return (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))


def _moved(
    place: tuple[float, float], along: tuple[float, float], share: float
) -> tuple[float, float]:
    return (place[0] + share * along[0], place[1] + share * along[1])
