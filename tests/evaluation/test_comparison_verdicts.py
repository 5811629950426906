from dataclasses import replace

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.compare import compare
from hilum.evaluation.comparison_verdicts import verdict_rows
from hilum.evaluation.margin import against_margin
from hilum.evaluation.model_points import stated_points
from hilum.evaluation.same_images import same_images
from hilum.statistics.estimate import Estimate

LABELS = ("Mass", "Nodule")
MODELS = same_images({name: fabricate_predictions(strength=s, labels=LABELS) for name, s in (("old", 1), ("new", 0.9))})
POINTS = {name: stated_points({"": 0.5}, labels=LABELS) for name in MODELS.models}


def test_one_row_a_measure_and_pair():
    rows = verdict_rows(compare(MODELS, points=POINTS, margin=0.05, replicates=100))
    assert [(row.label, row.measure) for row in rows] == [
        (None, "AUROC"),
        *((label, measure) for label in LABELS for measure in ("AUROC", "sensitivity", "specificity")),
    ]
    for row in rows:
        assert row.verdict == against_margin(row.difference.estimate.interval, margin=0.05)
    without = verdict_rows(compare(MODELS, margin=0.05, replicates=100))
    assert [(row.label, row.measure) for row in without] == [(None, "AUROC"), ("Mass", "AUROC"), ("Nodule", "AUROC")]
    assert verdict_rows(compare(MODELS, replicates=100)) == ()


def test_words_of_a_row():
    row = verdict_rows(compare(MODELS, margin=0.02, replicates=100))[0]

    def said(interval):
        tested = replace(row.difference, estimate=Estimate(0.0, interval))
        one = replace(row, difference=tested, verdict=against_margin(interval, margin=0.02))
        return one.not_worse, one.alike

    assert said((-0.01, 0.01)) == ("shown", "shown")
    assert said((0.03, 0.05)) == ("shown", "refuted")  # better by more than the margin
    assert said((-0.05, -0.03)) == ("refuted", "refuted")
    assert said((-0.03, 0.01)) == ("not shown", "not shown")
    assert said(None) == ("no interval", "no interval")
