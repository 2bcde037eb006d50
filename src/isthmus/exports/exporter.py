"""Export of a run's network, with what is needed to predict with it, to a file of another format."""

import json
from collections.abc import Callable
from pathlib import Path

from isthmus.errors import InputError
from isthmus.files import make_folder
from isthmus.model import Net
from isthmus.precision import single_precision
from isthmus.registry import LazyRegistry
from isthmus.training import Run
from isthmus.training.run_folder import DESCRIPTION
from isthmus.version import __version__

Exporter = Callable[[Net, str, Path], None]
"""(network in evaluation mode, what `ExportedNet` has to know as JSON, file to write)"""

exporters: LazyRegistry[Exporter] = LazyRegistry(
    "format to export to", "isthmus.exports", variable="exporters"
)


@single_precision()
def export(run: str | Path | Run, to: str = "onnx", out: str | Path | None = None) -> Path:
    """Export the network of a run to a file that needs no torch; `ExportedNet(file)` predicts with it.

    Args:
        run: Finished run, or its folder.
        to: Name in `exporters`.
        out: File; by default RUN/model.onnx.

    Returns:
        The file.

    Raises:
        InputError: If the run is not finished, the network cannot be expressed in that format or says
            something else there, or a package is missing.
    """
    exporters.check(to)
    run = run if isinstance(run, Run) else Run(Path(run))
    path = run.folder / f"model.{to}" if out is None else Path(out)
    if path.suffix != f".{to}":
        raise InputError(f"'{path}' ends in '{path.suffix}'; give a name that ends in .{to}", key=path)
    make_folder(path.absolute().parent)
    spec = run.net.spec.model_dump(mode="json")
    description = run.folder / DESCRIPTION
    about = {
        "isthmus": __version__,
        "task": spec["task"],
        "kind": spec["kind"],
        "input_shape": spec["input_shape"],
        "output_channels": spec["output_channels"],
        "classes": spec["classes"],
        "description": description.read_text(encoding="utf-8") if description.is_file() else None,
    }
    exporters[to](run.net.cpu().eval(), json.dumps(about), path)
    return path
