"""Source, target and intermediate modalities in the plane."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from sklearn.decomposition import PCA

from isthmus.plots.bridge import Bridge
from isthmus.plots.figure import saved_figure


def modalities(bridge: Bridge) -> dict[str, np.ndarray]:
    """Pooled features [N, F] of the source, of the mixture for each fraction above 0, of the target."""
    between = {f"k/L = {f:.2f}": bridge.k(f) for f in bridge.fractions.values() if bridge.k(f) > 0}
    tokens = {
        "source": bridge.source,
        **{name: bridge.mixed(k) for name, k in between.items()},
        "target": bridge.target,
    }
    return {name: bridge.features(part).numpy() for name, part in tokens.items()}


def draw_embeddings(bridge: Bridge, path: Path) -> None:
    """Draw the pooled features of every modality on the first two principal components of all of them."""
    features_of = modalities(bridge)
    everything = np.concatenate(list(features_of.values()))
    plane = PCA(2, random_state=0).fit(everything)
    shades = colormaps["viridis"](np.linspace(0.85, 0.05, len(features_of)))
    with saved_figure(path, 5.2, 4.2) as figure:
        axes = figure.subplots()
        for shade, (name, features) in zip(shades, features_of.items(), strict=True):
            x, y = plane.transform(features).T
            axes.scatter(x, y, s=12, color=shade, alpha=0.6, linewidth=0)
            axes.plot(x.mean(), y.mean(), "o", color=shade, markersize=9, markeredgecolor="white", label=name)
        share = plane.explained_variance_ratio_
        axes.set(
            xlabel=f"first principal component ({share[0]:.0%})",
            ylabel=f"second principal component ({share[1]:.0%})",
            title="features from source to target",
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
