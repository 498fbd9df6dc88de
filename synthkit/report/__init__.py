"""What people look at after a run: aggregates of the data, drawn as charts."""

from __future__ import annotations

from synthkit.report.plots import write_plots

__all__ = ["write_plots"]
