"""Seeds and generators of random draws that depend on their purpose, never on earlier draws.

A generator is made from (seed, epoch, step, purpose...), so a run that was interrupted and resumed draws
exactly what the uninterrupted run would have drawn.
"""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def derive_seed(*parts: int | str) -> int:
    """Return a 63-bit seed, the same on every machine.

    Args:
        *parts: Non-negative integers and words, such as seed, epoch, step and purpose.

    Raises:
        ValueError: If an integer is negative.
    """
    if any(isinstance(part, int) and part < 0 for part in parts):
        raise ValueError(f"parts of a seed are non-negative integers and words, not {parts}")
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def torch_generator(*parts: int | str, device: "torch.device | str" = "cpu") -> "torch.Generator":
    """Return a torch generator seeded by `derive_seed(*parts)`."""
    import torch  # imported here because the processes that solve equations do without torch

    return torch.Generator(device).manual_seed(derive_seed(*parts))


def numpy_generator(*parts: int | str) -> np.random.Generator:
    """Return a numpy generator seeded by `derive_seed(*parts)`."""
    return np.random.default_rng(derive_seed(*parts))
