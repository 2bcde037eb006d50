"""Random initial states of PDEBench's one-dimensional equations.

Takamoto et al., NeurIPS 2022, appendix D. As in the published data, each of the eight modes is in the sum: a
mode that is not drawn has wave number 0, so that it adds a constant, and a mode that is drawn twice has twice
its wave number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.pde.equation import Array

MAX_WAVE_NUMBER = 8
WAVE_NUMBERS = np.arange(1, MAX_WAVE_NUMBER + 1)
"""Numbers of waves in the domain that are drawn from"""
EDGE = 0.01
"""Width of the window's edges, in units of x"""


@dataclass(frozen=True, eq=False)
class RandomSine:
    """N sums of sine waves, some made positive and some cut to a window, as a function of x.

    Attributes:
        low, high: Ends of the domain, on which the functions are periodic.
        waves, amplitudes, phases: Wave numbers (per domain), amplitudes and phases, [N, 8] each.
        positive: Whether the absolute value is taken, [N].
        sign: Sign of the whole function, [N].
        windowed: Whether the function is cut to a window, [N].
        window: Edges of the window as fractions of the domain, [N, 2].
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
        rngs: Sequence[np.random.Generator],
        modes: int = 2,
        window_probability: float = 0.1,
        low: float = 0.0,
        high: float = 1.0,
    ) -> "RandomSine":
        """Draw one function from each random generator.

        Args:
            rngs: N random generators.
            modes: Number of modes drawn, with repetition.
            window_probability: Probability that a function is cut to a window.
            low: Lower end of the domain.
            high: Upper end of the domain.
        """

        def draw_one(rng: np.random.Generator) -> tuple[object, ...]:
            return (
                WAVE_NUMBERS
                * np.bincount(rng.integers(0, MAX_WAVE_NUMBER, modes), minlength=MAX_WAVE_NUMBER),
                rng.uniform(0, 1, MAX_WAVE_NUMBER),
                rng.uniform(0, 2 * np.pi, MAX_WAVE_NUMBER),
                rng.random() < 0.1,
                rng.choice([-1.0, 1.0]),
                rng.random() < window_probability,
                [rng.uniform(0.1, 0.45), rng.uniform(0.55, 0.9)],
            )

        parts = [np.asarray(part) for part in zip(*map(draw_one, rngs), strict=True)]
        return cls(low, high, *parts)

    def __call__(self, x: Array) -> Array:
        """Return the values at x [*shape]: [N, *shape]."""
        length = self.high - self.low
        position = (x - self.low) / length % 1.0

        def broadcast(values: Array) -> Array:
            return values.reshape(-1, *[1] * x.ndim)

        modes = zip(self.waves.T, self.amplitudes.T, self.phases.T, strict=True)
        u: Array = sum(
            broadcast(a) * np.sin(2 * np.pi * broadcast(n) * position + broadcast(phase))
            for n, a, phase in modes
        )
        u[self.positive] = np.abs(u[self.positive])
        for i in np.flatnonzero(self.windowed):
            left, right = (np.tanh((position - edge) * length / EDGE) for edge in self.window[i])
            u[i] *= 0.5 * (left - right)
        return u * broadcast(self.sign)


def rescale_to_unit(u: Array) -> Array:
    """Shift and scale each sample of [N, x] to lie between 0 and 1."""
    low, high = u.min(1, keepdims=True), u.max(1, keepdims=True)
    scaled: Array = (u - low) / (high - low)
    return scaled
