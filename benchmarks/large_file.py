"""How much memory does training on a large file take? HDF5, zarr and .npy are read in parts.

Writes a file of noisy waves, trains on it for two epochs and predicts it, each by the command line in a
process of its own, and prints the peak memory of both beside that of the same on a file of a few samples.
"""

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import isthmus.training  # noqa: F401 - once, before processes are made
from isthmus import cli

LENGTH = 32_768
CHUNK = 128
STEPS = 20


def waves(samples: int) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield rows, series [n, LENGTH] and their classes in chunks."""
    time = np.linspace(0, 600, LENGTH, dtype=np.float32)
    for start in range(0, samples, CHUNK):
        rng = np.random.default_rng(start)
        rows = slice(start, min(start + CHUNK, samples))
        y = np.arange(rows.start, rows.stop) % 2
        phase = rng.uniform(0, 6, (len(y), 1)).astype(np.float32)
        noise = rng.normal(size=(len(y), LENGTH)).astype(np.float32)
        yield rows, np.sin((3 + 2 * y[:, None].astype(np.float32)) * time + phase) + 0.3 * noise, y


def write_h5(path: Path, samples: int) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        x = file.create_dataset("x", (samples, LENGTH), np.float32, chunks=(4, LENGTH))
        y = file.create_dataset("y", (samples,), np.int64)
        for rows, series, classes in waves(samples):
            x[rows], y[rows] = series, classes


def write_zarr(path: Path, samples: int) -> None:
    import zarr

    group = zarr.open_group(path, mode="w")
    x = group.create_array(
        "x", shape=(samples, LENGTH), dtype=np.float32, chunks=(4, LENGTH), compressors=None
    )
    y = group.create_array("y", shape=(samples,), dtype=np.int64, chunks=(samples,))
    for rows, series, classes in waves(samples):
        x[rows], y[rows] = series, classes


def write_npy(path: Path, samples: int) -> None:
    x = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(samples, LENGTH))
    for rows, series, _ in waves(samples):
        x[rows] = series
    x.flush()


WRITERS = {"h5": write_h5, "zarr": write_zarr}


def peak(*words: str) -> float:
    """Run `isthmus` with these words in a process of its own and return its peak memory in GB."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        sys.argv[1:] = words
        code = 1
        try:
            cli.main()
            code = 0
        except SystemExit as stopped:
            code = stopped.code if isinstance(stopped.code, int) else int(stopped.code is not None)
        finally:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            os.write(writing, str(memory).encode())
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(writing)
    with open(reading) as said:
        peak_memory = float(said.read())
    if code:
        sys.exit(f"isthmus {' '.join(words)} ended with {code}")
    return peak_memory


def measure(folder: Path, form: str, samples: int, steps: int, *more: str) -> tuple[float, float]:
    """Return the peak memory of `fit`, with more options, and of `predict`."""
    data, new, run = folder / f"waves.{form}", folder / "new.npy", folder / "run"
    WRITERS[form](data, samples)
    few = ["--set", "epochs=2", "--set", f"epoch_steps={steps}", "--set", "validation=0.01"]
    fitted = peak("fit", "--data", str(data), "--method", "nft", *few, *more, "--out", str(run))
    write_npy(new, samples)
    return fitted, peak("predict", str(run), str(new), "-o", str(folder / "predictions.npy"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=3.0, help="size of the file")
    parser.add_argument("--formats", nargs="+", choices=sorted(WRITERS), default=sorted(WRITERS))
    parser.add_argument("--image-size", type=int, help="of the drawings; smaller ones take less time")
    parser.add_argument("--smallest", action="store_true", help="try everything with small files")
    options = parser.parse_args()
    size = 4e-3 if options.smallest else options.gigabytes
    samples, steps = max(16, int(size * 1e9) // (4 * LENGTH)), 1 if options.smallest else STEPS
    image_size = 32 if options.smallest else options.image_size
    more = ["--image-size", str(image_size)] if image_size else []
    more += ["--probe-samples", "8", "--no-floor"] if options.smallest else []
    floor = None
    for form in options.formats:
        with tempfile.TemporaryDirectory() as folder:
            floor = floor or measure(Path(folder), form, 16, min(steps, 2), *more)
        with tempfile.TemporaryDirectory() as folder:
            fitted, predicted = measure(Path(folder), form, samples, steps, *more)
        print(
            f"{form}: {size:.3g} GB of {samples} samples; peak memory of fit {fitted:.2f} GB "
            f"({floor[0]:.2f} with 16 samples), of predict {predicted:.2f} GB ({floor[1]:.2f})"
        )


if __name__ == "__main__":
    main()
