"""What people look at after a run: aggregates of the data, drawn as charts, and all figures in words."""

from __future__ import annotations

from synthkit.report.figures import Figure, Sides, figures
from synthkit.report.plots import write_plots
from synthkit.report.report import Report
from synthkit.report.standing import by_column
from synthkit.report.write import write_report

__all__ = ["Figure", "Report", "Sides", "by_column", "figures", "write_plots", "write_report"]
