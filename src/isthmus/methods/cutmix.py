"""CutMix across modalities, the comparison of PaRe's Table 4."""

from isthmus.methods.beta import BetaCrossing
from isthmus.methods.method import methods


@methods.register("cutmix")
class CutMix(BetaCrossing):
    """Boxes of target tokens replaced by the source's (Yun et al., ICCV 2019; PaRe, Table 4)."""

    mixer = "cutmix"
