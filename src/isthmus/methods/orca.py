"""ORCA: align, then refine (Shen et al., ICML 2023)."""

from collections.abc import Iterator

import torch
from torch import Tensor

from isthmus.alignment import distances
from isthmus.config.schema import OptimConfig
from isthmus.errors import InputError
from isthmus.methods.embedder_descent import descend_embedder, members_by_class
from isthmus.methods.fine_tuning import NaiveFineTuning
from isthmus.methods.method import Aligning, Loss
from isthmus.methods.options import check_at_least
from isthmus.methods.pseudo_labels import pseudo_labels
from isthmus.methods.registry import methods
from isthmus.methods.source_features import source_features
from isthmus.model import CrossModalNet
from isthmus.seeding import numpy_generator
from isthmus.sources import Source
from isthmus.tasks import Split


@methods.register("orca")
class ORCA(NaiveFineTuning, Aligning[CrossModalNet]):
    """Alignment of the embedder by the distance of target to source features, then fine-tuning (section 3).

    Stage 1 makes embedder and predictor of the right shape. Stage 2 descends over the embedder alone, an
    optimiser step an epoch, with features the mean over tokens of f_t and f_s and n_c the samples of class c:

        sum_c (n_c / n) d({f_t(x) : y = c}, {f_s(x_s)})

    Classes of one sample are left out. The optimiser is that of the fine-tuning, with its momentum or betas
    and its decay. Stage 3 is `nft`. Targets that are not one class a sample get classes by k-means.

    Args:
        distance: Name in `isthmus.alignment.distances`.
        align_epochs: Number of optimiser steps of stage 2; 0 leaves it out.
        align_lr: Learning rate of stage 2; None for 10 times that of the fine-tuning (published), but at most
            1e-3: more undoes what an embedder that starts as the backbone's own knows (docs/results.md).
        max_samples: Largest number of samples of a class, drawn anew each epoch.
        source_samples: Largest number of samples that stand for the source.
    """

    references = (
        "J. Shen et al. (2023), Cross-modal fine-tuning: align then refine, ICML",
        "D. Alvarez-Melis, N. Fusi (2020), Geometric dataset distances via optimal transport, NeurIPS",
    )
    libraries = ("POT",)

    settings = NaiveFineTuning.settings | {"source"}

    def __init__(
        self,
        *,
        distance: str = "otdd",
        align_epochs: int = 60,
        align_lr: float | None = None,
        max_samples: int = 128,
        source_samples: int = 1000,
    ) -> None:
        check_at_least(0, "orca", align_epochs=align_epochs)
        check_at_least(1, "orca", max_samples=max_samples, source_samples=source_samples)
        if align_lr is not None and align_lr <= 0:
            raise InputError(f"orca's align_lr is {align_lr}; it is more than 0", key="method.align_lr")
        self.distance_to = distances[distance]
        self.align_epochs, self.align_lr = align_epochs, align_lr
        self.max_samples, self.source_samples = max_samples, source_samples

    def align(
        self, net: CrossModalNet, train: Split, source: Source, optim: OptimConfig, seed: int, loss: Loss
    ) -> None:
        """Run stage 2, on the device that the network is on."""
        device = net.x_mean.device
        distance = self.distance_to(*self._source_features(net, source, seed))
        classes = pseudo_labels(train.y, net.spec.output_channels, seed)

        def terms(epoch: int) -> Iterator[Tensor]:
            for members, share in members_by_class(classes, self.max_samples, seed, epoch):
                features = net.embed_target(torch.from_numpy(train.x[members]).to(device)).mean(1)
                yield share * distance(features, torch.from_numpy(classes[members]).to(device))

        descend_embedder(
            net, terms, optim, self.align_lr, self.align_epochs, "alignment epoch %d: distance %.4g"
        )

    def _source_features(self, net: CrossModalNet, source: Source, seed: int) -> tuple[Tensor, Tensor]:
        """Return the mean over the tokens of f_s [N, D], and class numbers [N] (of masks by k-means)."""
        order = numpy_generator(seed, "alignment source").permutation(len(source))[: self.source_samples]
        classes = pseudo_labels(source.y[order], 1, seed)
        features = source_features(net, source, order)
        return features, torch.from_numpy(classes).to(features.device)
