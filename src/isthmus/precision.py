"""The type of new tensors, whatever another library has set."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_precision() -> Iterator[None]:
    """Make torch's new tensors float32 inside, and afterwards what they were before.

    Networks are float32, so another library's `torch.set_default_dtype(torch.float64)` would give layers and
    inputs of two types. It serves as a decorator, too.
    """
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
