"""Pictures drawn from run folders."""

from isthmus.plots.bridge import Bridge, cross
from isthmus.plots.curves import draw_curves
from isthmus.plots.distances import draw_distances, measure_distances
from isthmus.plots.embeddings import draw_embeddings
from isthmus.plots.inspect import inspect
from isthmus.plots.replaced import draw_replaced

__all__ = [
    "Bridge",
    "cross",
    "draw_curves",
    "draw_distances",
    "draw_embeddings",
    "draw_replaced",
    "inspect",
    "measure_distances",
]
