"""What the tokens of a sample depend on."""

import hashlib
import tempfile
from pathlib import Path

from isthmus.backbones.backbone import Backbone


def fingerprint(backbone: Backbone) -> str:
    """Hash of f_s: of the embedding's weights, the configuration, and what prepares samples."""
    hashed = hashlib.sha256(backbone.config.to_json_string(use_diff=False).encode())
    for name, parameter in backbone.named_embedding_parameters():
        hashed.update(f"{name} {parameter.dtype} {tuple(parameter.shape)}".encode())
        hashed.update(parameter.detach().cpu().numpy().tobytes())
    with tempfile.TemporaryDirectory() as folder:
        backbone.save_preparation(Path(folder))
        for path in sorted(Path(folder).iterdir()):
            hashed.update(path.name.encode() + path.read_bytes())
    return hashed.hexdigest()
