"""Judged drawings of lungs whose Dice depends on the facts in a known way."""

import numpy as np

from hilum.reading.lungs.quality import QualityFacts
from hilum.reading_result import LungDefinition
from hilum.systems.lungs.study.judge import JudgedLungs


def judged(*, count: int = 60, source: str = "lungs", definition: LungDefinition = "whole") -> list[JudgedLungs]:
    """Dice = 0.98 - flip - shift / 2 - area / 10 - regions / 50 - expected / 4, exactly; every fifth is made worse."""
    rng = np.random.default_rng(4)
    rows = []
    for index in range(count):
        bad = index % 10 == 0
        flip, shift = (0.1 if bad else 0.01) * rng.random(), (0.15 if bad else 0.02) * rng.random() + 0.1 * bad
        area, regions = 0.3 * rng.random(), float(rng.integers(0, 2))
        expected = 0.02 * rng.random()
        score = 0.98 - flip - shift / 2 - area / 10 - regions / 50 - expected / 4
        rows.append(
            JudgedLungs(
                source=source,
                image=f"{index:03d}.png",
                patient=f"p{index // 2}",
                fold=f"fold {index % 5}",
                dice=score,
                iou=score / (2 - score),
                dice_right=score,
                dice_left=None,
                average_distance=1.0,
                hausdorff_95=2.0,
                contained=1.0 if index else 0.9,
                truth_share=0.2 + 0.001 * index,
                facts=QualityFacts(
                    flip=flip, shift=shift, area=area, regions=regions, expected=expected, area_share=0.25
                ),
                flags=(),
                way="softened" if index % 5 == 4 else "as it is",
                definition=definition,
            )
        )
    return rows
