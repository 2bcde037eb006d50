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


def generator_on(device: "torch.device", generator: "torch.Generator | None") -> "torch.Generator | None":
    """Return a generator of large draws on a device: the one that is given, or one that it seeds.

    Only the seed is drawn on the CPU, so that no array of numbers is sent over and no device is waited for.

    Args:
        device: Device that the numbers are drawn on.
        generator: Generator on the CPU; None for the global one.
    """
    import torch

    if device.type == "cpu":
        return generator
    seed = int(torch.randint(2**62, (), generator=generator))
    return torch.Generator(device).manual_seed(seed)
