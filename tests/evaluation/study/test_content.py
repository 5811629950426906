from dataclasses import replace

from hilum.evaluation.study.content import StudyContent
from hilum.statistics.estimate import Estimate


def test_each_mean_is_said_with_its_interval_or_with_none(content: StudyContent) -> None:
    mean = {**content.aurocs.mean, "plain": Estimate(0.81234, (0.79, 0.83)), "crop": Estimate(0.75, None, note="few")}
    said = replace(content, aurocs=replace(content.aurocs, mean=mean)).means_in_words(
        {"plain": "plain", "crop": "crop"}
    )
    assert said == ("mean AUROC, plain: 0.812 [0.790, 0.830]", "mean AUROC, crop: 0.750 [no interval]")
