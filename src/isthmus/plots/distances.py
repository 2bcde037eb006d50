"""The curve that shows the bridge: how far apart source, intermediate and target are as k grows."""

from pathlib import Path

import numpy as np

from isthmus.alignment import otdd
from isthmus.plots.bridge import Bridge
from isthmus.plots.figure import SOURCE_COLOUR, TARGET_COLOUR, saved_figure

POINTS = 9


def measure_distances(bridge: Bridge) -> list[dict[str, float]]:
    """OTDD of pooled features from source to intermediate and from intermediate to target, a row for each k.

    An intermediate sample has two labels, as in the loss: with the source's it is compared with the source,
    with the target's with the target. So the first distance is 0 at k = L and the second at k = 0. Roots of
    the transport costs, in the units of the features.
    """
    source, target = bridge.features(bridge.source), bridge.features(bridge.target)
    rows = []
    for k in np.linspace(0, bridge.tokens, POINTS).round().astype(int).tolist():
        mixed = bridge.features(bridge.mixed(k))
        to_source = otdd(source, bridge.source_y, mixed, bridge.source_y)
        to_target = otdd(mixed, bridge.classes, target, bridge.classes)
        rows.append(
            {
                "k": k,
                "fraction": k / bridge.tokens,
                "source_to_intermediate": max(0.0, float(to_source)) ** 0.5,
                "intermediate_to_target": max(0.0, float(to_target)) ** 0.5,
            }
        )
    return rows


def draw_distances(rows: list[dict[str, float]], path: Path) -> None:
    """Draw what `measure_distances` found."""
    fractions = [row["fraction"] for row in rows]
    curves = (
        ("source_to_intermediate", "source to intermediate", SOURCE_COLOUR),
        ("intermediate_to_target", "intermediate to target", TARGET_COLOUR),
    )
    with saved_figure(path, 5.2, 3.6) as figure:
        axes = figure.subplots()
        for key, label, colour in curves:
            axes.plot(fractions, [row[key] for row in rows], "o-", color=colour, markersize=4, label=label)
        axes.set(xlabel="replaced fraction k / L", ylabel="OTDD of features", xlim=(0, 1), ylim=(0, None))
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
