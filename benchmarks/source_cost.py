"""Does it pay to cache what the frozen embedder computes for source samples?

Mixing embeds as many source samples in a step as there are target samples; the floor is the step's forward
and backward pass through the backbone, for target and mixture together. ORCA computes the features of 1,000
source samples once a run; the floor is reading them from the disk, including the key. Measured with
swin-micro and MiniLM (64 tokens) at B = 16, and with Swin-base's embedding (224 x 224, random weights) at
B = 4.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np
from transformers import SwinConfig

from isthmus.backbones import Backbone, load_backbone, new_backbone
from isthmus.methods.source_features import source_features
from isthmus.model import CrossModalNet, NetSpec
from isthmus.sources import load_source

SMALLEST = {"times": 1, "samples": 4, "batch": 2}


def swin_base() -> Backbone:
    """Build Swin-base's embedding with one layer; a step costs all 24 layers, so no step is timed."""
    config = SwinConfig(image_size=224, embed_dim=128, depths=[1], num_heads=[4])
    return new_backbone(config, 0, "swin-base")


CASES: dict[str, tuple[Callable[[], Backbone], int]] = {
    "swin-micro": (lambda: load_backbone("swin-micro"), 16),
    "minilm": (lambda: load_backbone("minilm"), 16),
    "swin-base": (swin_base, 4),
}


def seconds(work: Callable[[], object], times: int) -> float:
    """Measure the median time of several calls."""
    measured = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        measured.append(time.perf_counter() - start)
    return statistics.median(measured)


def make_net(backbone: Backbone) -> CrossModalNet:
    """Build a network for series of 64 points, with 64 tokens where the backbone leaves a choice."""
    spec = NetSpec(
        task="series",
        kind="classification",
        input_shape=(1, 64),
        output_channels=2,
        output_size=(),
        classes=(0, 1),
        embedder="patch",
        embedder_options={"tokens": 64} if backbone.modality == "text" else {},
        source_classes=2,
    )
    return CrossModalNet(backbone, spec)


def measure(name: str, times: int, samples: int, batch: int | None) -> str:
    """Measure one case and describe it in a line."""
    make, usual = CASES[name]
    batch = batch or usual
    net = make_net(make())
    source = load_source(net.backbone.default_source, net.backbone.modality)
    index, order = np.arange(batch), np.arange(samples)
    tokens = net.embed_source(source.take(index)).repeat(2, 1, 1).requires_grad_()
    embed = seconds(lambda: net.embed_source(source.take(index)), times)
    step = seconds(lambda: net.encode(tokens)[-1].sum().backward(), times)
    share = "" if name == "swin-base" else f", {100 * embed / step:.2f} % of {1e3 * step:.0f} ms a step"
    with tempfile.TemporaryDirectory() as root:
        os.environ["ISTHMUS_DATA"] = root
        computed = seconds(lambda: source_features(net, source, order), 1)
        cached = seconds(lambda: source_features(net, source, order), times)
    return (
        f"{name}: embedding {batch} samples, {1e3 * embed:.2f} ms{share}; features of {samples}: computed in "
        f"{1e3 * computed:.0f} ms, from the disk in {1e3 * cached:.0f} ms, {computed / cached:.1f}x"
    )


def main() -> None:
    """Print shares and ratios for all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--samples", type=int, default=1000, help="whose features are computed")
    parser.add_argument("--batch", type=int, help="B; by default that of the case")
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    for name in CASES:
        print(measure(name, arguments.times, arguments.samples, arguments.batch))


if __name__ == "__main__":
    main()
