"""Demonstration on small real data sets: training from scratch, fine-tuning, and crossing."""

from pathlib import Path

import yaml
from rich import box
from rich.console import Console
from rich.table import Table

from isthmus.plots import (
    draw_classes,
    draw_curves,
    draw_distances,
    draw_embeddings,
    draw_replaced,
    feature_plane,
    intermediate_modalities,
    measure_distances,
    save,
)
from isthmus.tasks import load_task
from isthmus.training import Run, fit
from isthmus.training.callbacks import read_rows
from isthmus.training.run_folder import METRICS

RECIPES = Path(__file__).with_suffix(".yaml")
"""Tasks, methods and settings of the demonstration."""


def demo(out: Path) -> None:
    """Fit every method on every task of `demo.yaml`, print the test errors and draw figures.

    A finished run in the folder is not repeated; one that was cut off goes on.

    Args:
        out: Folder for runs and figures.
    """
    console = Console()
    recipe = yaml.safe_load(RECIPES.read_text())
    table = Table("task", *recipe["methods"], box=box.SIMPLE_HEAD, title="test error")
    for name, settings in recipe["tasks"].items():
        task = load_task(name)
        console.print(f"{name}: {task.about} ({task.shape})")
        runs: dict[str, Run] = {}
        for method in recipe["methods"]:
            folder = out / "runs" / f"{name}-{method}"
            runs[method] = fit(
                task, method=method, out=folder, resume=True, floor=False, **recipe["settings"], **settings
            )
        table.add_row(name, *[f"{100 * (run.test_error or 0):.1f} %" for run in runs.values()])
        pictures = out / "pictures"
        pictures.mkdir(exist_ok=True)
        modalities = intermediate_modalities(runs["pare"], task.train)
        plane = feature_plane(modalities)
        epochs = {method: read_rows(run.folder / METRICS) for method, run in runs.items()}
        figures = {
            "curves": draw_curves(epochs, task.metric),
            "replaced": draw_replaced(modalities),
            "embeddings": draw_embeddings(plane),
            "classes": draw_classes(plane, task.classes),
            "distances": draw_distances(measure_distances(modalities)),
        }
        for part, figure in figures.items():
            if figure is not None:
                save(figure, pictures / f"{name}-{part}.png")
    console.print(table)
    console.print(f"pictures: {out / 'pictures'}   runs: {out / 'runs'}")
