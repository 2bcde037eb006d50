"""The bar on a terminal."""

import io
import re

import pytest
from rich.console import Console

from isthmus import fit
from isthmus.training import callbacks


@pytest.fixture
def terminal(monkeypatch):
    """What a terminal of 100 columns would get."""
    screen = io.StringIO()
    monkeypatch.setattr(
        callbacks, "CONSOLE", Console(file=screen, force_terminal=True, width=100, color_system=None)
    )
    return screen


def lines(screen) -> list[str]:
    return [line for line in re.split(r"\x1b\[[^a-zA-Z]*[a-zA-Z]|[\r\n]", screen.getvalue()) if line.strip()]


def test_loss_validation_error_k_and_the_time_left(terminal, make_task, backbones, tmp_path):
    settings = {"epochs": 2, "epoch_steps": 3, "batch_size": 4, "source": "tiny-pictures"}
    fit(make_task(), method="pare", backbone=backbones["vit"], out=tmp_path / "run", **settings)
    last = lines(terminal)[-1]
    assert re.match(r"pare on tiny .* 6/6 loss \d+\.\d+  val error \d\S*  k 0 0:00:0\d", last)


def test_without_k_and_validation(terminal, make_task, backbones, tmp_path):
    settings = {"epochs": 1, "epoch_steps": 3, "batch_size": 4, "validation": 0}
    fit(make_task(), method="nft", backbone=backbones["vit"], out=tmp_path / "run", **settings)
    assert re.match(r"nft on tiny .* 3/3 loss \d+\.\d+ 0:00:0\d", lines(terminal)[-1])


def test_a_resumed_run_goes_on_where_it_was(terminal, make_task, backbones, tmp_path, monkeypatch):
    settings = {"method": "nft", "backbone": backbones["vit"], "epochs": 2, "epoch_steps": 3, "batch_size": 4}
    step = callbacks.ProgressLine.on_train_batch_end

    def interrupt(self, trainer, *rest):
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt
        step(self, trainer, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(callbacks.ProgressLine, "on_train_batch_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fit(make_task(), out=tmp_path / "run", **settings)
    terminal.truncate(0)
    terminal.seek(0)
    fit(make_task(), out=tmp_path / "run", resume=True, **settings)
    counts = [int(done) for done in re.findall(r"(\d+)/6", terminal.getvalue())]
    assert counts[0] == 3
    assert counts[-1] == 6
