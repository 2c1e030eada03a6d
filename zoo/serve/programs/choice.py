"""The program for settings of any kind."""

from __future__ import annotations

from zoo.serve.programs.base import Program, RecentlyUsed
from zoo.serve.settings import CurveSettings, FieldSettings, PlaneSettings


def program_of(
    settings: PlaneSettings | CurveSettings | FieldSettings, graphs: RecentlyUsed
) -> Program:
    """Return the program of settings; for what it does see `zoo.serve.programs.base.Program`.

    Args:
        settings: of the training.
        graphs: where it fetches compiled graphs from.
    """
    if isinstance(settings, PlaneSettings):
        from zoo.serve.programs.plane import PlaneTraining

        return PlaneTraining(settings, graphs)
    if isinstance(settings, CurveSettings):
        from zoo.serve.programs.curve import CurveTraining

        return CurveTraining(settings, graphs)
    from zoo.serve.programs.field import FieldTraining

    return FieldTraining(settings, graphs)
