"""The colours and styles of charts: fixed ones for a file, and those of the page, which follow its reader."""

from __future__ import annotations

from typing import Any

# Of unlike lightness too, so that every kind of colour vision tells them apart, and grey paper as well.
PAPER = {
    "ground": "white",
    "ink": "#222222",
    "soft": "#555555",
    "faint": "#E4E4E4",
    "real": "#2F4B6E",
    "synthetic": "#E8730C",
    "holdout": "#1B9E77",
    "only": "#2F4B6E",
}
PAGE = {name: f"var(--{name})" for name in PAPER} | {"ground": "transparent"}


def theme(colours: dict[str, str]) -> dict[str, Any]:
    """Vega-Lite's configuration with these colours, by the names that ``PAPER`` has."""
    plain = {"labelColor": colours["soft"], "titleColor": colours["soft"], "titleFontWeight": "normal"}
    axis = {
        "domainColor": colours["soft"],
        "gridColor": colours["faint"],
        "labelLimit": 150,
        "labelSeparation": 6,
        "tickColor": colours["soft"],
        "titleLimit": 300,
    }
    return {
        "background": colours["ground"],
        "padding": 14,
        "view": {"stroke": None},
        "area": {"opacity": 0.55},
        "axis": axis | plain,
        "axisX": {"grid": False},
        "legend": plain,
        "range": {"category": [colours["real"], colours["synthetic"], colours["holdout"]]},
        "style": _styles(colours),
        "title": {
            "anchor": "start",
            "color": colours["ink"],
            "fontSize": 14,
            "frame": "bounds",
            "limit": 470,
            "offset": 12,
            "subtitleColor": colours["soft"],
            "subtitleFontSize": 11,
            "subtitlePadding": 6,
        },
    }


def _styles(colours: dict[str, str]) -> dict[str, Any]:
    return {
        "mark": {"thickness": 2.5, "opacity": 1},
        "over": {"opacity": 0},
        "heat": {"fill": colours["real"]},
        "only": {"fill": colours["only"], "color": colours["only"]},
        "error": {"color": colours["synthetic"], "stroke": colours["synthetic"], "strokeWidth": 2},
        "label": {"color": colours["ink"], "fill": colours["ink"], "fontSize": 12},
    }
