"""Which labels a mean over labels is taken of, and why the others are left out."""

from __future__ import annotations

from collections.abc import Mapping

from hilum.statistics.auroc_interval import PatientAuroc

LACKS_OUTCOME = "it lacks an outcome"


def lacking_in_mean(areas: Mapping[str, PatientAuroc | None]) -> dict[str, str]:
    """Which labels a mean over labels leaves out, and why: they lack an outcome, or patients for an interval.

    `areas` holds None for a label without both outcomes. Where no label has patients enough, all with an AUROC stay:
    the mean is then a value without an interval.
    """
    lacking = {name: LACKS_OUTCOME for name, area in areas.items() if area is None}
    few = {name: area.unknown for name, area in areas.items() if area is not None and area.unknown is not None}
    return lacking if len(lacking) + len(few) == len(areas) else lacking | few
