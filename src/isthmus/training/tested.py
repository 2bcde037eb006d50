"""The outputs and errors of a trained network on the test data, beside the errors of the floors."""

import logging
import time
from dataclasses import dataclass

import numpy as np

from isthmus.config.resolve import ResolvedRun
from isthmus.floors.comparison import FloorComparison
from isthmus.floors.measure import compare_with_floors
from isthmus.floors.sample_errors import SampleErrors
from isthmus.model import Net
from isthmus.model.evaluation import evaluate, metrics_of
from isthmus.tasks import Split
from isthmus.training.kept import OutputCollector

log = logging.getLogger("isthmus")

BY_SAMPLE = "by sample"


@dataclass(frozen=True)
class Tested:
    """Errors of a trained network.

    Attributes:
        errors: Test errors by metric, the task's own first; empty where there is no test data.
        test: Test samples, or None.
        outputs: Outputs for the test samples, or None.
        validation: Outputs for the validation samples, or None.
        seconds: Time that the test took, without the floors.
        floors: Comparison with the floors; None if they were left out.
    """

    errors: dict[str, float]
    test: Split | None
    outputs: OutputCollector | None
    validation: OutputCollector | None
    seconds: float
    floors: FloorComparison | None


def test_net(run: ResolvedRun, net: Net, floor: bool) -> Tested:
    """Compute the errors of a trained network on the test data, once, and its outputs for validation data.

    Args:
        run: Resolved run that was executed.
        net: Trained network.
        floor: Whether to fit the floors; without test data they are compared on validation data.
    """
    began = time.monotonic()
    task, test, count = run.task, run.task.test, run.method.test_samples
    if test is not None and count is not None:
        test = test.part(np.arange(min(count, len(test))))
    by_sample = SampleErrors(task)
    watched = {BY_SAMPLE: by_sample} if floor else {}
    outputs, errors = None, {}
    if test is not None:
        outputs = OutputCollector(task, test)
        errors = evaluate(net, task, test, {**metrics_of(task), **watched}, outputs.add)
    errors.pop(BY_SAMPLE, None)
    log.info("test %s", errors or "data: none")
    seconds, comparison = time.monotonic() - began, None
    validation = None if run.validation is None else OutputCollector(task, run.validation)
    if run.validation is not None and validation is not None:
        counted = watched if test is None else {}
        evaluate(net, task, run.validation, counted, validation.add)
    if floor:
        measured, name = (run.validation, "validation") if test is None else (test, "test")
        method = run.config.method["name"]
        comparison = compare_with_floors(task, method, name, measured, by_sample, run.config.seed)
    if comparison is not None:
        log.info("%s", comparison.verdict)
    return Tested(errors, test, outputs, validation, seconds, comparison)
