"""Grids of runs, and tables made from their folders."""

from isthmus.bench.compare import compare
from isthmus.bench.comparison import Comparison
from isthmus.bench.report import report

__all__ = ["Comparison", "compare", "report"]
