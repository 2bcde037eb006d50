"""swin-micro: a small Swin pretrained on pictures drawn by formulas; weights and card beside this file."""

from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.backbones.registry import NamedBackbone, named

if TYPE_CHECKING:
    from transformers import SwinConfig

ABOUT = "small Swin, 64 x 64 pixels: fractals, contours, curves and textures (comes with isthmus)"
FOLDER = Path(__file__).parent


def swin_micro_config() -> "SwinConfig":
    """Configure 64 x 64 pixels, 16 x 16 tokens of width 48, 4 x 4 features of width 192, 1.7 M parameters."""
    from transformers import SwinConfig

    return SwinConfig(
        image_size=64,
        patch_size=4,
        embed_dim=48,
        depths=[1, 2, 3],
        num_heads=[2, 4, 8],
        window_size=4,
        drop_path_rate=0.0,
        initializer_range=0.1,  # the usual 0.02 is made for wider layers; these hardly learn from it
    )


REFERENCES = (
    "H. Kataoka et al. (2020), Pre-training without natural images, ACCV",
    "S. Takashima et al. (2023), Visual atoms: pre-training vision transformers with sinusoidal waves, CVPR",
)
named.register("swin-micro")(
    NamedBackbone("swin-micro", ABOUT, "image", lambda: FOLDER, learning_rate=5e-4, references=REFERENCES)
)
