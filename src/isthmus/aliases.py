"""Other names of things: of tasks as published tables have them, and of their equations."""

EQUATIONS = {
    "diffusion-reaction1d": "reaction-diffusion1d",
    "diffusion-reaction2d": "reaction-diffusion2d",
}
"""Other name -> name of the equation"""

TASKS = {f"pdebench/{alias}": f"pdebench/{name}" for alias, name in EQUATIONS.items()}
"""Other name -> name of the task"""


def task_name(name: str) -> str:
    """Return the name of the task that is meant: that of the registry where another one is given."""
    return TASKS.get(name, name)
