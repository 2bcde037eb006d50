"""The random start of PDEBench's one-dimensional equations (Takamoto et al., NeurIPS 2022, appendix D).

As in the published data, every one of the eight modes is in the sum: one that is not drawn has wave number 0,
so that it adds a constant, and one that is drawn twice has twice its wave number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.pde.equation import Array

HIGHEST = 8  # waves in the domain
MODES = np.arange(1, HIGHEST + 1)
EDGE = 0.01  # width of the window's edges, in units of x


@dataclass(frozen=True, eq=False)
class RandomSine:
    """A sum of sine waves, for some samples made positive or cut to a window; a function of x.

    Attributes:
        low, high: the domain, in which it is periodic.
        waves, amplitudes, phases: [N, 8] wave numbers (in the domain), heights and phases.
        positive: [N] whether the absolute value is taken.
        sign: [N] of the whole.
        windowed: [N] whether it is cut to a window.
        window: [N, 2] the window's edges, as fractions of the domain.
    """

    low: float
    high: float
    waves: Array
    amplitudes: Array
    phases: Array
    positive: Array
    sign: Array
    windowed: Array
    window: Array

    @classmethod
    def draw(
        cls,
        draws: Sequence[np.random.Generator],
        modes: int = 2,
        window: float = 0.1,
        low: float = 0.0,
        high: float = 1.0,
    ) -> "RandomSine":
        """One from each generator.

        Args:
            modes: how many are drawn, with repetition.
            window: the probability of one.
        """

        def each(rng: np.random.Generator) -> tuple[object, ...]:
            return (
                MODES * np.bincount(rng.integers(0, HIGHEST, modes), minlength=HIGHEST),
                rng.uniform(0, 1, HIGHEST),
                rng.uniform(0, 2 * np.pi, HIGHEST),
                rng.random() < 0.1,
                rng.choice([-1.0, 1.0]),
                rng.random() < window,
                [rng.uniform(0.1, 0.45), rng.uniform(0.55, 0.9)],
            )

        drawn = [np.asarray(part) for part in zip(*map(each, draws), strict=True)]
        return cls(low, high, *drawn)

    def __call__(self, x: Array) -> Array:
        """The values at x [*shape]: [N, *shape]."""
        length = self.high - self.low
        place = (x - self.low) / length % 1.0

        def each(values: Array) -> Array:
            return values.reshape(-1, *[1] * x.ndim)

        modes = zip(self.waves.T, self.amplitudes.T, self.phases.T, strict=True)
        u: Array = sum(each(a) * np.sin(2 * np.pi * each(n) * place + each(phase)) for n, a, phase in modes)
        u[self.positive] = np.abs(u[self.positive])
        for i in np.flatnonzero(self.windowed):
            left, right = (np.tanh((place - edge) * length / EDGE) for edge in self.window[i])
            u[i] *= 0.5 * (left - right)
        return u * each(self.sign)


def normalised(u: Array) -> Array:
    """Samples [N, x], each shifted and scaled to lie between 0 and 1."""
    low, high = u.min(1, keepdims=True), u.max(1, keepdims=True)
    scaled: Array = (u - low) / (high - low)
    return scaled
