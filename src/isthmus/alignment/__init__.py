"""Distances between data sets: to align a target with a source, and to look at what lies between.

This package knows tensors only, no model and no task: it can be lifted out and used alone.
"""

from isthmus.alignment.distance import Distance, Measure, distances
from isthmus.alignment.l2 import l2
from isthmus.alignment.mmd import mmd
from isthmus.alignment.otdd import otdd
from isthmus.alignment.wasserstein import wasserstein

__all__ = ["Distance", "Measure", "distances", "l2", "mmd", "otdd", "wasserstein"]
