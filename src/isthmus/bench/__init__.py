"""Grids of runs, and tables made from their folders."""

from isthmus.bench.compare import compare
from isthmus.bench.comparison import Comparison

__all__ = ["Comparison", "compare"]
