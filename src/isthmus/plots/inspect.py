"""Inspection of a trained run: figures of its training and of its intermediate modalities."""

from pathlib import Path

from isthmus.errors import InputError
from isthmus.files import make_folder
from isthmus.plots.figures import draw_curves, draw_distances, draw_embeddings
from isthmus.plots.intermediate import intermediate_modalities, measure_distances
from isthmus.plots.replaced import draw_replaced
from isthmus.tasks import Task, load_task, tasks
from isthmus.training import Run
from isthmus.training.callbacks import write_rows


def inspect(run: Run | Path | str, task: Task | None = None, out: Path | str | None = None) -> list[Path]:
    """Draw figures of a finished run, and write the distances behind one of them as `distances.csv`.

    Args:
        run: Run, or its folder.
        task: Task that the run was trained on; by default the task of that name.
        out: Folder to write the files to; by default `inspect` in the run's folder.

    Returns:
        Paths of the files: loss and error per epoch, replaced patches, features in the plane, distances
        along k, and their table.

    Raises:
        InputError: If the run is not finished, its method has no pretrained backbone, or no task has its
            task's name and none is given.
    """
    run = run if isinstance(run, Run) else Run(Path(run))
    name = run.result["task"]
    if task is None and name not in tasks:
        raise InputError(
            f"the task '{name}' of '{run.folder}' is not known by name; give its data: --data FILE, or "
            "isthmus.inspect(run, task)",
            kind="missing",
            key="task",
        )
    modalities = intermediate_modalities(run, task or load_task(name))
    folder = make_folder(Path(out) if out is not None else run.folder / "inspect")
    figures = [folder / f"{name}.png" for name in ("curves", "replaced", "embeddings", "distances")]
    curves, replaced, embeddings, distances = figures
    draw_curves({run.result["method"]: run}, curves)
    draw_replaced(modalities, replaced)
    draw_embeddings(modalities, embeddings)
    rows = measure_distances(modalities)
    draw_distances(rows, distances)
    write_rows(folder / "distances.csv", rows)
    return [*figures, folder / "distances.csv"]
