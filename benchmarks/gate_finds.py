"""Does the gate find the tokens that matter?

A synthetic task: the label of a series sits in 4 of its 64 patches, at random places, under noise that
fills all of them. After PaRe training from random weights, how well do the gate's scores tell the planted
patches from the others (AUROC on fresh samples), for our relaxation and for the literal one?
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np
import torch
from literal import mixer as literal_mixer
from sklearn.metrics import roc_auc_score
from transformers import SwinConfig

from isthmus.backbones import new_backbone
from isthmus.config import make_config
from isthmus.config.resolve import resolve
from isthmus.methods import IterativeMethod
from isthmus.methods.optimization import make_optimizer
from isthmus.mixing import mixers
from isthmus.model import CrossModalNet
from isthmus.schedules import cosine, warmed_up
from isthmus.seeding import derive_seed, numpy_generator, torch_generator
from isthmus.tasks import Task
from isthmus.training.batches import TrainingBatches
from isthmus.training.fit import build

CLASSES, PLANTED, TOKENS, PATCH = 4, 4, 64, 8
NOISE, LOUDNESS = 0.8, 2.0
SMALLEST = {"seeds": 1, "epochs": 1, "epoch_steps": 2, "samples": 32}
mixers.register("literal")(literal_mixer)


def planted_task(seed: int, samples: int) -> tuple[Task, np.ndarray]:
    """Draw the task, and which tokens of the test samples are planted: [N, 64]."""
    rng = numpy_generator(seed, "planted")
    shapes = LOUDNESS * np.sqrt(PATCH) * np.linalg.qr(rng.normal(size=(PATCH, CLASSES))).Q.T

    def draw(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        y = rng.integers(CLASSES, size=count)
        x = NOISE * rng.normal(size=(count, TOKENS, PATCH))
        places = np.stack([rng.permutation(TOKENS)[:PLANTED] for _ in range(count)])
        for sample in range(count):
            x[sample, places[sample]] += shapes[y[sample]]
        mask = np.zeros((count, TOKENS), bool)
        np.put_along_axis(mask, places, True, axis=1)
        return x.reshape(count, 1, -1), y, mask

    (x, y, _), (x_test, y_test, mask) = draw(samples), draw(200)
    return Task.from_arrays(x, y, x_test, y_test, name="planted"), mask


def auroc(
    mixer: str, seed: int, epochs: int, epoch_steps: int | None, samples: int, folder: Path
) -> tuple[float, float]:
    """Train, and return the AUROC of the gate on fresh samples and the test error.

    Args:
        mixer: Name of the mixer.
        seed: Seed of data, weights and batches.
        epochs: Number of epochs.
        epoch_steps: Batches in an epoch, or None for one pass.
        samples: Number of training samples.
        folder: Folder that the backbone is written to.
    """
    task, mask = planted_task(seed, samples)
    architecture = SwinConfig(
        image_size=32, patch_size=4, embed_dim=24, depths=[1, 1], num_heads=[2, 4], window_size=4,
        drop_path_rate=0.0, initializer_range=0.1,
    )  # fmt: skip
    new_backbone(architecture, seed, "tiny").save_pretrained(folder)
    method = {"name": "pare", "mixer": mixer, "explore": 1.0, "beta_2": 1.0}
    views = {"embedder": {"name": "patch", "overlap": 1}, "scale": "channel", "augment": None}
    asked = {"task": "planted", "method": method, "seed": seed, **views}
    trained = {
        "backbone": str(folder),
        "epochs": epochs,
        "epoch_steps": epoch_steps,
        "lr": 1e-3,
        "validation": 0,
    }
    run = resolve(make_config(asked | trained), task)
    assert isinstance(run.method, IterativeMethod)
    net, source = build(run)
    net.train()
    assert isinstance(net, CrossModalNet)
    optimizer = make_optimizer(net.parts(), run.config.optim)
    batch_size, every = run.config.data.batch_size or 0, run.config.optim.epoch_steps or 0
    steps = epochs * every
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmed_up(cosine(), 0.1, steps))
    done = 0
    for epoch in range(epochs):
        batches = TrainingBatches(task.train, source, batch_size, every, seed=seed, epoch=epoch)
        for batch in (batches[number] for number in range(every)):
            generator = torch_generator(derive_seed(seed, epoch, done, "method"))
            step = run.method.step(net, batch, task.sample_losses, done / (steps - 1), generator)
            optimizer.zero_grad()
            step.loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
    net.eval()
    assert task.test is not None
    with torch.inference_mode():
        x = torch.from_numpy(task.test.x)
        scores = net.gate(net.embed_target(x))
        error = (net(x).argmax(1).numpy() != task.test.y).mean()
    return float(roc_auc_score(mask.ravel(), scores.numpy().ravel())), float(error)


def main() -> None:
    """Print AUROC and test error of both relaxations, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--epoch-steps", type=int, help="by default one pass over the training data")
    parser.add_argument("--samples", type=int, default=4000, help="of training")
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    for mixer in ("gate", "literal"):
        with tempfile.TemporaryDirectory() as folder:
            sizes = arguments.epochs, arguments.epoch_steps, arguments.samples
            found = [auroc(mixer, seed, *sizes, Path(folder)) for seed in range(arguments.seeds)]
        areas = [area for area, _ in found]
        spread = statistics.stdev(areas) if len(areas) > 1 else 0.0
        print(
            f"{mixer:8s} AUROC {statistics.mean(areas):.3f} +- {spread:.3f}  "
            f"({' '.join(f'{area:.3f}' for area in areas)})  "
            f"test error {100 * statistics.mean(error for _, error in found):.1f} %",
            flush=True,
        )


if __name__ == "__main__":
    main()
