"""Run folder → bundle, measured."""

from zoo.export.bundle import export_run

__all__ = ["export_run"]
