"""Reports of runs and grids: pages to read, made from their folders."""

from isthmus.reports.citation import cite
from isthmus.reports.push import push_to_hub
from isthmus.reports.report import page_of, report

__all__ = ["cite", "page_of", "push_to_hub", "report"]
