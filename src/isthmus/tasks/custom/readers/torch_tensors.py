"""`.pt`, `.pth`, `.safetensors`: tensors by name, or a pair as `x` and `y`; nothing else is unpickled."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats, unused
from isthmus.tasks.custom.limits import check_fits, check_size, check_zip


@formats.register(".pt")
@formats.register(".pth")
def read_pt(path: Path) -> Arrays:
    """Read tensors that `torch.save` wrote: a dict of them, or (x, y).

    Args:
        path: Path of the file.

    Raises:
        InputError: If it is damaged or holds anything but tensors.
    """
    import torch

    check_fits(path, "tensors", [path.stat().st_size], 1)
    with reading(path, "tensors"):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                check_zip(path, archive)
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:
            if "weights_only" in str(error) or "Unsupported" in str(error):
                raise ValueError(
                    "it holds more than tensors; save a dict of tensors, {'x': x, 'y': y}"
                ) from None
            raise
    if isinstance(content, torch.Tensor):
        content = {path.stem: content}
    if isinstance(content, list | tuple) and len(content) == 2:
        content = {"x": content[0], "y": content[1]}
    if not isinstance(content, Mapping):
        raise InputError(
            f"'{path}' holds {type(content).__name__}; save a dict of tensors, {{'x': x, 'y': y}}",
            kind="file",
            key=path,
        )
    tensors = {str(name): value for name, value in content.items() if _is_data(value)}
    return _arrays(path, tensors)


@formats.register(".safetensors")
def read_safetensors(path: Path) -> Arrays:
    """Read tensors by name.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged.
    """
    from safetensors.torch import load_file

    check_fits(path, "tensors", [path.stat().st_size], 1)
    with reading(path, "safetensors"):
        return _arrays(path, load_file(path))


def _is_data(value: Any) -> bool:
    """Return whether a value is a tensor, or a list of tensors or of texts."""
    import torch

    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(part, torch.Tensor | str | int | float) for part in value)
    return isinstance(value, torch.Tensor)


def _arrays(path: Path, tensors: Mapping[str, Any]) -> Arrays:
    """Return the contents of named tensors, none of them larger than what the file holds of it."""
    import torch

    for name, tensor in tensors.items():
        if isinstance(tensor, torch.Tensor):
            check_size(path, name, tensor.shape, tensor.element_size())

    def read(name: str) -> Any:
        value = tensors[name]
        if isinstance(value, torch.Tensor):
            dense = value.to_dense() if value.layout != torch.strided else value
            return (dense.float() if dense.dtype == torch.bfloat16 else dense).numpy()
        parts = [part.numpy() if isinstance(part, torch.Tensor) else part for part in value]
        return parts if any(isinstance(part, torch.Tensor) for part in value) else _column(parts)

    return Arrays(path, tuple(tensors), read, unused(tuple(tensors)))


def _column(parts: list[Any]) -> Any:
    """Return texts or numbers as an array."""
    import numpy as np

    return np.array(parts)
