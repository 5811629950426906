"""The second sanity check of Adebayo et al. 2018: maps of a network that learnt labels dealt at random."""

from __future__ import annotations

from hilum.errors import DataError
from hilum.evaluation.localisation.cases import ChosenCases
from hilum.evaluation.localisation.localise import LocalisationSettings
from hilum.evaluation.localisation.maps import MapSource
from hilum.evaluation.localisation.sanity import KeptMaps, compare_maps, keep_maps, sanity_section
from hilum.evaluation.study.section import SectionContent


def random_labels_section(
    chosen: ChosenCases, *, other: MapSource, own: KeptMaps, most: int, settings: LocalisationSettings
) -> SectionContent:
    """The section of the page: the `other` network's maps beside the model's `own` of at most `most` cases a label.

    Raises `DataError` where the other network lacks a label that is judged.
    """
    missing = sorted({chosen.named[label] for label in chosen.labels} - set(other.labels))
    if missing:
        raise DataError(
            f"The network with random labels lacks {', '.join(missing)}; it has {', '.join(other.labels)}. Train it "
            "with the recipe of the model"
        )
    kept = keep_maps(chosen, source=other, most=most, settings=settings)
    return sanity_section(
        {"labels dealt at random": compare_maps(own, kept, settings=settings)},
        key="random_labels",
        title="Maps of a network that learnt random labels",
        source=other,
        note="The same recipe, trained on labels that were dealt at random among the images: what its maps show alike "
        "is not what labels mean (Adebayo et al. 2018).",
        threshold=settings.thresholds[0],
    )
