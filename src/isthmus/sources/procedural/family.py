"""What a family of procedural pictures is."""

from collections.abc import Callable

from torch import Generator, Tensor

Family = Callable[[int, int, int, Generator], Tensor]
"""(class number, how many, size, generator) -> pictures [how many, size, size] in [0, 1].

The class number alone fixes the formula; the generator draws what varies within the class.
"""
