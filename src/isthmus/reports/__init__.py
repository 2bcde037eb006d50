"""Reports of runs and grids: pages to read, made from their folders."""

from isthmus.reports.report import page_of, report

__all__ = ["page_of", "report"]
