"""Where log lines and warnings go while a run is made: to its `log.txt`, and not to the terminal."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from isthmus.files import told_when_full

TRAINER_LOGS = ("lightning", "lightning.pytorch", "lightning.fabric")


class LogFile(logging.FileHandler):
    """A file of lines that are logged, on a disk that may be full."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Raise InputError for want of room, where logging would print a traceback."""
        with told_when_full(Path(self.baseFilename)):
            raise  # what is being handled

    def close(self) -> None:
        """Close the file; lines that do not fit were told of when they were logged."""
        with suppress(OSError):
            super().close()


@contextmanager
def capture_logs(log: Path | None = None) -> Iterator[None]:
    """Keep the trainer silent on the terminal while the block runs; restore the user's loggers afterwards.

    What isthmus logs, and errors that the trainer logs, go to a file. The trainer's warnings are about itself
    (what it deprecates, how often it logs) and are dropped; those of others are shown.

    Args:
        log: File that lines are appended to; None for no file.
    """
    handler = (
        logging.NullHandler()
        if log is None
        else LogFile(log, encoding="utf-8", errors="backslashreplace", delay=True)
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    with closing(handler), ExitStack() as stack:
        ours = logging.getLogger("isthmus")
        stack.enter_context(_redirected(ours, [*ours.handlers, handler], logging.INFO, ours.propagate))
        for name in TRAINER_LOGS:
            stack.enter_context(_redirected(logging.getLogger(name), [handler], logging.WARNING, False))
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", module=r"lightning\.")
        yield


@contextmanager
def _redirected(
    logger: logging.Logger, handlers: list[logging.Handler], level: int, propagate: bool
) -> Iterator[None]:
    """Give a logger other handlers, level and propagation while the block runs."""
    before = logger.handlers, logger.level, logger.propagate
    try:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
        yield
    finally:
        logger.handlers, level, logger.propagate = before
        logger.setLevel(level)
