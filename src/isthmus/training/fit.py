"""The main path: a task, a method and a backbone become a run."""

import json
import logging
import math
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from isthmus.backbones import Backbone, load_backbone
from isthmus.config import RunConfig, complete, make_config
from isthmus.errors import InputError, unknown
from isthmus.files import write_text
from isthmus.methods import Method, methods
from isthmus.model import CrossModalNet, NetSpec, embedders
from isthmus.seeding import derive_seed
from isthmus.sources import Source, load_source
from isthmus.tasks import Split, Task, load_task, split_validation
from isthmus.training.batches import EvaluationBatches
from isthmus.training.checkpoints import BEST, Checkpoints, SafetensorsIO, saved_weights
from isthmus.training.folder import LOG, METRICS, MODEL, RESULT, claim, default_folder
from isthmus.training.history import History
from isthmus.training.module import EVALUATION_BATCH, TrainingModule
from isthmus.training.progress import ProgressLine
from isthmus.training.run import Run

LEAST_EPOCH_STEPS = 20
BATCH_SIZE = 16
log = logging.getLogger("isthmus")


def fit(
    task: str | Task,
    *,
    method: str | dict[str, Any] = "pare",
    backbone: str = "swin-micro",
    embedder: str | dict[str, Any] = "patch",
    source: str | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    **settings: Any,
) -> Run:
    """Train a method on a task, and test it once, at the end.

    Args:
        task: a name, or `Task.from_arrays(...)`.
        method: a name, or the name and options: `{"name": "pare", "start": 0.5}`.
        backbone: a name, a local folder, or a hub name.
        embedder: a name, or the name and options.
        source: what is mixed in; by default what suits the backbone.
        seed: of every random draw.
        out: the run's folder; by default under `runs/`.
        resume: go on with the run in that folder where it was cut off.
        settings: anything else in `isthmus.config.RunConfig`, such as `epochs=30`.

    Raises:
        InputError: if anything asked for is wrong, before any work is done or any file written.
    """
    task = load_task(task) if isinstance(task, str) else task
    asked = {"method": method, "embedder": embedder, "source": source, "seed": seed, **settings}
    config = make_config({"task": task.name, "backbone": backbone, **asked})
    encoder = load_backbone(config.backbone)
    train, validation = split_validation(task.train, config.validation, config.seed, task.stratified)
    config = fill_in(config, task, encoder, len(train))
    mixes = methods[config.method["name"]].mixes
    samples = load_source(config.source or encoder.default_source, encoder.modality) if mixes else None
    net = build_net(config, task, encoder, samples)

    folder = Path(out) if out is not None else default_folder(config)
    checkpoint = claim(folder, config, resume) if rank_zero_only.rank == 0 else _last(folder)
    if (folder / RESULT).exists():
        return Run(folder)
    with _logged(folder / LOG):
        history = train_net(net, config, task, train, validation, samples, folder, checkpoint)
        if config.keep == "best" and validation is not None:
            net.load_state_dict(saved_weights(folder / "checkpoints" / BEST))
        net.save_pretrained(folder / MODEL)
        error = None if task.test is None else evaluate(net, task, task.test)
        write_result(folder / RESULT, config, task, net, error, history)
        log.info("test %s %s", task.metric, error)
    return Run(folder)


def fill_in(config: RunConfig, task: Task, backbone: Backbone, samples: int) -> RunConfig:
    """The complete description: every option and every default that depends on data or backbone.

    Raises:
        InputError: for an unknown method, embedder, part or option, or a batch larger than the split.
    """
    size = config.batch_size or min(BATCH_SIZE, samples)
    if size > samples:
        raise InputError(f"the batch of {size} is larger than the training split of {samples} samples")
    for part in config.lr_scale:
        if part not in PARTS:
            raise unknown("part in lr_scale", part, PARTS)
    method, embedder = config.method, config.embedder
    return config.model_copy(
        update={
            "method": complete("method", method, methods[method["name"]]),
            "embedder": complete("embedder", embedder, embedders[embedder["name"]]),
            "source": config.source or backbone.default_source,
            "batch_size": size,
            "epoch_steps": config.epoch_steps or max(LEAST_EPOCH_STEPS, math.ceil(samples / size)),
            "lr": config.lr or backbone.learning_rate,
            "data": task.fingerprint(),
        }
    )


