"""Settings of a run that a grid does not leave open, and what to give instead."""

FIXED = {
    "task": "give tasks",
    "method": "give methods",
    "backbone": "give backbones",
    "seed": "give seeds",
    "devices": "a run of a grid trains on one device",
}
