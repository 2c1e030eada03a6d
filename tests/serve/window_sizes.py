"""Sizes of windows, (width, height), in which the page is looked at."""

DESKTOP, PHONE, PROJECTOR = (1100, 900), (375, 812), (1920, 1080)
