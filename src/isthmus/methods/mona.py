"""MoNA: a target embedder that spares what the backbone knows (Ma et al., ICML 2024)."""

import logging
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.optim.lr_scheduler import LambdaLR

from isthmus.alignment.hypersphere import closeness, uniformity
from isthmus.backbones import Backbone
from isthmus.config.schema import OptimConfig
from isthmus.errors import InputError
from isthmus.methods.fine_tuning import NaiveFineTuning
from isthmus.methods.method import Aligning, Loss
from isthmus.methods.optimization import make_optimizer, minimize
from isthmus.methods.options import check_at_least
from isthmus.methods.pseudo_labels import pseudo_labels
from isthmus.methods.registry import methods
from isthmus.model import CrossModalNet
from isthmus.seeding import numpy_generator
from isthmus.sources import Source
from isthmus.tasks import Split

log = logging.getLogger("isthmus")


@methods.register("mona")
class MoNA(NaiveFineTuning, Aligning[CrossModalNet]):
    """Meta-learning of the target embedder, then fine-tuning.

    The embedder f_t is to be one with which a step of fine-tuning leaves the features of source samples
    telling classes apart. With g_w the backbone under weights w, which stay as pretrained until stage 2:

        w'    = w - inner_lr dL_target/dw (f_t, w, h_t)
        L     = L_target(f_t, w, h_t) + weight L_source(w')
        L_source(w') = mean of ||u_i - u_j||^2 over pairs of one class + log mean exp(-2 ||u_i - u_j||^2)

    over f_t and h_t, where u are the features g_w'(f_s(x_s)), averaged over tokens and of unit length. The
    gradient goes through the inner step. Stage 2 is `nft`. No published code of it was found; what stands on
    the paper and what on something else: docs/fidelity.md.

    Args:
        meta_steps: Number of steps of stage 1, each of several times a step's cost; 0 leaves it out.
        weight: Weight of L_source.
        inner_lr: Length of the inner step; None for the learning rate of the fine-tuning.
        meta_lr: Learning rate of f_t and h_t in stage 1; None for that of the fine-tuning.
        samples: Number of target samples, and of source samples, of a step.
        source_samples: Largest number of samples that stand for the source.
    """

    references = (
        "W. Ma et al. (2024), Learning modality knowledge alignment for cross-modality transfer, ICML",
        "T. Wang, P. Isola (2020), Understanding contrastive representation learning through alignment and "
        "uniformity on the hypersphere, ICML",
    )

    settings = NaiveFineTuning.settings | {"source"}

    def __init__(
        self,
        *,
        meta_steps: int = 60,
        weight: float = 1.0,
        inner_lr: float | None = None,
        meta_lr: float | None = None,
        samples: int = 16,
        source_samples: int = 1000,
    ) -> None:
        check_at_least(0, "mona", meta_steps=meta_steps)
        check_at_least(2, "mona", samples=samples, source_samples=source_samples)
        if weight < 0:
            raise InputError(f"mona's weight is {weight}; a loss weight is 0 or more", key="method.weight")
        for name, rate in (("inner_lr", inner_lr), ("meta_lr", meta_lr)):
            if rate is not None and rate <= 0:
                raise InputError(f"mona's {name} is {rate}; it is more than 0", key=f"method.{name}")
        self.meta_steps, self.weight = meta_steps, weight
        self.inner_lr, self.meta_lr = inner_lr, meta_lr
        self.samples, self.source_samples = samples, source_samples

    def align(
        self, net: CrossModalNet, train: Split, source: Source, optim: OptimConfig, seed: int, loss: Loss
    ) -> None:
        """Run stage 1, on the device that the network is on."""
        assert optim.lr is not None
        device = net.x_mean.device
        order = numpy_generator(seed, "alignment source").permutation(len(source))[: self.source_samples]
        classes = torch.from_numpy(pseudo_labels(source.y[order], 1, seed)).to(device)
        parts = {"embedder": net.parts()["embedder"], "predictor": net.parts()["predictor"]}
        rate = self.meta_lr or optim.lr
        optimizer = make_optimizer(parts, optim.model_copy(update={"lr": rate, "lr_scale": None}))

        def terms(step: int) -> Iterator[Tensor]:
            rng = numpy_generator(seed, step, "alignment")
            chosen = rng.permutation(len(train))[: self.samples]
            others = rng.permutation(len(order))[: self.samples]
            x, y = (torch.from_numpy(array[chosen]).to(device) for array in (train.x, train.y))
            tokens = net.embed_source(source.take(order[others]))
            with sdpa_kernel(SDPBackend.MATH):  # the one attention that has a second derivative
                losses = loss(net.predict_target(net.encode(net.embed_target(x))), y)
                if train.weights is not None:
                    losses = losses * torch.from_numpy(train.weights[chosen]).to(losses)
                inner = losses.mean()
                features = stepped(net.backbone, inner, self.inner_lr or rate)(tokens)
                outer = discriminability(features, classes[torch.from_numpy(others).to(device)])
                yield inner + self.weight * outer

        def report(step: int, total: float) -> None:
            if (step + 1) % 10 == 0 or step + 1 == self.meta_steps:
                log.info("meta-learning step %d: loss %.4g", step + 1, total)

        learning = [parameter for part in parts.values() for parameter in part]
        schedule = LambdaLR(optimizer, lambda step: 1.0)
        minimize(learning, terms, optimizer, schedule, steps=self.meta_steps, after_step=report)
        optimizer.zero_grad()


def discriminability(features: Tensor, classes: Tensor) -> Tensor:
    """Compute L_source from features [N, D] and class numbers [N]: lower where classes lie apart."""
    return closeness(features, classes) + uniformity(features)


class Encoder(nn.Module):
    """A backbone from tokens [B, L, D] to features [B, F], averaged over the tokens."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, tokens: Tensor) -> Tensor:
        """Encode and average."""
        return self.backbone.pool(self.backbone.encode(tokens))


def stepped(backbone: Backbone, loss: Tensor, rate: float) -> "Stepped":
    """Return the backbone after one step of gradient descent, differentiable in what the loss depends on."""
    learning = {name: p for name, p in backbone.named_encoder_parameters() if p.requires_grad}
    gradients = torch.autograd.grad(loss, list(learning.values()), create_graph=True, allow_unused=True)
    weights = {
        f"backbone.{name}": parameter if gradient is None else parameter - rate * gradient
        for (name, parameter), gradient in zip(learning.items(), gradients, strict=True)
    }
    return Stepped(Encoder(backbone), weights)


class Stepped:
    """An encoder under other weights than its own."""

    def __init__(self, encoder: Encoder, weights: dict[str, Tensor]) -> None:
        self.encoder, self.weights = encoder, weights

    def __call__(self, tokens: Tensor) -> Tensor:
        """Encode tokens [B, L, D] as features [B, F]."""
        features: Tensor = functional_call(self.encoder, self.weights, (tokens,))
        return features
