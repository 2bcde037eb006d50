"""A trained run, looked at: pictures and figures of its bridge."""

from pathlib import Path

from isthmus.errors import InputError
from isthmus.files import make_folder
from isthmus.plots.bridge import cross
from isthmus.plots.curves import draw_curves
from isthmus.plots.distances import draw_distances, measure_distances
from isthmus.plots.embeddings import draw_embeddings
from isthmus.plots.replaced import draw_replaced
from isthmus.tasks import Task, load_task, tasks
from isthmus.training import Run
from isthmus.training.callbacks import write_rows


def inspect(run: Run | Path | str, task: Task | None = None, out: Path | str | None = None) -> list[Path]:
    """Draw what a finished run looks like; the figures behind the distances are kept as `distances.csv`.

    Args:
        run: or its folder.
        task: that it was trained on; by default the one known by its name.
        out: folder of the files; by default `inspect` in the run's folder.

    Returns:
        The files: loss and error per epoch, replaced patches, features in the plane, distances along k.

    Raises:
        InputError: if the run is not finished, or its task is not known by name and none is given.
    """
    run = run if isinstance(run, Run) else Run(Path(run))
    name = run.result["task"]
    if task is None and name not in tasks:
        raise InputError(
            f"the task '{name}' of '{run.folder}' is not known by name; give it: isthmus.inspect(run, task)"
        )
    bridge = cross(run, task or load_task(name))
    folder = make_folder(Path(out) if out is not None else run.folder / "inspect")
    files = [folder / f"{what}.png" for what in ("curves", "replaced", "embeddings", "distances")]
    curves, replaced, embeddings, distances = files
    draw_curves({run.result["method"]: run}, curves)
    draw_replaced(bridge, replaced)
    draw_embeddings(bridge, embeddings)
    rows = measure_distances(bridge)
    draw_distances(rows, distances)
    write_rows(folder / "distances.csv", rows)
    return [*files, folder / "distances.csv"]
