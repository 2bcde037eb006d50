"""Executors: where the runs of a grid or of a search are made, a file for each kind of place."""

from isthmus.executors.executor import Begun, Ended, Executor, Failure, attempt, executors, make_executor

__all__ = ["Begun", "Ended", "Executor", "Failure", "attempt", "executors", "make_executor"]
