"""Plots of training runs and models, legible on a projector and with any colour vision."""
