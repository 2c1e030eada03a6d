"""The program for settings of any kind."""

from __future__ import annotations

from typing import Any

from zoo.serve.programs.base import RecentlyUsed
from zoo.serve.settings import CurveSettings, FieldSettings, PlaneSettings


def program_of(
    settings: PlaneSettings | CurveSettings | FieldSettings, graphs: RecentlyUsed
) -> Any:
    """Return the program of settings; for what it does see `zoo.serve.programs.base.Program`.

    Args:
        settings: of the training.
        graphs: where it fetches compiled graphs from.
    """
    if isinstance(settings, PlaneSettings):
        from zoo.serve.programs.plane import PlaneTraining as Training
    elif isinstance(settings, CurveSettings):
        from zoo.serve.programs.curve import CurveTraining as Training
    else:
        from zoo.serve.programs.field import FieldTraining as Training
    return Training(settings, graphs)