PARTS = ("embedder", "gate", "backbone", "predictor", "source_predictor")


def build_net(config: RunConfig, task: Task, backbone: Backbone, source: Source | None) -> CrossModalNet:
    """The network of a run, its new parts drawn from the run's seed, prepared by the method."""
    embedder = dict(config.embedder)
    spec = NetSpec(
        task=task.name,
        kind=task.kind,
        input_shape=task.input_shape,
        output_channels=task.output.channels,
        output_size=task.output.size,
        classes=task.classes,
        embedder=embedder.pop("name"),
        embedder_options=embedder,
        source_classes=1 if source is None else len(source.classes),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(config.seed, "net"))
        net = CrossModalNet(backbone, spec)
    net.fit_scale(task)
    make_method(config).prepare(net, config.seed)
    return net


def make_method(config: RunConfig) -> Method:
    """The method of a complete description."""
    options = dict(config.method)
    return methods[options.pop("name")](**options)


def train_net(
    net: CrossModalNet,
    config: RunConfig,
    task: Task,
    train: Split,
    validation: Split | None,
    source: Source | None,
    folder: Path,
    checkpoint: Path | None,
) -> History:
    """Train in place, from the checkpoint if there is one; files go to the run's folder.

    Raises:
        KeyboardInterrupt: at Ctrl-C, with everything up to the last epoch kept.
    """
    method = make_method(config)
    module = TrainingModule(net.train(), method, task, train, validation, source, config)
    history = History(folder / METRICS)
    trainer = L.Trainer(
        accelerator="auto",
        devices=config.devices,
        strategy="ddp_find_unused_parameters_true" if config.devices > 1 else "auto",
        precision=_precision(config.precision),
        max_epochs=config.epochs,
        accumulate_grad_batches=config.accumulate,
        gradient_clip_val=config.clip,
        reload_dataloaders_every_n_epochs=1,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        callbacks=[ProgressLine(f"{config.method['name']} on {task.name}"), history, Checkpoints(folder / "checkpoints")],
        logger=TensorBoardLogger(folder, name="", version="tensorboard") if find_spec("tensorboard") else False,
        log_every_n_steps=LEAST_EPOCH_STEPS,
        plugins=[SafetensorsIO()],
        default_root_dir=folder,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    try:
        trainer.fit(module, ckpt_path=checkpoint)
    except SystemExit:  # how the trainer leaves at Ctrl-C
        raise KeyboardInterrupt from None
    if not trainer.is_global_zero:
        raise SystemExit(0)  # a process that only shared the training
    return history


@torch.inference_mode()
def evaluate(net: CrossModalNet, task: Task, split: Split) -> float:
    """The task's error over a whole split."""
    net.eval()
    metric = task.new_metric()
    for batch in EvaluationBatches(split, EVALUATION_BATCH):
        metric.update(net(batch.x.to(net.x_mean.device)).cpu(), batch.y)
    return float(metric.compute())


def write_result(
    path: Path, config: RunConfig, task: Task, net: CrossModalNet, error: float | None, history: History
) -> None:
    """Write `result.json`: the last thing a run does."""
    last = history.rows[-1]
    result = {
        "task": task.name,
        "method": config.method["name"],
        "backbone": config.backbone,
        "embedder": config.embedder["name"],
        "seed": config.seed,
        "metric": task.metric,
        "error": error,
        "validation_error": last.get("val_error"),
        "epochs": config.epochs,
        "steps": int(last["step"]),
        "parameters": sum(p.numel() for p in net.parameters()),
        "wall_s": round(history.seconds, 2),
        "versions": {name: version(name) for name in ("isthmus", "torch", "transformers", "lightning", "numpy")}
        | {"python": platform.python_version()},
    }
    write_text(path, json.dumps(result, indent=2) + "\n")


def _precision(asked: str) -> Any:
    if asked == "auto":
        asked = "bf16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "32"
    return {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}[asked]


def _last(folder: Path) -> Path | None:
    path = folder / "checkpoints" / "last.safetensors"
    return path if path.exists() else None


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Write what is logged to the run's own log; keep the trainer's chatter off the terminal."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    chatty = logging.getLogger("lightning.pytorch")
    level, chatty.level = chatty.level, logging.WARNING
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        chatty.level = level
        log.removeHandler(handler)
        handler.close()
