"""How far behind a time-series specialist are our errors on the study's tasks?

MultiRocket-Hydra (aeon, default settings; Dempster et al., "Hydra: competing convolutional kernels for fast
and accurate time series classification", DMKD 2023) is fitted to the series of the study, on the same
splits, with seeds 0 to 4. Prints mean and standard deviation of the test errors in %, and the seconds to fit
and predict. It trains no network, so its time is no floor for ours.
"""

import argparse
import statistics
import time

from aeon.classification.convolution_based import MultiRocketHydraClassifier

from isthmus import load_task

TASKS = ("ArrowHead", "OSULeaf", "PickupGestureWiimoteZ", "ACSF1", "GunPoint")
SMALLEST = {"tasks": ["GunPoint"], "seeds": 2, "sizes": {"n_kernels": 1, "n_groups": 1}}


def main() -> None:
    """Fit the specialist and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    parser.set_defaults(sizes={})
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    print("| task | error, % | seconds |\n| --- | --- | --- |")
    for name in arguments.tasks:
        task = load_task(name)
        assert task.test is not None
        errors, seconds = [], []
        for seed in range(arguments.seeds):
            start = time.monotonic()
            classifier = MultiRocketHydraClassifier(random_state=seed, **arguments.sizes)
            predicted = classifier.fit(task.train.x, task.train.y).predict(task.test.x)
            seconds.append(time.monotonic() - start)
            errors.append(100 * float((predicted != task.test.y).mean()))
        spread = f"{statistics.mean(errors):.1f} ± {statistics.stdev(errors):.1f}"
        print(f"| {name} | {spread} | {statistics.median(seconds):.1f} |", flush=True)


if __name__ == "__main__":
    main()
