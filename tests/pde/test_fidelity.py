"""Starts of 1,000 samples beside those of the published generator's formula, written out here on its own.

The published formula as PDEBench's generator has it (facts, not code): arrays of all samples at once, wave
numbers per distance of the first and the last point. Rows of docs/fidelity.md come from here.
"""

from pathlib import Path

import numpy as np
import pytest
from scipy import fft

from isthmus.pde import equations
from isthmus.seeding import numpy_generator

SAMPLES = 1000
PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"
Statistics = dict[str, tuple[float, ...]]
"""Variable -> mean, deviation, root mean square of the gradient; or mean and deviation of a share"""


def waves(rng: np.random.Generator, x: np.ndarray, largest: int, window_probability: float) -> np.ndarray:
    """Draw sums of sines [1000, x]: two of the wave numbers 1 to `largest`, the others 0."""
    chosen = np.zeros((SAMPLES, largest))
    for _ in range(2):
        chosen[np.arange(SAMPLES), rng.integers(0, largest, SAMPLES)] += 1
    k = 2 * np.pi * np.arange(1, largest + 1) * chosen / (x[-1] - x[0])
    amplitude, phase = rng.random((SAMPLES, largest, 1)), 2 * np.pi * rng.random((SAMPLES, largest, 1))
    u = (amplitude * np.sin(k[..., None] * x + phase)).sum(1)
    u = np.where(rng.random((SAMPLES, 1)) < 0.1, np.abs(u), u) * rng.choice([-1, 1], (SAMPLES, 1))
    place = rng.random((SAMPLES, 1))
    left, right = 0.1 + 0.35 * place, 0.55 + 0.35 * place
    window = 0.5 * (np.tanh((x - left) / 0.01) - np.tanh((x - right) / 0.01))
    return np.asarray(np.where(place < window_probability, u * window, u))


def to_unit(u: np.ndarray) -> np.ndarray:
    u = u - u.min(1, keepdims=True)
    return np.asarray(u / u.max(1, keepdims=True))


def centres(low: float, high: float, cells: int) -> np.ndarray:
    return low + (high - low) * (np.arange(cells) + 0.5) / cells


def published(name: str, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw 1,000 starts by the published formula."""
    line, gas, square = centres(0, 1, 1024), centres(-1, 1, 1024), centres(0, 1, 64)
    if name in ("advection1d", "burgers1d"):
        return {"u": waves(rng, line, 4, 0.1)}
    if name == "reaction-diffusion1d":
        return {"u": to_unit(waves(rng, line, 4, 0.1))}
    if name == "navier-stokes1d":

        def positive(low: float) -> np.ndarray:
            scale, shift = low * 10 ** rng.random((2, SAMPLES, 1))
            return np.asarray(scale * to_unit(waves(rng, gas, 3, 0.5)) + shift)

        return {"density": positive(1), "Vx": waves(rng, gas, 3, 0.5), "pressure": positive(10)}
    if name == "diffusion-sorption1d":
        return {"u": np.repeat(rng.uniform(0, 0.2, (SAMPLES, 1)), 64, 1)}
    if name == "darcy2d":  # five batches of 200, a threshold each
        grounds = []
        for _ in range(5):
            c, s = rng.random((2, 200, 5, 1)), 0.5 * rng.random((200, 5, 1))
            bumps = np.einsum("nbx,nby->nxy", *np.exp(-((square - c) ** 2) / s))
            grounds.append(np.where(bumps > bumps.mean(), 1.0, 0.1))
        return {"nu": np.concatenate(grounds)}
    if name == "nasbench360-darcy":
        rate = np.pi**2 * (np.arange(64)[:, None] ** 2 + np.arange(64) ** 2) + 9
        modes = rng.normal(size=(SAMPLES, 64, 64)) / rate
        modes[:, 0, 0] = 0
        return {"coeff": np.where(fft.idctn(modes, axes=(1, 2), norm="ortho") >= 0, 12.0, 3.0)}
    if name == "shallow-water2d":
        x = centres(-2.5, 2.5, 64)
        inside = x[:, None] ** 2 + x**2 <= rng.uniform(0.3, 0.7, (SAMPLES, 1, 1)) ** 2
        return {"height": 1.0 + inside}
    return dict(zip("uv", rng.normal(size=(2, SAMPLES, 64, 64)), strict=True))


def statistics(name: str, starts: dict[str, np.ndarray]) -> Statistics:
    """Compute the rows of the table."""
    found: Statistics = {}
    for variable, values in starts.items():
        if values.ndim == 3 and len(np.unique(values)) == 2:
            share = (values == values.max()).mean((1, 2))
            found[variable] = (float(share.mean()), float(share.std()))
            continue
        length = 2.0 if name in ("navier-stokes1d", "reaction-diffusion2d") else 1.0
        gradient = np.diff(values, axis=-1) * values.shape[-1] / length
        rms = float(np.sqrt(np.square(gradient).mean()))
        found[variable] = (float(values.mean()), float(values.std()), rms)
    return found


def ours(name: str) -> Statistics:
    equation = equations[name]()
    resolution = 1024 if set(equation.axes(64)) == {"x", "t"} and name != "diffusion-sorption1d" else 64
    rngs = [numpy_generator(0, "pde", name, number) for number in range(SAMPLES)]
    return statistics(name, equation.start(rngs, resolution))


@pytest.mark.parametrize("name", sorted(equations))
def test_starts_are_those_of_the_published_formula(name: str) -> None:
    """To what 1,000 samples can tell: several draws of the formula say how far two of them are apart."""
    draws = [statistics(name, published(name, np.random.default_rng(seed))) for seed in range(4)]
    found = ours(name)
    text = PAGE.read_text(encoding="utf-8")
    for variable, figures in found.items():
        rivals = np.array([draw[variable] for draw in draws])
        spread = np.maximum(rivals.std(0, ddof=1), 1e-9 + 0.01 * np.abs(rivals).max(0))
        assert (np.abs(figures - rivals.mean(0)) < 5 * spread).all(), (variable, figures, rivals)
        row = f"| {name} | {variable} | {cells(figures)} | {cells(tuple(rivals.mean(0)))} |"
        assert row in text, row


def cells(figures: tuple[float, ...]) -> str:
    """Return figures as two cells of a table: statistics, and share of the higher phase."""
    shown = [f"{figure:.3g}" for figure in figures]
    return f"{', '.join(shown)} | -" if len(figures) == 3 else f"- | {' ± '.join(shown)}"
