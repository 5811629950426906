"""What a card says of the images on which somebody fitted its calibration and operating points for their own place."""

from __future__ import annotations

from pydantic import Field

from hilum.bundle.card_part import Part, Sha256

NOT_CALIBRATED = (
    "Probabilities are the network's own sigmoid, not calibrated; they may be far from how often a finding is there."
)
MEAN_NOT_CALIBRATED = (
    "Probabilities are the mean of the members', not calibrated themselves: where members differ, the mean lies nearer "
    "to the middle than it should."
)
NO_POINT = "No operating point: no finding is called positive or negative."
"""The limits of a model or an ensemble that nobody calibrated, in the words that a calibration takes from its card."""

NOT_TRIED_ELSEWHERE = "not tried on any other"
"""In a limit of a model whose images are of one place; a fit on another place's images changes it."""
DECIDES_WHERE_EARNED = (
    "A finding decides only where cross-validation bears it out: at least 40 positives, an AUROC whose 95% interval "
    "begins at 0.70 or above, and at least 0.65 among images of one view. The others are listed as not reliable here."
)
"""The limit of a model whose findings decide by the figures of its study; those that are fitted go by others."""
CHOSEN_ON = "Epoch, calibration and operating point were chosen on "
LOOKED_AT = "On the test images that were looked at"
"""What limits begin with that tell of the calibration and the operating points with which a model ships."""


class CalibratedOn(Part):
    """Where calibration and operating points come from, if not from those who made the model; the graph is theirs."""

    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="the day of the fit, UTC")
    command: str
    by: str | None = Field(description="who did it, where they said so")
    hilum_version: str
    commit: str | None = Field(description="of the folder that it was done in; null outside a repository")
    data: tuple[str, ...] = Field(description="which images, one line each set")
    data_sha256: Sha256 = Field(description="over the images' hashes, their patients and their truths")
    images: int = Field(ge=1, description="images that the fit had")
    patients: int = Field(ge=1)
    left_out: tuple[str, ...] = Field(description="what the fit had not, counted, with the reason")
    rule: str = Field(description="how operating points were chosen")
    labels: tuple[str, ...] = Field(description="the labels that were fitted; the others stayed as they were")
    from_name: str = Field(description="the bundle that was calibrated")
    from_version: str
    from_sha256: Sha256 = Field(description="of its card")
