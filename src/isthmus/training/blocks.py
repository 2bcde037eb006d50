"""The blocks of a network while it trains: compiled, or computed again on the way back."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from isthmus.config.resolve import has_compiler
from isthmus.config.schema import RunConfig

log = logging.getLogger("isthmus")

BACKEND = "inductor"
LEAST_STEPS = 2000
"""Steps of a training from which `compile=auto` compiles: a guess, from a minute for compiling"""


def is_compiled(config: RunConfig) -> bool:
    """Return whether the blocks of a run are compiled."""
    assert config.optim.epoch_steps is not None
    if config.runtime.compile != "auto":
        return config.runtime.compile == "blocks"
    is_long = config.optim.epochs * config.optim.epoch_steps >= LEAST_STEPS
    return is_long and torch.cuda.is_available() and has_compiler()


@contextmanager
def compiled(blocks: Iterable[nn.Module]) -> Iterator[None]:
    """Compile modules, each for the shapes that it gets; afterwards they are as before.

    What the compiler cannot take is run as it is. Blocks of one kind share what was compiled, which takes
    less time than one network at once.
    """
    modules: list[nn.Module] = list(blocks)
    # Blocks of one kind are compiled once for each shape, of which a deep network has many.
    with torch._dynamo.config.patch(recompile_limit=64, suppress_errors=True):
        for module in modules:
            module.compile(dynamic=False, backend=BACKEND)
        log.info("%d blocks are compiled", len(modules))
        try:
            yield
        finally:
            for module in modules:
                module._compiled_call_impl = None


@contextmanager
def recomputed(blocks: Iterable[nn.Module]) -> Iterator[None]:
    """Keep nothing of what modules compute for the gradient but their inputs, and compute it again."""
    modules = list(blocks)
    for module in modules:
        module.forward = partial(checkpoint, module.forward, use_reentrant=False)
    try:
        yield
    finally:
        for module in modules:
            del module.forward
