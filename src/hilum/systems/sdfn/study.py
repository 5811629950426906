"""The SDFN study, declared: whole image, lung crop and their fusion beside the paper's table and claims."""

from __future__ import annotations

from hilum.evaluation.report.style import BLUE, GREEN, VERMILION
from hilum.evaluation.study.claims import ClassAbove, CountAbove, MeanAbove, TTest
from hilum.evaluation.study.study import Arm, Study
from hilum.systems.sdfn.paper import PAPER

WHOLE, LUNG, FUSION = "whole", "lung", "sdfn"

SDFN = Study(
    name="sdfn",
    title="SDFN study: whole image, lung crop and their fusion",
    arms=(
        Arm(name=WHOLE, title="whole image", colour=BLUE, pattern="--"),
        Arm(name=LUNG, title="lung crop", colour=GREEN, pattern=":"),
        Arm(name=FUSION, title="SDFN", colour=VERMILION, pattern="-"),
    ),
    pairs=((FUSION, WHOLE), (FUSION, LUNG), (LUNG, WHOLE)),
    published=PAPER,
    claims=(
        ClassAbove("Nodule", (LUNG, WHOLE)),
        ClassAbove("Mass", (LUNG, WHOLE)),
        ClassAbove("Emphysema", (WHOLE, LUNG)),
        ClassAbove("Hernia", (LUNG, FUSION)),
        CountAbove((FUSION, WHOLE)),
        CountAbove((FUSION, LUNG)),
        MeanAbove((LUNG, WHOLE)),
        MeanAbove((FUSION, LUNG)),
        MeanAbove((FUSION, WHOLE)),
        TTest((FUSION, WHOLE)),
        TTest((FUSION, LUNG)),
    ),
    t_level=0.01,
)
"""Section 4 of the paper names the first three claims; Hernia is the one class in which its SDFN is not above the crop.

Its level of the paired t-test is 0.01.
"""
