"""A random pose of a person: joints in space, from random angles between jointed limbs."""

from __future__ import annotations

import numpy as np

from zoo.data.random_numbers import RandomNumbers

# Lengths as shares of the height of a standing person, about those of Drillis and Contini (1966).
_TRUNK, _THIGH, _SHANK, _FOOT = 0.30, 0.245, 0.245, 0.10
_UPPER_ARM, _FOREARM, _HAND = 0.18, 0.15, 0.08
_HEAD, _HALF_SHOULDERS, _HALF_HIPS = 0.19, 0.115, 0.075
_SIDES = {"left": 1.0, "right": -1.0}


def sample_pose(random: RandomNumbers) -> dict[str, np.ndarray]:
    """Return the points of a person, each float64 (3,): x to the right, y up, z to the viewer.

    Besides `JOINTS` there are left_hand, right_hand, left_toe and right_toe, the ends of hands and
    feet, and "face", the direction that the face looks in, of length 1. The unit is the person's
    height, and the origin is between the hips.

    Args:
        random: where the angles come from.
    """
    # How far the pose is from standing: people in sport bend and stretch more than others.
    reach = random.between(0.15, 1.0)
    # More often seen from the front than from behind; the camera may be turned, too.
    turned = random.between(-1, 1)
    roll = random.between(-12, 12) if random.chance(0.8) else random.between(-180, 180)
    pelvis = (
        _turn(2, roll + reach * random.between(-35, 35))
        @ _turn(1, 180 * turned * abs(turned) ** 0.3)
        @ _turn(0, reach * random.between(-20, 60))
    )
    trunk = pelvis @ _turn(0, reach * random.between(-15, 45)) @ _turn(2, random.between(-15, 15))
    trunk = trunk @ _turn(1, reach * random.between(-30, 30))
    size = random.between(0.92, 1.08)
    neck = trunk @ np.array([0, size * _TRUNK, 0])
    head = trunk @ _turn(0, random.between(-25, 35)) @ _turn(2, random.between(-15, 15))
    points = {
        "neck": neck,
        "head_top": neck + head @ np.array([0, random.between(0.92, 1.08) * _HEAD, 0]),
        "face": (head @ _turn(1, random.between(-50, 50)))[:, 2],
    }
    for name, side in _SIDES.items():
        points |= _leg(random, name, side, pelvis, reach)
        points |= _arm(random, name, side, trunk, neck, reach)
    return points


def _leg(
    random: RandomNumbers, name: str, side: float, pelvis: np.ndarray, reach: float
) -> dict[str, np.ndarray]:
    flexed = np.deg2rad(reach * random.between(-30, 100))
    spread = np.deg2rad(reach * random.between(-8, 45))
    bent = np.deg2rad(reach * random.between(0, 125))
    hip = pelvis @ np.array([side * _HALF_HIPS, 0, 0])
    knee = hip + pelvis @ (_THIGH * _downwards(side * spread, flexed))
    lower = flexed - bent
    ankle = knee + pelvis @ (_SHANK * _downwards(side * spread, lower))
    forward = np.array([0.3 * side, np.sin(lower - 0.3), np.cos(lower - 0.3)])
    toe = ankle + pelvis @ (_FOOT * forward)
    return {f"{name}_hip": hip, f"{name}_knee": knee, f"{name}_ankle": ankle, f"{name}_toe": toe}


def _arm(
    random: RandomNumbers,
    name: str,
    side: float,
    trunk: np.ndarray,
    neck: np.ndarray,
    reach: float,
) -> dict[str, np.ndarray]:
    raised = np.deg2rad(5 + reach * random.between(0, 165))
    around = np.deg2rad(random.between(-40, 110))
    bent = np.deg2rad(reach * random.between(0, 135))
    shoulder = neck + trunk @ np.array([side * _HALF_SHOULDERS, -0.025, 0])
    upper = np.array(
        [
            side * np.sin(raised) * np.cos(around),
            -np.cos(raised),
            np.sin(raised) * np.sin(around),
        ]
    )
    # The forearm bends forwards, upwards and inwards, by a random mixture.
    towards = np.array([-side * random.between(0, 1), random.between(-0.3, 1), 1.0])
    across = towards - (towards @ upper) * upper
    across /= np.sqrt(across @ across) + 1e-9
    lower = np.cos(bent) * upper + np.sin(bent) * across
    elbow = shoulder + trunk @ (_UPPER_ARM * upper)
    wrist = elbow + trunk @ (_FOREARM * lower)
    hand = wrist + trunk @ (_HAND * lower)
    return {
        f"{name}_shoulder": shoulder,
        f"{name}_elbow": elbow,
        f"{name}_wrist": wrist,
        f"{name}_hand": hand,
    }


def _downwards(spread: float, flexed: float) -> np.ndarray:
    return np.array(
        [np.sin(spread), -np.cos(spread) * np.cos(flexed), np.cos(spread) * np.sin(flexed)]
    )


def _turn(axis: int, degrees: float) -> np.ndarray:
    """Return the matrix of a right-handed rotation about an axis, 0 for x, 1 for y, 2 for z."""
    angle = np.deg2rad(degrees)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[second, first] = np.sin(angle)
    matrix[first, second] = -np.sin(angle)
    return matrix
