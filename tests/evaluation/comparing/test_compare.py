from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from fabricate_predictions import fabricate_predictions
from hilum.errors import DataError, UsageError
from hilum.evaluation.comparing.compare import compare, compared_pairs
from hilum.evaluation.comparing.comparison import Comparison
from hilum.evaluation.comparing.many_predictions import same_images
from hilum.evaluation.comparing.model_points import points_from_validation, stated_points
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.predictions.patient_bootstrap import patient_bootstrap, patient_rows
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.statistics.delong import DelongTest, delong_test
from hilum.statistics.holm import holm

LABELS = ("Atelectasis", "Effusion", "Mass", "No Finding")
STRONG = fabricate_predictions(labels=LABELS, patients=60, missing=0.0)
WEAK = fabricate_predictions(labels=LABELS, patients=60, missing=0.0, strength=0.6)
WEAKEST = fabricate_predictions(labels=LABELS, patients=60, missing=0.0, strength=0.3)
QUICK = 150


def compared(*models: Predictions, names: str = "abcdef", **wishes: object) -> Comparison:
    return compare(same_images(dict(zip(names, models, strict=False))), replicates=QUICK, **wishes)  # type: ignore[arg-type]


def test_differences_are_the_others_minus_the_reference() -> None:
    result = compared(STRONG, WEAK)
    assert result.pairs == (("b", "a"),)
    assert result.reference == "a"
    patients = patient_rows(STRONG.patient)
    drawn = patient_bootstrap([lambda d: d.astype(float)], patients=patients, replicates=QUICK, seed=0)[0]
    p_values = []
    for column, label in enumerate(result.labels):
        truth, strong, weak = STRONG.truth[:, column], STRONG.scores[:, column], WEAK.scores[:, column]
        (pair,) = label.pairs
        assert pair.auroc.estimate.value == pytest.approx(roc_auc_score(truth, weak) - roc_auc_score(truth, strong))
        assert pair.brier.estimate.value == pytest.approx(
            brier_score_loss(truth, weak) - brier_score_loss(truth, strong)
        )
        weights = drawn[patients.index].T
        differences = np.array(
            [
                roc_auc_score(truth, weak, sample_weight=w) - roc_auc_score(truth, strong, sample_weight=w)
                for w in weights
            ]
        )
        tail = min((differences <= 0).sum(), (differences >= 0).sum())
        p_values.append(min(1.0, 2 * (tail + 1) / (QUICK + 1)))
        assert pair.auroc.p == pytest.approx(p_values[-1])
        precision = [
            average_precision_score(truth, weak, sample_weight=w)
            - average_precision_score(truth, strong, sample_weight=w)
            for w in weights
        ]
        interval = pair.average_precision.estimate.interval
        assert interval == pytest.approx(tuple(np.quantile(precision, [0.025, 0.975])), abs=1e-9)
        errors = [((s - truth) ** 2) for s in (weak, strong)]
        brier = [np.average(errors[0] - errors[1], weights=w) for w in weights]
        assert pair.brier.estimate.interval == pytest.approx(tuple(np.quantile(brier, [0.025, 0.975])), abs=1e-12)
    assert tuple(label.pairs[0].auroc.p_holm for label in result.labels) == pytest.approx(holm(p_values))


def test_each_models_figures_are_those_of_judge() -> None:
    result = compared(STRONG, WEAK, WEAKEST)
    for name, model in zip("abc", (STRONG, WEAK, WEAKEST), strict=True):
        judged = judge(model, replicates=QUICK).whole
        for label, own in zip(result.labels, judged.labels, strict=True):
            assert label.models[name].auroc == own.auroc
            assert label.models[name].average_precision == own.average_precision
            assert label.models[name].brier == own.brier
        assert result.mean[name] == judged.mean_auroc


def test_with_one_image_a_patient_the_test_is_delongs() -> None:
    one, two = (replace(model, patient=model.image) for model in (STRONG, WEAK))
    result = compared(one, two)
    assert not result.clustered
    for column, label in enumerate(result.labels):
        test = delong_test(one.truth[:, column], first=two.scores[:, column], second=one.scores[:, column])
        assert isinstance(test, DelongTest)
        assert label.pairs[0].delong_p == pytest.approx(test.p_value, rel=1e-9)


