"""Section about the bridge: what was replaced, features and distances from source to target."""

from isthmus.errors import InputError
from isthmus.model import CrossModalNet
from isthmus.plots.distances import draw_distances
from isthmus.plots.embeddings import draw_classes, draw_embeddings, feature_plane
from isthmus.plots.intermediate import IntermediateModalities, intermediate_modalities, measure_distances
from isthmus.plots.replaced import draw_replaced
from isthmus.reports.section import Drawing, Section, make_table
from isthmus.tasks import Split
from isthmus.training import Run
from isthmus.training.kept import SavedSamples

TITLE = "Bridge"


def bridge_section(run: Run, samples: SavedSamples | None) -> Section:
    """Look at the modalities between the source and the target of a run.

    Args:
        run: Finished run.
        samples: Samples that it has kept.
    """
    method = run.result["method"]
    if run.result["backbone"] == "none":
        return Section(TITLE, [f"{method} has no pretrained backbone, so it crosses no bridge."])
    if samples is None:
        return Section(
            TITLE, ["This run kept no samples to look at; `isthmus inspect` can be given the task."]
        )
    try:
        if not isinstance(run.net, CrossModalNet):
            return Section(TITLE, [f"{method} crosses no bridge: its network reads no tokens of a source."])
        modalities = intermediate_modalities(run, Split(samples.x, samples.y))
    except InputError as error:
        return Section(TITLE, [f"The bridge could not be looked at: {error}."])
    return _section(method, modalities)


def _section(method: str, modalities: IntermediateModalities) -> Section:
    """Draw modalities."""
    rows, plane = measure_distances(modalities), feature_plane(modalities)
    replaced, classes = draw_replaced(modalities), draw_classes(plane, modalities.net.spec.classes)
    far, near = rows[0]["source_to_intermediate"], rows[0]["source_to_intermediate_error"]
    text = [
        f"Source and target features are {far:.3g} ± {near:.1g} apart (OTDD with its standard error), over "
        f"{len(modalities.x)} training samples and as many of the source."
    ]
    drawings = []
    if replaced is not None:
        moments = ", ".join(f"{f:.0%} at the {name}" for name, f in modalities.fractions.items())
        caption = "A training sample; patches in the colour of the source are replaced by the source's."
        drawings.append(
            Drawing("replaced", replaced, f"Share of replaced tokens: {moments}. {caption}", caption)
        )
    else:
        text.append(
            f"{method} replaces no tokens along a curriculum; the distances are of tokens replaced by chance."
        )
    caption = "Features in the plane of their first two principal components, by modality."
    drawings.append(Drawing("embeddings", draw_embeddings(plane), caption, caption))
    if classes is not None:
        caption = "The same plane; target samples by what is to be predicted."
        drawings.append(Drawing("features-by-class", classes, caption, caption))
    caption = "Distance of the intermediate modality from source and target; the band is one standard error."
    drawings.append(Drawing("distances", draw_distances(rows), caption, caption))
    header = ["replaced tokens k", "k / L", "source to intermediate", "intermediate to target"]
    cells = [
        (
            int(row["k"]),
            f"{row['fraction']:.2f}",
            f"{row['source_to_intermediate']:.3g} ± {row['source_to_intermediate_error']:.1g}",
            f"{row['intermediate_to_target']:.3g} ± {row['intermediate_to_target_error']:.1g}",
        )
        for row in rows
    ]
    return Section(TITLE, text, drawings, [make_table("OTDD of pooled features", header, cells)])
