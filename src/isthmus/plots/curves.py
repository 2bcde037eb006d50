"""Loss and metric per epoch, with the curriculum's k."""

from pathlib import Path

from isthmus.plots.figure import COLOURS, saved_figure
from isthmus.training import Run
from isthmus.training.callbacks import read_rows


def draw_curves(runs: dict[str, Run], path: Path) -> None:
    """Draw training loss and validation error of each run; k, where a run mixes, on an axis of its own.

    Args:
        runs: by the name they go by in the picture; they must share a task.
    """
    with saved_figure(path, 9, 3.6) as figure:
        losses, errors = figure.subplots(1, 2)
        for name, run in runs.items():
            rows = read_rows(run.folder / "metrics.csv")
            epochs = [row["epoch"] for row in rows]
            style = {"label": name, "color": COLOURS.get(name)}
            losses.plot(epochs, [row.get("loss_target", row["loss"]) for row in rows], **style)
            if "val_error" in rows[0]:
                errors.plot(epochs, [row["val_error"] for row in rows], **style)
            if "k" in rows[0]:
                ks = losses.twinx()
                ks.fill_between(
                    epochs, [row["k"] for row in rows], step="mid", color=COLOURS.get(name), alpha=0.12
                )
                ks.set(ylabel=f"{name}: replaced tokens k (shaded)", ylim=(0, None))
        losses.set(xlabel="epoch", ylabel="training loss on target samples", yscale="log")
        errors.set(xlabel="epoch", ylabel="validation error")
        for axes in (losses, errors):
            axes.spines[["top"]].set_visible(False)
        losses.legend(frameon=False)