def test_where_patients_repeat_delong_is_not_taken() -> None:
    copies = 4  # the same images four times over, under the same patients: no new information
    rows = np.tile(np.arange(STRONG.n), copies)
    image = tuple(f"{place}.png" for place in range(rows.size))
    one, two = (replace(model.take(np.arange(STRONG.n)), patient=model.image) for model in (STRONG, WEAK))
    plain = compared(one, two)
    repeated = [
        Predictions(
            image=image, patient=tuple(m.patient[i] for i in rows), split=("test",) * rows.size, labels=LABELS,
            truth=m.truth[rows], scores=m.scores[rows], protocol="copies",
        )
        for m in (one, two)
    ]  # fmt: skip
    result = compared(*repeated)
    assert result.clustered
    assert any("clustered form" in note for note in result.notes)
    for once, often in zip(plain.labels, result.labels, strict=True):
        assert once.pairs[0].delong_p is not None
        assert often.pairs[0].delong_p is not None
        assert often.pairs[0].delong_p >= 0.98 * once.pairs[0].delong_p
        test = delong_test(
            repeated[0].truth[:, result.labels.index(often)],
            first=repeated[1].scores[:, result.labels.index(often)],
            second=repeated[0].scores[:, result.labels.index(often)],
        )
        assert isinstance(test, DelongTest)
        assert test.p_value is not None
        assert test.p_value < once.pairs[0].delong_p  # what was printed before, from copies alone


def test_more_than_two_models_and_holm_over_labels_and_pairs() -> None:
    result = compared(STRONG, WEAK, WEAKEST)
    assert result.pairs == (("b", "a"), ("c", "a"))
    p_values = [pair.auroc.p for label in result.labels for pair in label.pairs]
    assert len(p_values) == 8
    assert [pair.auroc.p_holm for label in result.labels for pair in label.pairs] == list(holm(p_values))
    delong = [pair.delong_p for label in result.labels for pair in label.pairs]
    assert [pair.delong_p_holm for label in result.labels for pair in label.pairs] == list(holm(delong))
    assert any("4 labels and 2 pairs" in note for note in result.notes)
    two = compared(STRONG, WEAK)
    assert [label.pairs[0].auroc.p for label in result.labels] == [label.pairs[0].auroc.p for label in two.labels]


def test_the_pairs_that_are_asked_for() -> None:
    assert compared_pairs("abc", reference="b") == ((("a", "b"), ("c", "b")), "b")
    assert compared_pairs("abc", all_pairs=True) == ((("b", "a"), ("c", "a"), ("c", "b")), None)
    assert compared_pairs("ab") == ((("b", "a"),), "a")
    with pytest.raises(UsageError, match=r"No model is called 'd'\. Available: a, b, c"):
        compared_pairs("abc", reference="d")
    with pytest.raises(UsageError, match="Ask for all pairs or name a reference"):
        compared_pairs("abc", reference="a", all_pairs=True)


def test_the_mean_and_the_t_test_leave_no_finding_out() -> None:
    result = compared(STRONG, WEAK)
    aurocs = {
        name: [roc_auc_score(model.truth[:, k], model.scores[:, k]) for k in range(3)]
        for name, model in (("a", STRONG), ("b", WEAK))
    }
    (mean,) = result.mean_pairs
    assert mean.auroc.estimate.value == pytest.approx(np.mean(aurocs["b"]) - np.mean(aurocs["a"]))
    assert isinstance(mean.paired_t, PairedT)
    assert mean.paired_t.p_value == pytest.approx(ttest_rel(aurocs["b"], aurocs["a"]).pvalue)
    assert result.averaged == ("Atelectasis", "Effusion", "Mass")


def test_one_label_has_no_t_test_and_its_own_mean() -> None:
    one, two = (fabricate_predictions(labels=("Mass",), strength=s) for s in (1.0, 0.5))
    result = compared(one, two)
    (mean,) = result.mean_pairs
    assert mean.paired_t is None
    assert mean.auroc.estimate == result.labels[0].pairs[0].auroc.estimate
    assert not any("t-test" in note for note in result.notes)
    assert any("none is adjusted" in note for note in result.notes)


