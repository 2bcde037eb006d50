"""Searches for the best settings of a run, with Optuna. Names are imported when they are first used."""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.tuning.processes import tune
    from isthmus.tuning.results import Tuning

__all__ = ["Tuning", "tune"]

__getattr__ = lazy_names(__name__)
