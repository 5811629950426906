"""How much of each finding's heatmap lies inside the lungs; a warning where a positive one's lies mostly outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading_result import Finding, Heatmap

MOSTLY_OUTSIDE_BELOW = 0.5
"""Share inside the lungs below which a positive finding's heatmap is warned of."""

NOT_OF_THE_LUNGS = frozenset(
    {
        "Anterior mediastinal mass",
        "Aortic enlargement",
        "Boot-shaped heart",
        "Cardiomegaly",
        "Chest wall mass",
        "Clavicle fracture",
        "Dextrocardia",
        "Diaphragmatic hernia",
        "Egg on string sign",
        "Enlarged Cardiomediastinum",
        "Enlarged pulmonary artery",
        "Expanded edges of the anterior ribs",
        "Fracture",
        "Hernia",
        "Intrathoracic digestive structure",
        "Mediastinal shift",
        "Mediastinal tumor",
        "No Finding",
        "Other disease",
        "Other lesion",
        "Paravertebral mass",
        "Situs inversus",
        "Stomach on the right side",
        "Support Devices",
    }
)
"""Findings of the heart, the mediastinum, the wall, the belly or anything: their heatmaps belong outside the lungs."""


def with_inside_lungs(
    findings: Sequence[Finding], *, heatmaps: Sequence[Heatmap], lungs: LungDrawing | None
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The findings with `inside_lungs` where they have a heatmap and the lungs are trusted, and the warnings."""
    if lungs is None or not lungs.trusted:
        return tuple(findings), ()
    shares = {(one.model, one.finding): lungs.inside_share(one) for one in heatmaps}
    told = tuple(replace(one, inside_lungs=shares.get((one.model, one.name))) for one in findings)
    return told, tuple(warning for one in told for warning in _warning(one))


def _warning(finding: Finding) -> tuple[str, ...]:
    share = finding.inside_lungs
    if share is None or not finding.positive or share >= MOSTLY_OUTSIDE_BELOW or finding.name in NOT_OF_THE_LUNGS:
        return ()
    return (
        f"{finding.model}: the heatmap of {finding.name} lies mostly outside the lungs ({share:.0%} inside), so its "
        "score may rest on something else",
    )
