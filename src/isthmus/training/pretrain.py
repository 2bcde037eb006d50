"""Pretraining of the embedded backbone: supervised learning of procedural pictures.

Formula-driven supervised learning (Kataoka et al., ACCV 2020): a picture's label is the formula
that drew it, so no image was ever collected.
"""

import json
import math
from pathlib import Path
from typing import Annotated, Any

import lightning as L
import numpy as np
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from isthmus.backbones import Backbone, new_backbone, swin_micro_config
from isthmus.config import complete_options
from isthmus.config.plain_text import read_json
from isthmus.errors import InputError
from isthmus.files import is_part, make_folder, sweep, write_text
from isthmus.locks import is_lock, lock_folder
from isthmus.precision import single_precision
from isthmus.progress import progress
from isthmus.schedules import cosine, warmed_up
from isthmus.seeding import derive_seed, numpy_generator, torch_generator
from isthmus.sources.procedural import pictures
from isthmus.training.callbacks import LAST, Checkpoints, History, ProgressLine
from isthmus.training.checkpoints import CONFIG_KEY, SafetensorsIO, saved_config
from isthmus.training.logs import capture_logs
from isthmus.training.run_folder import check_same
from isthmus.training.trainer import run_trainer

SIZE = 64  # of the pictures, as swin-micro reads them
FAMILIES = len(pictures.FAMILIES)
MOST_BYTES = 2**34  # of all pictures, which are held in memory
WORK, SETTINGS = "training", "settings.json"
HELD_OUT = 20  # pictures of each class, to say how well they are told apart


@single_precision()
def pretrain(
    out: str | Path,
    *,
    seed: NonNegativeInt = 0,
    classes: PositiveInt = 75,
    each: PositiveInt = 300,
    epochs: PositiveInt = 4,
    batch_size: PositiveInt = 64,
    lr: PositiveFloat = 1e-3,
    weight_decay: NonNegativeFloat = 0.05,
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.03,
    clip: PositiveFloat = 1.0,
    resume: bool = False,
) -> float:
    """Pretrain `swin-micro` and write it to `out`, a Hugging Face folder.

    Args:
        out: Folder of the backbone; checkpoints and `metrics.csv` lie under `out/training`.
        seed: Seed of every random draw.
        classes: Number of classes in each of the four families of pictures.
        each: Pictures of each class; their place, size, thickness and colours change every time.
        epochs: Passes over the pictures.
        batch_size: Pictures in a batch.
        lr: Highest learning rate of AdamW.
        weight_decay: Weight decay of matrices and kernels.
        warmup: Fraction of training in which the learning rate rises, before it falls as a cosine.
        clip: Largest norm of the gradient.
        resume: Whether to go on with the training in that folder where it was cut off.

    Returns:
        Accuracy on held-out pictures of the same classes.

    Raises:
        InputError: If a setting is wrong, or the folder holds something already: anything where `resume` was
            not asked for, else what is no pretraining with these settings.
        KeyboardInterrupt: At Ctrl-C, with everything up to the last epoch kept.
    """
    settings = {
        "seed": seed,
        "classes": classes,
        "each": each,
        "epochs": epochs,
        "batch_size": batch_size,
        "lr": lr,
        "weight_decay": weight_decay,
        "warmup": warmup,
        "clip": clip,
    }
    settings = complete_options("recipe", {"name": "swin-micro", **settings}, pretrain)
    del settings["name"], settings["resume"]
    _check_sizes(settings)
    folder = Path(out)
    _check_folder(folder, settings, resume)
    with lock_folder(folder):
        _check_folder(folder, settings, resume)
        return _pretrain(folder, settings)


