"""Source samples labelled by the backbone's own classifier, in place of the source's classes."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from isthmus.backbones import Backbone, load_backbone, load_classifier
from isthmus.errors import InputError
from isthmus.model.evaluation import on_device
from isthmus.sources import Source

BATCH = 16


@torch.no_grad()
def with_own_labels(source: Source, backbone_name: str, image_size: int | None) -> Source:
    """Return a source whose labels are the class probabilities that the backbone's own classifier gives.

    The loss on them then asks the backbone to keep its own predictions (learning without forgetting, Li and
    Hoiem, TPAMI 2018).

    Args:
        source: Source samples.
        backbone_name: Name or folder of the backbone.
        image_size: Height and width of pictures, as for `load_backbone`.

    Raises:
        InputError: If the backbone has no classifier, or the source has masks.
    """
    if source.size:
        raise InputError(
            f"source_labels=own is one label a sample, and the source '{source.name}' has masks; give another"
            " source, or source_labels=classes",
            kind="conflict",
            key="source_labels",
        )
    classifier = load_classifier(backbone_name)
    backbone: Backbone = load_backbone(backbone_name, image_size)
    both = nn.ModuleList([backbone, classifier])
    found = []
    with on_device(both):
        for index in np.array_split(np.arange(len(source)), range(BATCH, len(source), BATCH)):
            inputs = backbone.prepare(source.take(index), backbone.max_tokens)
            features = backbone.pool(backbone.encode(backbone.embed(inputs)))
            found.append(classifier(features).softmax(1).cpu().numpy())
    classes = tuple(f"class {number}" for number in range(classifier.out_features))
    return replace(source, classes=classes, probabilities=np.concatenate(found))
