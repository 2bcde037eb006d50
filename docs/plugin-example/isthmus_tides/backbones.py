"""The backbone `pebble`: a very small ViT. Yours would be a Hugging Face folder beside this file."""

from pathlib import Path

from isthmus.backbones import NamedBackbone, named, new_backbone
from isthmus.store.paths import data_root


def folder() -> Path:
    """Write the untrained weights, unless they are there, and return their folder."""
    from transformers import ViTConfig

    place = data_root() / "backbones" / "pebble"
    if not (place / "config.json").is_file():
        config = ViTConfig(
            image_size=64,
            patch_size=8,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=64,
        )
        new_backbone(config, seed=0).save_pretrained(place)
    return place


named.register("pebble")(NamedBackbone("pebble", "very small ViT, untrained: an example", "image", folder))
