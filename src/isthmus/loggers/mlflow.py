"""MLflow: a database or a folder of files on this machine, or a tracking server."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.extras import check_installed
from isthmus.loggers.logger import Opener, keep_id, known_id, loggers

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

DATABASE = "sqlite:///mlflow.db"
"""Where MLflow itself keeps runs, and `mlflow ui` looks for them"""


@loggers.register("mlflow")
def mlflow(*, experiment: str = "isthmus", uri: str | None = None) -> Opener:
    """Log to MLflow, by default to `mlflow.db` in the current directory, as MLflow itself does.

    Args:
        experiment: Name of the experiment.
        uri: Where MLflow tracks: `sqlite:///FILE`, `file:FOLDER`, or the address of a server; by default what
            MLFLOW_TRACKING_URI says.
    """
    check_installed("the logger 'mlflow'", "mlflow", "mlflow")
    found = uri or os.environ.get("MLFLOW_TRACKING_URI") or DATABASE

    @contextmanager
    def opened(folder: Path, settings: Mapping[str, Any]) -> Iterator["Logger | None"]:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        if found.startswith("file:"):
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # asked for by its name
        from lightning.pytorch.loggers import MLFlowLogger

        known = known_id(folder)
        logger = MLFlowLogger(experiment, run_name=folder.name, tracking_uri=found, run_id=known)
        if known is None and logger.run_id is not None:
            keep_id(folder, logger.run_id)
            logger.log_hyperparams(dict(settings))
        yield logger

    return opened
