"""How the files of NAS-Bench-360's Darcy flow are generated: one for training, and a tenth of it for test."""

from isthmus.tasks.nasbench360.darcy import FILES
from isthmus.tasks.pdebench.generated import Recipe, recipes

recipes.register("nasbench360/darcy")(
    Recipe("nasbench360-darcy", dict(zip(FILES, (1, 10), strict=True)), resolution=421)
)
