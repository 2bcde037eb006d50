"""Inspection of a trained run: figures of its training and of its intermediate modalities."""

from pathlib import Path

from isthmus.errors import InputError
from isthmus.files import make_folder
from isthmus.plots.curves import draw_curves
from isthmus.plots.distances import draw_distances
from isthmus.plots.embeddings import draw_classes, draw_embeddings, feature_plane
from isthmus.plots.intermediate import intermediate_modalities, measure_distances
from isthmus.plots.replaced import draw_replaced
from isthmus.plots.style import save
from isthmus.tasks import Split, Task, load_task, tasks
from isthmus.training import Run
from isthmus.training.callbacks import read_rows, write_rows
from isthmus.training.kept import read_samples
from isthmus.training.run_folder import METRICS


def inspect(run: Run | Path | str, task: Task | None = None, out: Path | str | None = None) -> list[Path]:
    """Draw figures of a finished run, and write the distances behind one of them as `distances.csv`.

    Args:
        run: Run, or its folder.
        task: Task that the run was trained on; by default the task of that name, or where there is none the
            samples that the run has kept.
        out: Folder to write the files to; by default `inspect` in the run's folder.

    Returns:
        Paths of the files: loss and error per epoch, replaced patches (where the method replaces some),
        features in the plane by modality and by class, distances along k, and their table.

    Raises:
        InputError: If the run is not finished, its method has no pretrained backbone, or no task has its
            task's name, none is given and the run has kept no samples.
    """
    run = run if isinstance(run, Run) else Run(Path(run))
    method, metric = run.result["method"], run.result["metric"]
    modalities = intermediate_modalities(run, _training_samples(run) if task is None else task.train)
    rows, plane = measure_distances(modalities), feature_plane(modalities)
    figures = {
        "curves": draw_curves({method: read_rows(run.folder / METRICS)}, metric),
        "replaced": draw_replaced(modalities),
        "embeddings": draw_embeddings(plane),
        "classes": draw_classes(plane, run.net.spec.classes),
        "distances": draw_distances(rows),
    }
    folder = make_folder(Path(out) if out is not None else run.folder / "inspect")
    files = []
    for name, figure in figures.items():
        if figure is not None:
            files.append(folder / f"{name}.png")
            save(figure, files[-1])
    write_rows(folder / "distances.csv", rows)
    return [*files, folder / "distances.csv"]


def _training_samples(run: Run) -> Split:
    """Return training samples of the task of that name, or those that the run has kept."""
    name, kept = run.result["task"], read_samples(run.folder)
    if name in tasks:
        return load_task(name).train
    if kept is None:
        raise InputError(
            f"the task '{name}' of '{run.folder}' is not known by name; give its data: --data FILE, or "
            "isthmus.inspect(run, task)",
            kind="missing",
            key="task",
        )
    return Split(kept.x, kept.y)
