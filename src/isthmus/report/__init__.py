"""Pictures drawn from run folders."""

from isthmus.report.bridge import Bridge, cross
from isthmus.report.curves import draw_curves
from isthmus.report.embeddings import draw_embeddings
from isthmus.report.replaced import draw_replaced

__all__ = ["Bridge", "cross", "draw_curves", "draw_embeddings", "draw_replaced"]
