"""Figures drawn from run folders."""

from isthmus.plots.figures import draw_curves, draw_distances, draw_embeddings
from isthmus.plots.inspect import inspect
from isthmus.plots.intermediate import IntermediateModalities, intermediate_modalities, measure_distances
from isthmus.plots.replaced import draw_replaced

__all__ = [
    "IntermediateModalities",
    "draw_curves",
    "draw_distances",
    "draw_embeddings",
    "draw_replaced",
    "inspect",
    "intermediate_modalities",
    "measure_distances",
]
