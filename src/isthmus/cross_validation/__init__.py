"""Cross-validation: a run for each fold, out-of-fold predictions, and the folds as one predictor.

Names are imported when they are first used.
"""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.cross_validation.folds import cross_validate
    from isthmus.cross_validation.results import CrossValidation

__all__ = ["CrossValidation", "cross_validate"]

__getattr__ = lazy_names(__name__)
