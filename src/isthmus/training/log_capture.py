"""The trainer without its chatter."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

TRAINER_LOGS = ("lightning", "lightning.pytorch", "lightning.fabric")


@contextmanager
def capture_logs(log: Path | None = None) -> Iterator[None]:
    """The trainer says nothing on the terminal; afterwards all is as the user had it.

    What isthmus logs, and errors that the trainer logs, go to a file. The trainer's warnings are about its
    own dealings (what it deprecates, how often it logs) and are dropped; those of others are shown.

    Args:
        log: the file, appended to; None for no file.
    """
    handler = logging.NullHandler() if log is None else logging.FileHandler(log, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    with closing(handler), ExitStack() as stack:
        ours = logging.getLogger("isthmus")
        stack.enter_context(_logging(ours, [*ours.handlers, handler], logging.INFO, ours.propagate))
        for name in TRAINER_LOGS:
            stack.enter_context(_logging(logging.getLogger(name), [handler], logging.WARNING, False))
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", module=r"lightning\.")
        yield


@contextmanager
def _logging(
    logger: logging.Logger, handlers: list[logging.Handler], level: int, propagate: bool
) -> Iterator[None]:
    before = logger.handlers, logger.level, logger.propagate
    try:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
        yield
    finally:
        logger.handlers, _, logger.propagate = before
        logger.setLevel(before[1])