def _pretrain(folder: Path, settings: dict[str, Any]) -> float:
    """Begin or go on in a folder that is this training's; return the accuracy on held-out pictures."""
    sweep(folder)
    work, seed, classes = make_folder(folder / WORK), settings["seed"], settings["classes"]
    write_text(work / SETTINGS, json.dumps(settings, indent=2) + "\n")
    ink, labels = pictures.labelled(classes, settings["each"], SIZE, seed)
    backbone = new_backbone(swin_micro_config(), seed, "swin-micro")
    module = PretrainingModule(backbone, torch.from_numpy(ink), torch.from_numpy(labels), settings)
    history, last = History(work / "metrics.csv"), work / LAST
    with progress("pretraining") as shown, capture_logs(work / "log.txt"):
        trainer = L.Trainer(
            max_epochs=settings["epochs"],
            gradient_clip_val=settings["clip"],
            reload_dataloaders_every_n_epochs=1,
            callbacks=[history, ProgressLine(shown, history), Checkpoints(work)],
            logger=False,
            plugins=[SafetensorsIO(), LightningEnvironment()],
            default_root_dir=work,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        run_trainer(trainer, module, last if last.exists() else None)
        shown.enter("testing")
        accuracy = held_out_accuracy(module, classes, seed)
    module.backbone.save_pretrained(folder)
    return accuracy


def _check_sizes(settings: dict[str, Any]) -> None:
    """Raise InputError if there are fewer pictures than in a batch, or more than fit into memory."""
    count = FAMILIES * settings["classes"] * settings["each"]
    if count * SIZE**2 > MOST_BYTES:
        raise InputError(
            f"{FAMILIES} families of {settings['classes']} classes of {settings['each']} pictures are "
            f"{count}; give at most {MOST_BYTES // SIZE**2}",
            key="each",
        )
    if settings["batch_size"] > count:
        raise InputError(
            f"batch_size is {settings['batch_size']} and there are {count} pictures; give at most as many",
            key="batch_size",
        )


def _check_folder(folder: Path, settings: dict[str, Any], resume: bool) -> None:
    """Raise InputError unless a folder is empty, or holds this training and it may be gone on with."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    if all(is_part(path) or is_lock(path) for path in files):
        return
    if not resume:
        raise InputError(
            f"'{folder}' is not empty; give resume=True to go on with it, or another folder",
            kind="conflict",
            key=folder,
        )
    path, last = folder / WORK / SETTINGS, folder / WORK / LAST
    if not path.is_file():
        raise InputError(
            f"'{folder}' is not empty and holds no pretraining; give another folder",
            kind="conflict",
            key=folder,
        )
    found = read_json(path, dict[str, Any], "give another folder")
    check_same(f"'{path}' is of another pretraining", found, settings)
    if last.is_file():
        check_same(f"'{last}' is of another pretraining", saved_config(last), settings)


class PretrainingModule(L.LightningModule):
    """The backbone, the mean of its features, and a linear layer to the classes.

    Args:
        backbone: Backbone to pretrain; its own embedding learns too.
        ink: Grey pictures [N, H, W], uint8.
        labels: Class of each picture [N].
        settings: Settings of the training, all of them.
    """

    def __init__(self, backbone: Backbone, ink: Tensor, labels: Tensor, settings: dict[str, Any]) -> None:
        super().__init__()
        self.backbone, self.seed = backbone.requires_grad_(True), int(settings["seed"])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.seed, "head"))
            self.head = nn.Linear(backbone.feature_width, int(labels.max()) + 1)
        self.train()
        self.ink, self.labels, self.settings = ink, labels, settings

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the settings, by which a resumed training is known."""
        checkpoint[CONFIG_KEY] = self.settings

    def train_dataloader(self) -> DataLoader[int]:
        """Draw the batches of pictures of the current epoch; an incomplete last batch is left out."""
        order = numpy_generator(self.seed, self.current_epoch, "order").permutation(len(self.ink))
        return DataLoader(order.tolist(), self.settings["batch_size"], drop_last=True)

    def training_step(self, batch: Tensor, step: int) -> Tensor:
        """Compute the cross-entropy of newly coloured, moved and stretched pictures."""
        generator = torch_generator(self.seed, self.current_epoch, step, "look")
        torch.manual_seed(derive_seed(self.seed, self.current_epoch, step, "dropout"))
        index = batch.cpu()
        looks = pictures.colour(pictures.jitter(self.ink[index].float() / 255, generator), generator)
        labels = self.labels[index].to(self.device)
        logits = self.logits(looks.to(self.device))
        loss = F.cross_entropy(logits, labels)
        figures = {"loss": loss, "accuracy": (logits.argmax(1) == labels).float().mean()}
        self.log_dict(figures, on_step=True, on_epoch=True, batch_size=len(index))
        return loss

    def logits(self, images: Tensor) -> Tensor:
        """Compute class scores [B, classes] of pictures [B, 3, H, W] in [0, 1]."""
        tokens = self.backbone.embed(self.backbone.prepare(images, 0))
        logits: Tensor = self.head(self.backbone.pool(self.backbone.encode(tokens)))
        return logits

    def configure_optimizers(self) -> Any:
        """Return AdamW and its schedule; vectors do not decay."""
        matrices = [p for p in self.parameters() if p.dim() > 1]
        vectors = [p for p in self.parameters() if p.dim() <= 1]
        optimizer = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": self.settings["weight_decay"]},
                {"params": vectors, "weight_decay": 0.0},
            ],
            lr=self.settings["lr"],
        )
        steps, warmup = int(self.trainer.estimated_stepping_batches), self.settings["warmup"]
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmed_up(cosine(), warmup, steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


@torch.inference_mode()
def held_out_accuracy(module: PretrainingModule, classes: int, seed: int) -> float:
    """Compute the accuracy on pictures of the same classes that training did not see."""
    module.eval()
    ink, labels = pictures.labelled(classes, HELD_OUT, SIZE, derive_seed(seed, "held-out") % 2**31)
    generator = torch_generator(seed, "held-out looks")
    right = 0
    for index in np.array_split(np.arange(len(ink)), math.ceil(len(ink) / 256)):
        looks = pictures.colour(pictures.unit(ink[index]), generator)
        right += int((module.logits(looks.to(module.device)).argmax(1).cpu().numpy() == labels[index]).sum())
    return right / len(ink)
