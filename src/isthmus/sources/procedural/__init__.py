"""Pictures drawn by formulas: the source `procedural`, and what `isthmus pretrain` learns from.

Formula-driven supervised learning: a picture's label is the formula that drew it.
"""

from isthmus.seeding import torch_generator
from isthmus.sources.procedural import pictures
from isthmus.sources.source import Source, SourceEntry, sources

CLASSES = 10  # of each family
EACH = 25
SIZE = 64


def load(seed: int) -> Source:
    """1,000 coloured pictures of 40 of the classes that `swin-micro` was pretrained on."""
    ink, labels = pictures.labelled(CLASSES, EACH, SIZE, seed)
    generator = torch_generator(seed, "procedural")
    images = pictures.colour(pictures.jitter(pictures.unit(ink), generator), generator)
    names = pictures.class_names(CLASSES)
    return Source("procedural", "image", images.mul(255).round().byte().numpy(), labels, names)


sources.register("procedural")(
    SourceEntry("pictures of fractals, contours, curves and textures, drawn by formulas", "image", load)
)
