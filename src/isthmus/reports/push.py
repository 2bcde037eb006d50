"""A run's model on the Hugging Face hub."""

import shutil
import tempfile
from pathlib import Path

from isthmus.hub import upload
from isthmus.reports.card import write_card
from isthmus.training import Run
from isthmus.training.kept import DATA
from isthmus.training.run_folder import CONFIG, DESCRIPTION, METRICS, RESULT

KEPT = (CONFIG, RESULT, METRICS, DATA, DESCRIPTION)
"""Files of a run beside its model that are shared, under `run/`"""


def push_to_hub(run: str | Path | Run, name: str, *, private: bool = False) -> str:
    """Put the network of a run on the Hugging Face hub, with a card made from the run.

    `CrossModalNet.from_pretrained(name)` loads it. Samples and predictions are not uploaded; figures of the
    card show a few samples.

    Args:
        run: Finished run, or its folder.
        name: Name of the repository: "user/name".
        private: Whether a new repository is seen by its owner alone.

    Returns:
        Address of the repository.

    Raises:
        InputError: If the run is not finished, or the hub does not take it.
    """
    run = run if isinstance(run, Run) else Run(Path(run))
    with tempfile.TemporaryDirectory() as folder:
        stage(run, name, Path(folder))
        return upload(Path(folder), name, private, f"{run.result['method']} on {run.result['task']}")


def stage(run: Run, name: str, folder: Path) -> None:
    """Write what is uploaded: the network, its card with figures, and `run/` with settings and result."""
    run.net.save_pretrained(folder)
    write_card(run, name, folder)
    (folder / "run").mkdir()
    for file in KEPT:
        if (run.folder / file).is_file():
            shutil.copyfile(run.folder / file, folder / "run" / file)
