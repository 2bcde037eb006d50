"""The classifier that a backbone was pretrained with, where its folder holds one."""

from pathlib import Path

from torch import nn

from isthmus.backbones.backbone import families
from isthmus.backbones.loading import find_folder, read_config, read_weights
from isthmus.backbones.registry import named
from isthmus.errors import InputError

NAMES = ("classifier", "classifier.1")
"""Names of Hugging Face's linear layers on the mean of the last features"""


def load_classifier(name_or_folder: str | Path) -> nn.Linear:
    """Load the linear classifier, of the mean of the last features, that a backbone was pretrained with.

    Args:
        name_or_folder: Name or folder, as for `load_backbone`.

    Raises:
        InputError: If there is none.
    """
    name = str(name_or_folder)
    folder = named[name].folder() if name in named else find_folder(name_or_folder)
    weights = read_weights(folder)
    family = families[read_config(folder).model_type]
    for layer in NAMES:
        weight, bias = weights.get(f"{layer}.weight"), weights.get(f"{layer}.bias")
        if family.pools_by_mean and weight is not None and bias is not None:
            classifier = nn.Linear(weight.shape[1], weight.shape[0])
            classifier.load_state_dict({"weight": weight.float(), "bias": bias.float()})
            return classifier.requires_grad_(False)
    raise InputError(
        f"the backbone '{name}' comes without a classifier of its own, which source_labels=own needs; give"
        " source_labels=classes",
        kind="conflict",
        key="source_labels",
    )
