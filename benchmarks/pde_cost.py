"""How long does a published data set take to generate, and how much less is it than a loop over scipy?

Each equation is solved at its published resolution on all cores, by as many fresh processes as there are
cores. For each equation this prints: the time of one core for one sample, by `generate` with its file; the
time that follows for 1,000 samples on all cores, if they have nothing else to do; the peak memory of a
process; and the ratio of the floor to ours, both without files. The floor solves one sample after the other
on the same discretisation: by `scipy.integrate.solve_ivp`, with the fastest suitable method at a tolerance
close to our accuracy (where that takes long, a part of the time is run and scaled up), and by
`scipy.sparse.linalg.spsolve` where nothing depends on time.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, sparse
from scipy.integrate import solve_ivp
from scipy.sparse.linalg import spsolve

from isthmus.pde import equations, generate
from isthmus.pde.diffusion_sorption import DiffusionSorption
from isthmus.pde.elliptic import harmonic_mean
from isthmus.pde.equation import Array, time_points
from isthmus.pde.navier_stokes import conserved, gas_rate
from isthmus.pde.shallow_water import rate as pool_rate
from isthmus.seeding import numpy_generator

PDEBENCH = [name for name in equations if name != "nasbench360-darcy"]
SMALLEST = {"samples": 8, "resolution": 16, "processes": 1}
Rate = Callable[[float, Array], Array]


def integrate(rate: Rate, start: Array, end: float, count: int, part: float = 1.0, **how: Any) -> float:
    """Return the seconds that solve_ivp takes for `count` saved intervals, scaled up from a part of them."""
    times = time_points(end * part, max(round(count * part), 1))
    began = time.process_time()
    result = solve_ivp(rate, (0, times[-1]), start, t_eval=times, **how)
    assert result.success
    return (time.process_time() - began) / part


def waves(points: int) -> NDArray[np.complex128]:
    """Return the factors of the Fourier modes under differentiation."""
    return np.asarray(2j * np.pi * np.arange(points // 2 + 1), np.complex128)


def advection(u: Array) -> float:
    wave = waves(len(u))
    return integrate(
        lambda t, u: -0.4 * fft.irfft(wave * fft.rfft(u), len(u)),
        u,
        2,
        200,
        method="RK45",
        rtol=1e-6,
        atol=1e-8,
    )


def burgers(u: Array) -> float:
    wave = waves(len(u))

    def rate(t: float, u: Array) -> Array:
        change: Array = fft.irfft(wave**2 / np.pi * fft.rfft(u) - wave * fft.rfft(u**2 / 2), len(u))
        return change

    return integrate(rate, u, 2, 200, method="BDF", rtol=1e-5, atol=1e-7)


def reaction_diffusion(u: Array) -> float:
    wave = waves(len(u))

    def rate(t: float, u: Array) -> Array:
        change: Array = 0.5 * fft.irfft(wave**2 * fft.rfft(u), len(u)) + u * (1 - u)
        return change

    return integrate(rate, u, 1, 100, method="BDF", rtol=1e-5, atol=1e-7)


def diffusion_sorption(u: Array) -> float:
    equation = DiffusionSorption()

    def rate(t: float, u: Array) -> Array:
        retardation = 1 + equation.exponent * equation.sorption * u ** (equation.exponent - 1)
        change: Array = equation.diffusion_term(u[None])[0] / retardation
        return change

    return integrate(rate, u[:, 0], 500, 100, method="LSODA", lband=1, uband=1, rtol=1e-5, atol=1e-6)


def navier_stokes(density: Array, pressure: Array, velocity: Array) -> float:
    gamma, dx, shape = 5 / 3, 2 / len(density), (3, 1, len(density))
    mu = 4 / 3 * 0.1 + 0.1

    def rate(t: float, flat: Array) -> Array:
        state = flat.reshape(shape)
        change = gas_rate(state, dx, gamma)
        density, around = (
            np.concatenate([w[:, -1:], w, w[:, :1]], axis=1) for w in (state[0], state[1] / state[0])
        )
        stress = mu * (density[:, 1:] + density[:, :-1]) / 2 * np.diff(around, axis=1) / dx
        change[1] += np.diff(stress, axis=1) / dx
        change[2] += np.diff(stress * (around[:, 1:] + around[:, :-1]) / 2, axis=1) / dx
        return change.ravel()

    start = conserved(np.stack([density, velocity, pressure]), gamma).ravel()
    return integrate(rate, start, 1, 100, part=0.02, method="RK23", rtol=1e-4, atol=1e-6)


def shallow_water(height: Array) -> float:
    """Time the whole domain, of which ours is a quarter."""
    cells = len(height)
    still = np.zeros((cells, cells))

    def rate(t: float, flat: Array) -> Array:
        return pool_rate(flat.reshape(3, 1, cells, cells), 5 / cells, 1.0).ravel()

    start = np.stack([height[..., 0], still, still]).ravel()
    return integrate(rate, start, 1, 100, part=0.2, method="RK23", rtol=1e-3, atol=1e-4)


def fitzhugh_nagumo(start: Array) -> float:
    cells = len(start)

    def laplacian(w: Array) -> Array:
        change = np.zeros_like(w)
        for along, across in ((w, change), (w.T, change.T)):
            step = np.diff(along, axis=0)
            across[:-1] += step
            across[1:] -= step
        return change * (cells / 2) ** 2

    def rate(t: float, flat: Array) -> Array:
        u, v = flat.reshape(2, cells, cells)
        u_t = 1e-3 * laplacian(u) + u - u**3 - 5e-3 - v
        return np.concatenate([u_t.ravel(), (5e-3 * laplacian(v) + u - v).ravel()])

    flat = np.moveaxis(start, -1, 0).ravel()
    return integrate(rate, flat, 5, 100, part=0.2, method="RK45", rtol=1e-4, atol=1e-6)


def darcy(conductivity: Array, edge: float = 2.0) -> float:
    """Time the five-point matrix, with harmonic means on the faces, by sparse elimination."""
    began = time.process_time()
    cells = len(conductivity)
    number = np.arange(cells**2).reshape(cells, cells)
    matrix = sparse.csr_array((cells**2, cells**2))
    diagonal = np.zeros((cells, cells))
    for low, high in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        a = harmonic_mean(conductivity[low], conductivity[high])
        diagonal[low] += a
        diagonal[high] += a
        pairs = (number[low].ravel(), number[high].ravel())
        half = sparse.csr_array((-a.ravel(), pairs), shape=matrix.shape)
        matrix = matrix + half + half.T
    for end in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        diagonal[end] += edge * conductivity[end]
    spsolve(
        sparse.csc_array(matrix + sparse.diags_array(diagonal.ravel())), np.full(cells**2, 0.1 / cells**2)
    )
    return time.process_time() - began


FLOORS: dict[str, Callable[[dict[str, Array]], float]] = {
    "advection1d": lambda sample: advection(sample["tensor"][0]),
    "burgers1d": lambda sample: burgers(sample["tensor"][0]),
    "reaction-diffusion1d": lambda sample: reaction_diffusion(sample["tensor"][0]),
    "diffusion-sorption1d": lambda sample: diffusion_sorption(sample["data"][0]),
    "navier-stokes1d": lambda sample: navier_stokes(*(sample[k][0] for k in ("density", "pressure", "Vx"))),
    "darcy2d": lambda sample: darcy(sample["nu"]),
    "shallow-water2d": lambda sample: shallow_water(sample["data"][0]),
    "reaction-diffusion2d": lambda sample: fitzhugh_nagumo(sample["data"][0]),
    "nasbench360-darcy": lambda sample: darcy(sample["coeff"][1:-1, 1:-1], edge=1.0),
}


def floor(name: str, resolution: int | None) -> float:
    """Measure the seconds of one sample by scipy."""
    equation = equations[name]()
    sample = equation.sample([numpy_generator(0, "pde", name, 0)], resolution or equation.resolution)
    return FLOORS[name]({field: values[0] for field, values in sample.items()})


def measure(name: str, samples: int, resolution: int | None) -> tuple[float, float, float, float]:
    """Measure a fresh process.

    Returns:
        Seconds of a sample with its file and without, the peak memory in GB, and the seconds of the floor.
    """
    equation = equations[name]()
    with tempfile.TemporaryDirectory() as folder:
        generate(name, Path(folder, "warm.hdf5"), samples=1, resolution=resolution)
        began = time.process_time()
        generate(name, Path(folder, "samples.hdf5"), samples=samples, resolution=resolution)
        with_file = (time.process_time() - began) / samples
    began = time.process_time()
    for first in range(0, samples, equation.batch_size):
        equation.sample(
            [numpy_generator(0, "pde", name, first + i) for i in range(equation.batch_size)],
            resolution or equation.resolution,
        )
    alone = (time.process_time() - began) / samples
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return with_file, alone, memory, floor(name, resolution)


def main() -> None:
    """Print a line for each equation, and the time for 1,000 samples of all eight equations of PDEBench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=16, help="for each core and equation; a multiple of 8")
    parser.add_argument("--equations", nargs="*", default=list(equations))
    parser.add_argument("--resolution", type=int, help="points along an axis; by default as published")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    cores, resolution = arguments.processes, arguments.resolution
    print(f"{cores} cores\n{'equation':22}{'s/sample':>10}{'1,000 in':>11}{'memory':>10}{'scipy / ours':>14}")
    total = 0.0
    for name in arguments.equations:
        with ProcessPoolExecutor(cores, get_context("spawn"), max_tasks_per_child=1) as fresh:
            runs = [fresh.submit(measure, name, arguments.samples, resolution) for _ in range(cores)]
            with_file, alone, memory, floors = np.array([run.result() for run in runs]).T
        seconds = with_file.mean()
        minutes = 1000 * seconds / cores / 60
        total += minutes if name in PDEBENCH else 0
        ratio = floors.mean() / alone.mean()
        print(f"{name:22}{seconds:10.3f}{minutes:7.1f} min{memory.max():7.2f} GB{ratio:13.1f}x", flush=True)
    print(f"1,000 samples of each of PDEBench's: {total:.0f} min")


if __name__ == "__main__":
    main()
