"""Figures drawn from run folders, and from plain numbers."""

from isthmus.plots.curves import draw_curves
from isthmus.plots.distances import draw_distances
from isthmus.plots.embeddings import Plane, draw_classes, draw_embeddings, feature_plane
from isthmus.plots.inspect import inspect
from isthmus.plots.intermediate import IntermediateModalities, intermediate_modalities, measure_distances
from isthmus.plots.replaced import draw_replaced
from isthmus.plots.style import save

__all__ = [
    "IntermediateModalities",
    "Plane",
    "draw_classes",
    "draw_curves",
    "draw_distances",
    "draw_embeddings",
    "draw_replaced",
    "feature_plane",
    "inspect",
    "intermediate_modalities",
    "measure_distances",
    "save",
]
