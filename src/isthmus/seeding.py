"""Random draws that depend on what they are for, never on what was drawn before them.

A generator is made from (seed, epoch, step, purpose...), so a run that was cut off and resumed
draws exactly what the uninterrupted run would have drawn.
"""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def derive_seed(*parts: int | str) -> int:
    """A 63-bit seed, the same on every machine, from non-negative integers and words."""
    if any(isinstance(part, int) and part < 0 for part in parts):
        raise ValueError(f"parts of a seed are non-negative integers and words, not {parts}")
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def torch_generator(*parts: int | str, device: "torch.device | str" = "cpu") -> "torch.Generator":
    """A torch generator seeded by `parts`."""
    import torch  # the processes that solve equations do without

    return torch.Generator(device).manual_seed(derive_seed(*parts))


def numpy_generator(*parts: int | str) -> np.random.Generator:
    """A numpy generator seeded by `parts`."""
    return np.random.default_rng(derive_seed(*parts))