def test_the_order_of_rows_and_labels_does_not_matter() -> None:
    shuffled = WEAK.take(np.random.default_rng(0).permutation(WEAK.n))
    turned = replace(shuffled, labels=LABELS[::-1], truth=shuffled.truth[:, ::-1], scores=shuffled.scores[:, ::-1])
    assert compared(STRONG, turned) == compared(STRONG, WEAK)


def test_a_model_against_itself_shows_nothing() -> None:
    result = compared(STRONG, STRONG, margin=0.05)
    for label in result.labels:
        (pair,) = label.pairs
        assert (pair.auroc.estimate.value, pair.auroc.estimate.interval, pair.auroc.p) == (0.0, None, None)
        assert pair.auroc.estimate.note == "both models order the images alike"
        assert pair.auroc.verdict is not None
        assert pair.auroc.verdict.not_worse is None
    assert result.mean_pairs[0].auroc.estimate.interval is None


def test_two_perfect_models_on_few_patients_are_not_shown_alike() -> None:
    truth = np.array([[1.0]] * 6 + [[0.0]] * 6)
    perfect = [
        Predictions(
            image=tuple(f"{k}.png" for k in range(12)), patient=tuple(map(str, range(12))), split=("test",) * 12,
            labels=("Mass",), truth=truth, scores=0.1 * truth + scores[:, None], protocol="twelve patients",
        )
        for scores in (np.linspace(0.1, 0.15, 12), np.linspace(0.15, 0.1, 12))
    ]  # fmt: skip
    (pair,) = compared(*perfect, margin=0.05).labels[0].pairs
    # Wilson's far bound of 6 of 6 is 6 / (6 + 1.96^2): the new model may be as bad as that
    loss = 1 - 6 / (6 + 1.959964**2)
    assert pair.auroc.estimate.interval is not None
    assert pair.auroc.estimate.interval[0] == pytest.approx(-loss, abs=1e-6)
    assert pair.auroc.verdict is not None
    assert (pair.auroc.verdict.not_worse, pair.auroc.verdict.alike) == (False, False)
    assert pair.auroc.verdict.hidden_loss == pytest.approx(loss, abs=1e-6)


def test_too_few_ill_patients_give_no_interval_no_test_and_no_verdict() -> None:
    truth = STRONG.truth.copy()
    ill = [STRONG.patient.index(name) for name in sorted(set(STRONG.patient))[:4]]
    truth[:, 0] = 0.0
    truth[ill, 0] = 1.0
    one, two = replace(STRONG, truth=truth), replace(WEAK, truth=truth)
    points = {name: stated_points({"": 0.5}, labels=LABELS) for name in "ab"}
    label = compared(one, two, margin=0.1, points=points).labels[0]
    assert label.too_few is not None
    assert label.too_few.startswith("only 4 patients with a positive image; a comparison needs 5")
    (pair,) = label.pairs
    assert pair.sensitivity is not None
    for tested in (pair.auroc, pair.average_precision, pair.brier, pair.sensitivity):
        assert (tested.estimate.interval, tested.p) == (None, None)
    assert pair.delong_p is None
    assert pair.auroc.verdict is not None
    assert pair.auroc.verdict.not_worse is None
    assert pair.specificity is not None
    assert pair.specificity.p is not None  # of the well there are enough


def test_cross_validated_predictions_use_the_bootstrap_only() -> None:
    pooled = replace(WEAK, design="cross-validated")
    result = compared(STRONG, pooled)
    assert result.cross_validated
    assert all(label.pairs[0].delong_p is None for label in result.labels)
    assert all(label.pairs[0].auroc.p is not None for label in result.labels)
    assert "is left out" in result.notes[0]


