"""Source, target and intermediate modalities in the plane."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from sklearn.decomposition import PCA

from isthmus.report.bridge import Bridge
from isthmus.report.figure import saved_figure


def draw_embeddings(bridge: Bridge, path: Path) -> None:
    """Draw the pooled features of every modality on the first two principal components of all of them."""
    everything = np.concatenate(list(bridge.features.values()))
    plane = PCA(2, random_state=0).fit(everything)
    shades = colormaps["viridis"](np.linspace(0.85, 0.05, len(bridge.features)))
    with saved_figure(path, 5.2, 4.2) as figure:
        axes = figure.subplots()
        for shade, (name, features) in zip(shades, bridge.features.items(), strict=True):
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
