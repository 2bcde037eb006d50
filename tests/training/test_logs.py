"""The trainer says nothing; everyone else does."""

import logging
import warnings

import pytest
from lightning.pytorch.utilities import rank_zero_info

from isthmus.training.logs import capture_logs

NAMES = ("isthmus", "lightning", "lightning.pytorch", "lightning.fabric")


def state():
    loggers = [logging.getLogger(name) for name in NAMES]
    return [(list(logger.handlers), logger.level, logger.propagate) for logger in loggers]


def warn_from(module: str, message: str) -> None:
    warnings.warn_explicit(message, UserWarning, "file.py", 1, module=module)


def test_what_is_dropped_and_what_is_kept(tmp_path, capfd):
    log = tmp_path / "log.txt"
    before = state()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with capture_logs(log):
            rank_zero_info("GPU available: no")
            logging.getLogger("lightning.pytorch.trainer").info("stopped")
            logging.getLogger("lightning.fabric").error("broken")
            logging.getLogger("isthmus").info("epoch %d", 3)
            warn_from("lightning.pytorch.utilities._pytree", "deprecated")
            warn_from("lightning_like", "someone else's")
            warn_from("torch.optim", "a real one")
        logging.getLogger("isthmus").info("afterwards")
    assert [str(warning.message) for warning in seen] == ["someone else's", "a real one"]
    assert capfd.readouterr() == ("", "")
    lines = log.read_text().splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == ["ERROR broken", "INFO epoch 3"]
    assert state() == before


def test_everything_is_put_back_after_a_failure():
    before, filters = state(), list(warnings.filters)

    def fail():
        with capture_logs():
            assert state() != before
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert state() == before
    assert warnings.filters == filters


def test_a_log_is_gone_on_with(tmp_path):
    for word in ("one", "two"):
        with capture_logs(tmp_path / "log.txt"):
            logging.getLogger("isthmus").info(word)
    assert [line.split()[-1] for line in (tmp_path / "log.txt").read_text().splitlines()] == ["one", "two"]


def test_the_users_own_handlers_hear_it_too():
    heard = []

    class Ear(logging.Handler):
        def emit(self, record):
            heard.append(record.getMessage())

    ear, ours = Ear(), logging.getLogger("isthmus")
    ours.addHandler(ear)
    try:
        with capture_logs():
            ours.info("hello")
    finally:
        ours.removeHandler(ear)
    assert heard == ["hello"]
