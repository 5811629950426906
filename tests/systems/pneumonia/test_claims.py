import math

from fabricate_one_label import predictions_of_one_label as predictions
from hilum.statistics.confusion import Confusion
from hilum.statistics.estimate import Estimate
from hilum.systems.pneumonia.claims import accuracy_claim, exposure_claim, healthy_claim
from hilum.systems.pneumonia.errors import FalseAlarm
from hilum.systems.pneumonia.measures import Measures


def measured(*, sensitivity, specificity):
    shares = {"sensitivity": sensitivity, "specificity": specificity}
    return Measures(
        n=10,
        table=Confusion(1, 1, 1, 1),
        accuracy=None,
        balanced_accuracy=None,
        slope=None,
        in_the_large=None,
        **shares,
    )


def test_the_accuracy_claim_quotes_the_paper_and_holds_by_our_interval():
    truth = [1] * 40 + [0] * 40
    good, bad = predictions(truth, [0.9] * 40 + [0.1] * 40), predictions(truth, [0.9] * 80)
    holds = accuracy_claim(good, random=bad)
    assert (holds.verdict, holds.paper, holds.paper_holds) == ("holds", "0.7949 against 0.7837: +0.0112", True)
    assert holds.difference.value == 0.5
    assert accuracy_claim(bad, random=good).verdict == "does not hold"
    assert accuracy_claim(good, random=good).verdict == "open"


def test_erring_on_the_healthy_is_sensitivity_above_specificity():
    high, low = Estimate(0.95, (0.93, 0.97)), Estimate(0.60, (0.52, 0.68))
    claim = healthy_claim("random", measured=measured(sensitivity=high, specificity=low))
    assert claim.verdict == "holds"
    assert claim.difference.value == 0.95 - 0.60
    # Zou and Donner: 0.35 - sqrt(0.02^2 + 0.08^2)
    assert math.isclose(claim.difference.interval[0], 0.35 - math.hypot(0.02, 0.08))
    other = healthy_claim("random", measured=measured(sensitivity=low, specificity=high))
    assert other.verdict == "does not hold"
    none = healthy_claim("random", measured=measured(sensitivity=None, specificity=high))
    assert (none.verdict, none.difference) == ("not tested", None)


def test_false_alarms_that_lie_on_bright_parts_are_counted_by_patient():
    bright = [FalseAlarm(patient=f"p{i}", brighter_by=0.1) for i in range(19)]
    dark = [FalseAlarm(patient="q", brighter_by=-0.1), FalseAlarm(patient="r", brighter_by=math.nan)]
    claim = exposure_claim("imagenet", false_alarms=[*bright, *dark])
    assert claim.verdict == "holds"
    assert claim.ours.startswith("in 0.950 [")
    assert claim.ours.endswith("of 20 false alarms")
    nothing = exposure_claim("imagenet", false_alarms=[])
    assert (nothing.verdict, nothing.ours) == ("not tested", "there are no false alarms")
