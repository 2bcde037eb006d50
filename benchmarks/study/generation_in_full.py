"""How long does all of PDEBench take to generate, and how much memory?

1,000 samples of each equation at its published resolution are generated through `isthmus data generate` with
two processes, one equation after the other. Prints minutes, the peak memory of all its processes together
(shared pages counted once) and the size of the file, which is deleted unless --keep is given. It is not part
of `make bench`, because the files take 22 GB.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from isthmus.pde import equations

PDEBENCH = [name for name in equations if name != "nasbench360-darcy"]
SMALLEST = {"equations": ["advection1d"], "samples": 10, "processes": 1, "resolution": 16}
INTERVAL = 0.2
"""Seconds between two measurements of the memory"""


def main() -> None:
    """Print a line for each equation, and the total time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("equations", nargs="*", default=PDEBENCH)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--resolution", type=int, help="points along an axis; by default as published")
    parser.add_argument("--root", type=Path, help="folder of the files; by default a temporary one")
    parser.add_argument("--keep", action="store_true", help="leave the files")
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    with tempfile.TemporaryDirectory() as temporary:
        root, total = arguments.root or Path(temporary), 0.0
        print(f"{'equation':<22} {'minutes':>8} {'peak, MB':>9} {'file, MB':>9}")
        for equation in arguments.equations:
            folder = root / "pdebench" / equation
            options = [
                f"--samples={arguments.samples}",
                f"--processes={arguments.processes}",
                f"--root={root}",
            ]
            if arguments.resolution:
                options.append(f"--resolution={arguments.resolution}")
            seconds, peak = generate(equation, options)
            size = max(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            print(
                f"{equation:<22} {seconds / 60:>8.2f} {peak / 2**20:>9.0f} {size / 2**20:>9.0f}", flush=True
            )
            total += seconds
            if not arguments.keep:
                shutil.rmtree(folder)
        print(f"{'all':<22} {total / 60:>8.2f}")


def generate(equation: str, options: list[str]) -> tuple[float, int]:
    """Return the seconds and the peak memory in bytes of the command and all processes that it starts."""
    command = [sys.executable, "-m", "isthmus", "data", "generate", f"pdebench/{equation}"]
    began, peak = time.monotonic(), 0
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, sum(map(memory, descendants(process.pid))))
        time.sleep(INTERVAL)
    if process.returncode:
        raise SystemExit(f"{equation}: the command ended with code {process.returncode}")
    return time.monotonic() - began, peak


def descendants(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in descendants(int(child)))]


def memory(pid: int) -> int:
    """Return the memory of a process in bytes, with its part of what it shares with others (PSS)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
