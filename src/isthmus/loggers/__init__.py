"""Loggers: where the figures of training go beside `metrics.csv`, each one of Lightning's, by name."""

from isthmus.loggers.logger import Opener, loggers, open_logger

__all__ = ["Opener", "loggers", "open_logger"]
