"""Pictures drawn from run folders."""

from isthmus.report.bridge import Bridge, cross
from isthmus.report.curves import draw_curves
from isthmus.report.distances import draw_distances, measure_distances
from isthmus.report.embeddings import draw_embeddings
from isthmus.report.inspect import inspect
from isthmus.report.replaced import draw_replaced

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
