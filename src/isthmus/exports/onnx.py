"""Export to ONNX through torch.export, compared through onnxruntime before anything is written."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus.errors import InputError
from isthmus.exports.exported_net import ABOUT, INPUT, OUTPUT, new_session
from isthmus.exports.exporter import exporters
from isthmus.files import atomic_write
from isthmus.model import Net
from isthmus.seeding import torch_generator

TOLERANCE = 1e-4
"""Greatest difference of an output, as a part of the greatest output"""
SAMPLES = 3


@exporters.register("onnx")
def onnx(net: Net, about: str, path: Path) -> None:
    """Write a network for one sample [1, C, ...] as an ONNX file with its weights inside.

    Raises:
        InputError: If a package is missing, the network has an operation that ONNX lacks, or the file's
            outputs are not the network's.
    """
    for package in ("onnx", "onnxscript", "onnxruntime"):
        if find_spec(package) is None:
            message = f"exporting needs the package {package}: pip install isthmus[onnx]"
            raise InputError(message, kind="dependency", key=package)
    name = getattr(net.spec, "method", None) or getattr(net.spec, "embedder", net.spec.task)
    dtype = net.x_mean.dtype
    x = torch.randn(SAMPLES, *net.spec.input_shape, generator=torch_generator(0, "export"), dtype=dtype)
    shape = (*net.x_std.shape, *[1] * (x.dim() - 1 - net.x_std.dim()))
    x = x * net.x_std.view(shape) + net.x_mean.view(shape)  # like the data that it was trained on
    with torch.inference_mode():
        expected = torch.cat([net(sample) for sample in x[:, None]]).numpy()
    try:
        with _silent(), torch.no_grad():
            graph = torch.export.export(net, (x[:1],), strict=False).run_decompositions(DECOMPOSITIONS)
            program: Any = torch.onnx.export(
                graph, input_names=[INPUT], output_names=[OUTPUT], dynamo=True, verbose=False
            )
    except Exception as error:  # each operation fails in a way of its own
        raise InputError(
            f"the network of '{name}' cannot be exported to ONNX, which lacks what it does: {_reason(error)}",
            kind="conflict",
            key="onnx",
        ) from None
    program.model.metadata_props[ABOUT] = about
    with atomic_write(path) as beside:
        try:
            program.save(beside)
            session = new_session(beside)
            found = np.concatenate([session.run(None, {INPUT: sample.numpy()})[0] for sample in x[:, None]])
        except InputError as error:
            raise InputError(
                f"onnxruntime cannot run the ONNX file of '{name}', so it is not written:"
                f" {str(error).rpartition('failed:')[2]}",
                kind="conflict",
                key="onnx",
            ) from None
        difference = float(np.abs(found - expected).max() / max(1e-12, np.abs(expected).max()))
        if not difference <= TOLERANCE:
            raise InputError(
                f"the ONNX file of '{name}' gives other outputs than the network (they differ by"
                f" {difference:.1g} of the largest), so it is not written",
                kind="conflict",
                key="onnx",
            )


def _adaptive_max_pool1d(x: Tensor, size: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return the greatest value of each part of x [..., L], [..., size]; ONNX has no such pool."""
    points, (parts,) = x.shape[-1], size
    ends = ((i * points // parts, -(-(i + 1) * points // parts)) for i in range(parts))
    greatest = torch.stack([x[..., start:end].amax(-1) for start, end in ends], -1)
    return greatest, torch.zeros(greatest.shape, dtype=torch.int64)


DECOMPOSITIONS = {torch.ops.aten.adaptive_max_pool1d.default: _adaptive_max_pool1d}
"""What is taken apart before the exporter, which knows it not"""


def _reason(error: BaseException) -> str:
    """Return the first line of the error that the exporter's own one came from."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error) or type(error).__name__).strip().splitlines()[0][:200]


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep what the exporter prints, warns of and logs from the terminal."""
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
