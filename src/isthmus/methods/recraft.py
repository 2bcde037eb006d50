"""RECRAFT: features aligned so that classes of the source stay classes of the target (Tran et al., 2026)."""

import logging
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR

from isthmus.alignment import distances
from isthmus.config.schema import OptimConfig
from isthmus.errors import InputError
from isthmus.methods.embedder_descent import descend_embedder, members_by_class
from isthmus.methods.fine_tuning import NaiveFineTuning
from isthmus.methods.method import Aligning, Loss
from isthmus.methods.optimization import minimize
from isthmus.methods.options import check_at_least
from isthmus.methods.pseudo_labels import pseudo_labels
from isthmus.methods.registry import methods
from isthmus.methods.source_features import source_features
from isthmus.model import CrossModalNet
from isthmus.seeding import numpy_generator
from isthmus.sources import Source
from isthmus.tasks import Split

log = logging.getLogger("isthmus")

PREDICTOR_DECAY, PREDICTOR_BATCH = 0.05, 16


@methods.register("recraft")
class Recraft(NaiveFineTuning, Aligning[CrossModalNet]):
    """Feature alignment, then less feature-label distortion, then fine-tuning.

    Stage 1, in which the backbone g is frozen:

    1. h_s learns the source's classes from g(f_s(x_s)), in the second half of its steps with the penalty
       rho mean max(0, ||dL/df_s|| - tau)^2, which keeps its loss smooth in the tokens;
    2. f_t descends a distance between {f_t(x)} and {f_s(x_s)}, of random samples and without labels;
    3. f_t descends the entropy of the source classes that h_s sees in each target class c of n_c samples,

           sum_c (n_c / n) H(p_c) - marginal H(p),   p = mean softmax h_s(g(f_t(x))) over c or over all

    Stage 2 is `nft`. The optimiser of 2 and 3 is that of the fine-tuning. Where this differs from the
    published code: docs/fidelity.md. Targets that are not one class a sample get classes by k-means.

    Args:
        predictor_steps: Number of steps of 1; 0 leaves h_s as it is drawn.
        predictor_lr: Learning rate of 1.
        rho: Weight of the penalty.
        tau: Length of a gradient from which on it is penalised.
        distance: Name in `isthmus.alignment.distances`.
        align_epochs: Number of optimiser steps of 2; 0 leaves it out.
        align_lr: Learning rate of 2; None as for `orca`.
        distortion_epochs: Number of optimiser steps of 3; 0 leaves it out.
        distortion_lr: Learning rate of 3.
        distortion_samples: Largest number of samples of a class in a step of 3, and of all for the marginal.
        marginal: Weight of the entropy of all target samples, which keeps them from one source class.
        max_samples: Largest number of target samples of a step of 2.
        source_samples: Largest number of samples that stand for the source.
    """

    references = (
        "T. K. Tran, M. C. Dao, P. L. Nguyen, T. N. Truong, T. N. Hoang (2026), Rethinking cross-modal "
        "fine-tuning: optimizing the interaction between feature alignment and target fitting, AISTATS",
    )
    libraries = ("POT",)

    settings = NaiveFineTuning.settings | {"source"}

    def __init__(
        self,
        *,
        predictor_steps: int = 200,
        predictor_lr: float = 1e-3,
        rho: float = 100.0,
        tau: float = 0.4,
        distance: str = "wasserstein",
        align_epochs: int = 60,
        align_lr: float | None = None,
        distortion_epochs: int = 20,
        distortion_lr: float = 1e-4,
        distortion_samples: int = 16,
        marginal: float = 0.0,
        max_samples: int = 128,
        source_samples: int = 1000,
    ) -> None:
        counts = {
            "predictor_steps": predictor_steps,
            "align_epochs": align_epochs,
            "distortion_epochs": distortion_epochs,
        }
        check_at_least(0, "recraft", **counts)
        check_at_least(2, "recraft", distortion_samples=distortion_samples)
        check_at_least(1, "recraft", max_samples=max_samples, source_samples=source_samples)
        for name, value in {"rho": rho, "tau": tau, "marginal": marginal}.items():
            if value < 0:
                raise InputError(f"recraft's {name} is {value}; it is 0 or more", key=f"method.{name}")
        rates = {"predictor_lr": predictor_lr, "align_lr": align_lr, "distortion_lr": distortion_lr}
        for name, rate in rates.items():
            if rate is not None and rate <= 0:
                raise InputError(f"recraft's {name} is {rate}; it is more than 0", key=f"method.{name}")
        self.predictor_steps, self.predictor_lr, self.rho, self.tau = predictor_steps, predictor_lr, rho, tau
        self.distance_to, self.align_epochs, self.align_lr = distances[distance], align_epochs, align_lr
        self.distortion_epochs, self.distortion_lr = distortion_epochs, distortion_lr
        self.distortion_samples, self.marginal = distortion_samples, marginal
        self.max_samples, self.source_samples = max_samples, source_samples

    def align(
        self, net: CrossModalNet, train: Split, source: Source, optim: OptimConfig, seed: int, loss: Loss
    ) -> None:
        """Run stage 1, on the device that the network is on."""
        order = numpy_generator(seed, "alignment source").permutation(len(source))[: self.source_samples]
        self._learn_source(net, source, order, seed)
        features = source_features(net, source, order)
        self._align_features(net, train, features, optim, seed)
        self._lessen_distortion(net, train, optim, seed)

    def _learn_source(self, net: CrossModalNet, source: Source, order: np.ndarray, seed: int) -> None:
        """Let the source's predictor learn; it is frozen again afterwards."""
        head = net.source_predictor.requires_grad_(True)
        optimizer = AdamW(head.parameters(), self.predictor_lr, weight_decay=PREDICTOR_DECAY)
        schedule = CosineAnnealingLR(optimizer, max(1, self.predictor_steps))
        device = net.x_mean.device

        def terms(step: int) -> Iterator[Tensor]:
            rows = numpy_generator(seed, step, "source predictor").permutation(order)[:PREDICTOR_BATCH]
            tokens, y = net.embed_source(source.take(rows)), source.labels(rows).to(device)
            is_smoothed = self.rho > 0 and 2 * step >= self.predictor_steps
            yield self._source_loss(net, tokens, y, is_smoothed)

        def report(step: int, total: float) -> None:
            if step + 1 == self.predictor_steps:
                log.info("source predictor after %d steps: loss %.4g", step + 1, total)

        minimize(head.parameters(), terms, optimizer, schedule, steps=self.predictor_steps, after_step=report)
        optimizer.zero_grad()
        head.requires_grad_(False)

    def _source_loss(self, net: CrossModalNet, tokens: Tensor, y: Tensor, is_smoothed: bool) -> Tensor:
        """Compute the loss of h_s on tokens [B, L, D] of source samples, with the penalty or without."""
        if not is_smoothed:
            with torch.no_grad():
                features = net.encode(tokens)
            return F.cross_entropy(net.source_predictor(features), y)
        tokens = tokens.clone().requires_grad_(True)
        with sdpa_kernel(SDPBackend.MATH):  # the one attention that has a second derivative
            losses = F.cross_entropy(net.source_predictor(net.encode(tokens)), y, reduction="none")
            losses = losses.flatten(1).mean(1) if losses.dim() > 1 else losses
            (gradient,) = torch.autograd.grad(losses.sum(), tokens, create_graph=True)
            excess = (gradient.flatten(1).norm(dim=1) - self.tau).clamp_min(0)
            total: Tensor = losses.mean() + self.rho * excess.square().mean()
        return total

    def _align_features(
        self, net: CrossModalNet, train: Split, features: Tensor, optim: OptimConfig, seed: int
    ) -> None:
        """Descend the distance of target to source features."""
        distance = self.distance_to(features, features.new_zeros(len(features), dtype=torch.int64))

        def terms(epoch: int) -> Iterator[Tensor]:
            rows = numpy_generator(seed, epoch, "alignment").permutation(len(train))[: self.max_samples]
            x = torch.from_numpy(train.x[rows]).to(features.device)
            none = features.new_zeros(len(rows), dtype=torch.int64)
            yield distance(net.embed_target(x).mean(1), none)

        descend_embedder(
            net, terms, optim, self.align_lr, self.align_epochs, "alignment epoch %d: distance %.4g"
        )

    def _lessen_distortion(self, net: CrossModalNet, train: Split, optim: OptimConfig, seed: int) -> None:
        """Descend the entropy of source classes given the target's, through the frozen backbone and h_s."""
        classes = pseudo_labels(train.y, net.spec.output_channels, seed)

        def terms(epoch: int) -> Iterator[Tensor]:
            for members, share in members_by_class(classes, self.distortion_samples, seed, epoch):
                yield share * entropy(self._seen(net, train, members))
            if self.marginal:
                rng = numpy_generator(seed, epoch, "marginal")
                anyone = rng.permutation(len(train))[: self.distortion_samples]
                yield -self.marginal * entropy(self._seen(net, train, anyone))

        descend_embedder(
            net, terms, optim, self.distortion_lr, self.distortion_epochs, "distortion epoch %d: entropy %.4g"
        )

    def _seen(self, net: CrossModalNet, train: Split, rows: np.ndarray) -> Tensor:
        """Return the mean probabilities [S] of source classes that h_s sees in target samples."""
        x = torch.from_numpy(train.x[rows]).to(net.x_mean.device)
        probabilities: Tensor = net.source_predictor(net.encode(net.embed_target(x))).softmax(1)
        return probabilities.transpose(0, 1).flatten(1).mean(1)


def entropy(probabilities: Tensor) -> Tensor:
    """Compute the entropy of probabilities [S], in nats."""
    nats: Tensor = torch.special.entr(probabilities)
    return nats.sum()
