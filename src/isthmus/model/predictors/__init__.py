"""Predictors h_t and h_s: features to outputs. One file each."""

from isthmus.model.predictors.predictor import Features, Predictor, Readout, readouts
from isthmus.model.predictors.views import ViewsPredictor

__all__ = ["Features", "Predictor", "Readout", "ViewsPredictor", "readouts"]
