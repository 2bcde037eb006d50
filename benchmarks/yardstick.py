"""How far behind a time-series specialist are our errors on the study's tasks?

MultiRocket-Hydra (aeon, default settings; Dempster et al., "Hydra: competing convolutional kernels for fast
and accurate time series classification", DMKD 2023) is fitted to the series of the study, on the same
splits, with seeds 0 to 4. Prints mean and standard deviation of the test errors in %, and the seconds to fit
and predict. It trains no network, so its time is no floor for ours.
"""

import statistics
import time

from aeon.classification.convolution_based import MultiRocketHydraClassifier

from isthmus import load_task

TASKS = ("ArrowHead", "OSULeaf", "PickupGestureWiimoteZ", "ACSF1", "GunPoint")
SEEDS = range(5)


def main() -> None:
    """Fit the specialist and print the table."""
    print("| task | error, % | seconds |\n| --- | --- | --- |")
    for name in TASKS:
        task = load_task(name)
        assert task.test is not None
        errors, seconds = [], []
        for seed in SEEDS:
            start = time.monotonic()
            classifier = MultiRocketHydraClassifier(random_state=seed)
            predicted = classifier.fit(task.train.x, task.train.y).predict(task.test.x)
            seconds.append(time.monotonic() - start)
            errors.append(100 * float((predicted != task.test.y).mean()))
        spread = f"{statistics.mean(errors):.1f} ± {statistics.stdev(errors):.1f}"
        print(f"| {name} | {spread} | {statistics.median(seconds):.1f} |", flush=True)


if __name__ == "__main__":
    main()
