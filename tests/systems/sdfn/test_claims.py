from dataclasses import replace

import pytest

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from hilum.datasets.releases.chestxray14 import LABELS as CHESTXRAY14
from hilum.evaluation.comparing.many_models import ModelAurocs, Wins, model_aurocs
from hilum.evaluation.comparing.pair_tests import pair_tests
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.statistics.estimate import Estimate
from hilum.systems.sdfn.claims import ClaimResult, claims_on
from hilum.systems.sdfn.predictions import PAIRS


def claims(without: tuple[str, ...] = ()) -> tuple[dict[str, ClaimResult], ModelAurocs]:
    predictions = fabricate_sdfn_predictions(patients=60, without=without)
    aurocs = model_aurocs(predictions.many, pairs=PAIRS, replicates=100)
    tests = [pair_tests(pair, predictions=predictions.many, aurocs=aurocs) for pair in PAIRS]
    return {one.key: one for one in claims_on(aurocs, tests=tests)}, aurocs


@pytest.fixture(scope="module")
def found() -> tuple[dict[str, ClaimResult], ModelAurocs]:
    return claims()


def with_difference(aurocs: ModelAurocs, label: str, *, pair, value: float, interval) -> ModelAurocs:
    labels = tuple(
        replace(one, difference={**one.difference, pair: Estimate(value, interval, 0)}) if one.label == label else one
        for one in aurocs.labels
    )
    return replace(aurocs, labels=labels)


def test_the_papers_numbers_bear_out_every_claim_it_makes(found) -> None:
    results, _ = found
    assert all(one.paper_holds for one in results.values())
    assert results["lung-nodule"].paper == "0.759 against 0.744: +0.015"
    assert results["lung-mass"].paper.endswith("+0.016")
    assert results["whole-emphysema"].paper.endswith("+0.003")
    assert results["sdfn-over-whole"].paper == "14 of 14"
    assert results["sdfn-over-lung"].paper == "13 of 14, not Hernia"
    assert results["t-sdfn-over-whole"].paper.startswith("t 6.16, p 3e-05")
    assert results["t-sdfn-over-lung"].paper.startswith("t 5.37, p 1e-04")


def test_ours_is_the_difference_of_the_claimed_order(found) -> None:
    results, aurocs = found
    emphysema = aurocs.label("Emphysema").difference["lung", "whole"]
    claimed = results["whole-emphysema"].difference
    assert claimed is not None
    assert claimed.value == -emphysema.value
    assert claimed.interval == (-emphysema.interval[1], -emphysema.interval[0])
    assert results["lung-mass"].difference == aurocs.label("Mass").difference["lung", "whole"]


@pytest.mark.parametrize(
    ("interval", "verdict"), [((0.01, 0.2), "holds"), ((-0.1, 0.2), "open"), ((-0.3, -0.01), "does not hold")]
)
def test_the_verdict_is_the_intervals(found, interval: tuple[float, float], verdict: str) -> None:
    _, aurocs = found
    turned = with_difference(aurocs, "Nodule", pair=("lung", "whole"), value=sum(interval) / 2, interval=interval)
    results = {one.key: one for one in claims_on(turned, tests=())}
    assert results["lung-nodule"].verdict == verdict


@pytest.mark.parametrize(
    ("count", "interval", "verdict"), [(14, (12, 14), "holds"), (11, (9, 14), "open"), (9, (7, 12), "does not hold")]
)
def test_the_verdict_on_a_count(found, count: int, interval: tuple[int, int], verdict: str) -> None:
    _, aurocs = found
    turned = replace(aurocs, wins={**aurocs.wins, ("sdfn", "whole"): Wins(count, 14, interval)})
    one = next(one for one in claims_on(turned, tests=()) if one.key == "sdfn-over-whole")
    assert one.verdict == verdict
    assert one.ours.startswith(f"{count} of 14 [{interval[0]}, {interval[1]}]")


@pytest.mark.parametrize(
    ("t", "p", "verdict"), [(6.0, 0.001, "holds"), (1.0, 0.3, "open"), (-6.0, 0.001, "does not hold")]
)
def test_the_verdict_on_a_t_test(t: float, p: float, verdict: str) -> None:
    predictions = fabricate_sdfn_predictions(patients=60)
    aurocs = model_aurocs(predictions.many, pairs=PAIRS, replicates=50)
    tests = pair_tests(("sdfn", "whole"), predictions=predictions.many, aurocs=aurocs)
    results = claims_on(aurocs, tests=[replace(tests, paired_t=PairedT(0.1, t, p, 14))])
    assert next(one for one in results if one.key == "t-sdfn-over-whole").verdict == verdict


def test_a_class_that_lacks_an_outcome_is_not_tested() -> None:
    results, aurocs = claims(without=("Nodule",))
    nodule = results["lung-nodule"]
    assert (nodule.verdict, nodule.ours, nodule.difference) == ("not tested", "there are no positives", None)
    assert aurocs.wins["sdfn", "whole"].of == len(CHESTXRAY14) - 1
    assert "without Nodule" in results["mean-sdfn-over-whole"].ours


def test_classes_of_other_labels_were_not_judged() -> None:
    predictions = fabricate_sdfn_predictions(patients=40, labels=("Mass", "Edema"))
    aurocs = model_aurocs(predictions.many, pairs=PAIRS, replicates=50)
    nodule = next(one for one in claims_on(aurocs, tests=()) if one.key == "lung-nodule")
    assert (nodule.verdict, nodule.ours) == ("not tested", "Nodule was not judged")
