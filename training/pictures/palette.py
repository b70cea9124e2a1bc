"""Colours and type sizes of the picture."""

from matplotlib import patheffects

INK = "#1f2933"
MUTED = "#7b8794"
RULE = "#d9dee4"
PAPER = "#ffffff"
OFF_ROAD = "#f4f4f4"
ROAD = "#e0e4e8"
LANE = "#ffffff"
DIVIDER = "#b9a36a"
BOUNDARY = "#8d98a5"
CROSSING = "#c5ccd4"
POINT = "#6b7683"
EGO = "#1f2933"

PROPOSAL = "#f0801a"
CORRECTION = "#1769e0"
TRUTH = "#12924f"

PASSED = "#12924f"
FAILED = "#d1332e"

CLASS_COLORS = {
    "car": "#5b8fc7",
    "truck": "#7d6bb8",
    "construction_vehicle": "#a0895c",
    "bus": "#c9992a",
    "trailer": "#9c86c9",
    "barrier": "#9aa5b1",
    "motorcycle": "#c9588f",
    "bicycle": "#d65f9b",
    "pedestrian": "#d1463c",
    "traffic_cone": "#e0843a",
}

TITLE_PT = 15.0
HEADING_PT = 9.5
TEXT_PT = 8.8
SMALL_PT = 7.6

HALO = [patheffects.withStroke(linewidth=2.4, foreground="white")]
"""Keeps lines and letters legible on any ground."""
