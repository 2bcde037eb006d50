"""Mixup across modalities, the comparison of PaRe's Table 4."""

from isthmus.methods.beta import BetaCrossing
from isthmus.methods.method import methods


@methods.register("mixup")
class Mixup(BetaCrossing):
    """Weighted means of target and source tokens (Zhang et al., ICLR 2018; PaRe, Table 4)."""

    mixer = "mixup"
