"""The study of the adult's chest, declared: whole picture, lungs, and the mean of both."""

from __future__ import annotations

from hilum.evaluation.report.style import BLUE, GREEN, VERMILION
from hilum.evaluation.study.study import Arm, Study
from hilum.systems.chest_adult.recipe import NAME

LOCAL, CROP, MEAN = "local", "crop", "mean"
SHIPS = MEAN
"""The arm that may ship: it must be surely above `LOCAL`, and decide something."""
WANTED_GAIN = 0.02
"""What it was hoped to gain; the page says whether it does."""

ADULT = Study(
    name=NAME,
    title="Findings in adult chests: whole picture, lungs, and the mean of both",
    arms=(
        Arm(name=LOCAL, title="whole picture", colour=BLUE, pattern="--"),
        Arm(name=CROP, title="lungs", colour=GREEN, pattern=":"),
        Arm(name=MEAN, title="mean of both", colour=VERMILION, pattern="-"),
    ),
    pairs=((MEAN, LOCAL), (MEAN, CROP), (CROP, LOCAL)),
)
"""The mean is of calibrated logits, so that one linear layer gives it: it is an arm of its own, not a soft vote."""
