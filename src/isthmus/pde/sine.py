"""Random initial states of PDEBench's one-dimensional equations.

Takamoto et al., NeurIPS 2022, appendix D, as its generator draws them. Each of the K modes is in the sum: a
mode that is not drawn has wave number 0, so that it adds a constant, and a mode that is drawn twice has twice
its wave number. One random number decides whether there is a window and where, so a function is cut where
that number is small: at the left end of the range of windows, all of which have one width.

One thing differs: the published waves have a period of one cell less than the domain, and jump at its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.pde.equation import Array

DRAWS = 2
"""Number of modes drawn, with repetition"""
LEFT_EDGE, RIGHT_EDGE, WINDOW_SHIFT = 0.1, 0.55, 0.35
"""Leftmost window, and the range that it is shifted in, in units of x, whatever the domain"""
EDGE = 0.01
"""Width of the window's edges, in units of x"""


@dataclass(frozen=True, eq=False)
class RandomSine:
    """N sums of sine waves, some made positive and some cut to a window, as a function of x.

    Attributes:
        low, high: Ends of the domain, on which the functions are periodic.
        waves, amplitudes, phases: Wave numbers (per domain), amplitudes and phases, [N, K] each.
        positive: Whether the absolute value is taken, [N].
        sign: Sign of the whole function, [N].
        windowed: Whether the function is cut to a window, [N].
        window: Edges of the window in units of x, [N, 2].
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
        waves: int = 4,
        window_probability: float = 0.1,
        low: float = 0.0,
        high: float = 1.0,
    ) -> "RandomSine":
        """Draw one function from each random generator.

        Args:
            rngs: N random generators.
            waves: Largest wave number K.
            window_probability: Probability that a function is cut to a window.
            low: Lower end of the domain.
            high: Upper end of the domain.
        """

        def draw_one(rng: np.random.Generator) -> tuple[object, ...]:
            drawn = np.bincount(rng.integers(0, waves, DRAWS), minlength=waves)
            amplitudes, phases = rng.uniform(0, 1, waves), rng.uniform(0, 2 * np.pi, waves)
            positive, sign, place = rng.random() < 0.1, rng.choice([-1.0, 1.0]), rng.random()
            window = LEFT_EDGE + WINDOW_SHIFT * place, RIGHT_EDGE + WINDOW_SHIFT * place
            return (
                np.arange(1, waves + 1) * drawn,
                amplitudes,
                phases,
                positive,
                sign,
                place < window_probability,
                window,
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
            left, right = (np.tanh((self.low + position * length - edge) / EDGE) for edge in self.window[i])
            u[i] *= 0.5 * (left - right)
        return u * broadcast(self.sign)


def rescale_to_unit(u: Array) -> Array:
    """Shift and scale each sample of [N, x] to lie between 0 and 1."""
    low, high = u.min(1, keepdims=True), u.max(1, keepdims=True)
    scaled: Array = (u - low) / (high - low)
    return scaled
