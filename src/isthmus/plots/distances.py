"""Figure of the distances from source to intermediate and from intermediate to target along k."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from isthmus.plots.style import SOURCE_COLOUR, TARGET_COLOUR, new_figure, with_grid

CURVES = (
    ("source_to_intermediate", "source to intermediate", SOURCE_COLOUR, "s"),
    ("intermediate_to_target", "intermediate to target", TARGET_COLOUR, "o"),
)


def draw_distances(rows: Sequence[Mapping[str, float]]) -> Figure:
    """Draw the distances between modalities over the replaced fraction, with their standard error as a band.

    Args:
        rows: Distances from `measure_distances`.
    """
    fractions = [row["fraction"] for row in rows]
    with new_figure() as figure:
        axes = figure.subplots()
        for key, label, colour, marker in CURVES:
            distances = [row[key] for row in rows]
            errors = [row[f"{key}_error"] for row in rows]
            lower = [max(0.0, d - e) for d, e in zip(distances, errors, strict=True)]
            upper = [d + e for d, e in zip(distances, errors, strict=True)]
            axes.fill_between(fractions, lower, upper, color=colour, alpha=0.25, linewidth=0)
            axes.plot(fractions, distances, marker=marker, color=colour, label=label, clip_on=False, zorder=3)
        axes.set(xlabel="replaced fraction k / L", ylabel="OTDD of features", xlim=(0, 1), ylim=(0, None))
        with_grid(axes)
        axes.legend(loc="lower center")
    return figure