def test_sensitivity_and_specificity_at_points_from_validation() -> None:
    one, two = (replace(model, patient=model.image) for model in (STRONG, WEAK))
    validation = ValidationPredictions(
        fabricate_predictions(labels=LABELS, patients=60, missing=0.0, split="val", first_patient=900, seed=4)
    )
    points = {
        "a": points_from_validation(validation, judged=one),
        "b": stated_points({"": 0.5, "Mass": 0.4}, labels=LABELS),
    }
    result = compared(one, two, points=points)
    for column, label in enumerate(result.labels):
        (pair,) = label.pairs
        threshold = label.models["a"].threshold
        assert threshold is not None
        assert label.models["b"].threshold == (0.4 if label.label == "Mass" else 0.5)
        ill = one.truth[:, column] == 1
        first = two.scores[ill, column] >= label.models["b"].threshold
        second = one.scores[ill, column] >= threshold
        found = pair.sensitivity
        assert found is not None
        assert found.estimate.value == pytest.approx(first.mean() - second.mean())
        table = found.table
        counts = ((first & ~second).sum(), (~first & second).sum(), (first & second).sum(), (~first & ~second).sum())
        assert (table.first_only, table.second_only, table.both, table.neither) == counts
        if counts[0] + counts[1]:
            assert found.p == pytest.approx(binomtest(counts[0], counts[0] + counts[1]).pvalue)
        assert label.models["a"].sensitivity is not None
        assert label.models["a"].sensitivity.value == pytest.approx(second.mean())
    assert result.points["a"].startswith("greatest Youden index, on validation: made-up patients")
    assert result.points["b"] == "stated thresholds"


def test_every_model_needs_points_where_one_has_them() -> None:
    with pytest.raises(UsageError, match="b has no operating point"):
        compared(STRONG, WEAK, points={"a": stated_points({"": 0.5}, labels=LABELS)})
    with pytest.raises(UsageError, match="No model is called z"):
        compared(STRONG, WEAK, points={"z": stated_points({"": 0.5}, labels=LABELS)})


def test_labels_without_both_outcomes_are_named() -> None:
    truth = STRONG.truth.copy()
    truth[:, 2] = 0.0
    result = compared(replace(STRONG, truth=truth), replace(WEAK, truth=truth))
    mass = result.labels[2]
    assert (mass.undefined, mass.models, mass.pairs) == ("there are no positives", {}, ())
    assert result.left_out == ("Mass",)
    with pytest.raises(DataError, match="No label has both positives and negatives"):
        compared(replace(STRONG, truth=np.ones_like(truth)), replace(WEAK, truth=np.ones_like(truth)))


def test_only_a_label_out_of_the_mean_can_be_compared() -> None:
    truth = STRONG.truth.copy()
    truth[:, :3] = 0.0
    result = compared(replace(STRONG, truth=truth), replace(WEAK, truth=truth))
    assert (result.mean, result.mean_pairs) == ({}, ())
    assert result.left_out == ("Atelectasis", "Effusion", "Mass")
    assert result.labels[3].pairs[0].auroc.p is not None


def test_a_smoke_run_is_said() -> None:
    result = compared(STRONG, replace(WEAK, smoke=True))
    assert result.smoke
    assert "A test run is compared" in result.notes[0]


FAMILY = ("Mass", "Nodule")


def test_each_measure_is_a_family_over_labels_and_pairs():
    strengths = {"a": 1.0, "b": 0.8, "c": 0.4}
    many = same_images({name: fabricate_predictions(labels=FAMILY, strength=s) for name, s in strengths.items()})
    points = {name: stated_points({"": 0.4}, labels=FAMILY) for name in strengths}
    result = compare(many, points=points, all_pairs=True, replicates=100)
    pairs = [pair for label in result.labels for pair in label.pairs]
    assert len(pairs) == 6
    for measure in ("auroc", "average_precision", "brier", "sensitivity", "specificity"):
        tested = [getattr(pair, measure) for pair in pairs]
        assert [one.p_holm for one in tested] == list(holm([one.p for one in tested]))
    assert [pair.delong_p_holm for pair in pairs] == list(holm([pair.delong_p for pair in pairs]))
    assert [pair.pair for pair in result.labels[1].pairs] == [("b", "a"), ("c", "a"), ("c", "b")]
