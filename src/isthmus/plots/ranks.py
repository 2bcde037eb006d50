"""Figures of a grid's methods: critical-difference diagram, and error against cost."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

from isthmus.plots.style import INK, PALETTE, WIDTH, new_figure, shortened, with_grid


def draw_ranks(ranks: Mapping[str, float], cliques: Sequence[Sequence[str]]) -> Figure:
    """Draw a critical-difference diagram in rows: mean ranks, and bars that join what does not differ.

    Args:
        ranks: Mean rank by name, the best first.
        cliques: Names that no test tells apart, in the order of their ranks.
    """
    names = list(ranks)
    with new_figure(WIDTH, 0.75 + 0.28 * len(names)) as figure:
        axes, bars = figure.subplots(1, 2, sharey=True, width_ratios=(5, max(0.4, 0.25 * len(cliques))))
        for place, rank in enumerate(ranks.values()):
            axes.plot((1, rank), (place, place), color=PALETTE[0], linewidth=1, alpha=0.5)
            axes.plot(rank, place, "o", color=PALETTE[0], markersize=6)
            axes.annotate(f"{rank:.2f}", (rank, place), (5, 3), textcoords="offset points", fontsize=7)
        axes.set_yticks(range(len(names)), [shortened(name, 24) for name in names])
        axes.set(xlabel="mean rank (1 is best)", xlim=(0.9, len(names) + 0.4), ylim=(len(names) - 0.5, -0.5))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        with_grid(axes, "x")
        axes.spines["left"].set_visible(False)
        for column, clique in enumerate(cliques):
            ends = (names.index(clique[0]) - 0.15, names.index(clique[-1]) + 0.15)
            bars.plot((column, column), ends, color=INK, linewidth=4, solid_capstyle="butt")
        bars.set(xlim=(-0.7, max(0.7, len(cliques) - 0.3)))
        bars.axis("off")
    return figure


def draw_costs(points: Mapping[str, tuple[float, float]], cost: str, error: str) -> Figure:
    """Draw errors against a cost on a logarithmic scale, a point for each name.

    Args:
        points: Cost and error by name.
        cost: Name and unit of the cost.
        error: Name and unit of the error.
    """
    with new_figure(WIDTH, 3.4) as figure:
        axes = figure.subplots()
        markers = "osD^vPX*"
        for number, (name, (x, y)) in enumerate(points.items()):
            colour, marker = PALETTE[number % len(PALETTE)], markers[number // len(PALETTE) % len(markers)]
            axes.plot(x, y, marker, color=colour, markersize=6, label=shortened(name, 24), linestyle="")
        axes.set(xlabel=cost, ylabel=error, xscale="log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.margins(x=0.15, y=0.15)
        with_grid(axes)
        figure.legend(loc="outside upper left", ncols=2, handletextpad=0.2, columnspacing=1.0)
    return figure
