from dataclasses import replace

import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.comparing.compare import compare
from hilum.evaluation.comparing.comparison import Difference
from hilum.evaluation.comparing.many_predictions import same_images
from hilum.evaluation.comparing.margin import against_margin
from hilum.evaluation.comparing.model_points import stated_points
from hilum.evaluation.comparing.words import comparison_words, difference_words, p_words, pair_name, verdict_rows
from hilum.statistics.estimate import Estimate

PAIR = ("new", "old")


def words(value, interval, p, p_holm=None, note=None):
    return difference_words(Difference(estimate=Estimate(value, interval, note=note), p=p, p_holm=p_holm), pair=PAIR)


def test_a_difference_is_shown_by_interval_and_adjusted_test_together():
    assert words(0.05, (0.01, 0.09), 0.01, 0.02) == "new is above old, +0.050 [+0.010, +0.090]"
    assert words(-0.05, (-0.09, -0.01), 0.01, 0.049) == "new is below old, -0.050 [-0.090, -0.010]"
    assert words(-0.05, (-0.09, -0.01), 0.01, 0.05).endswith("(p 0.0500): no difference is shown")
    assert words(0.05, (0.01, 0.09), 0.01, 0.11).endswith("(p 0.1100): no difference is shown")
    assert words(0.05, (0.01, 0.09), 0.2).endswith("no difference is shown")


def test_what_is_not_shown_is_not_called_equal():
    assert words(0.05, (-0.01, 0.09), 0.2) == (
        "no difference between new and old is shown, +0.050 [-0.010, +0.090]; that does not show them alike"
    )
    assert words(0.05, None, None, note="too few") == "new against old +0.050, and nothing is shown: too few"


def test_sentences_are_about_the_mean_or_the_one_label():
    def said(labels, **wishes):
        models = {name: fabricate_predictions(labels=labels, strength=s) for name, s in (("old", 1.0), ("new", 0.3))}
        return comparison_words(compare(same_images(models), replicates=200, **wishes))

    (one,) = said(("Mass",))
    assert one.startswith("AUROC of Mass: new is below old, -0.")
    first, second = said(("Mass", "Nodule"), margin=0.02)
    assert first.startswith("Mean AUROC over 2 labels: new is below old")
    assert second.startswith("Mean AUROC over 2 labels: new is not worse than old by more than 0.02: refuted")


@pytest.mark.parametrize(("p", "text"), [(None, "–"), (0.00001, "< 0.0001"), (0.0001, "0.0001"), (1.0, "1.0000")])
def test_p_words(p, text):
    assert p_words(p) == text


def test_pair_name():
    assert pair_name(PAIR) == "new − old"


def notes(*, patients_repeat=True, labels=("Mass", "Nodule"), models=2, **wishes):
    made = {}
    for place in range(models):
        one = fabricate_predictions(labels=labels, strength=1 - 0.2 * place)
        made[f"m{place}"] = one if patients_repeat else replace(one, patient=one.image)
    return " | ".join(compare(same_images(made), replicates=100, **wishes).notes)


def test_the_clustered_form_is_named_where_it_stands():
    assert "its clustered form (Obuchowski 1997) stands in its place" in notes()
    assert "clustered" not in notes(patients_repeat=False)


def test_one_file_without_patients_is_enough_for_no_word_of_patients():
    one = fabricate_predictions()
    one = replace(one, patient=one.image)
    made = compare(same_images({"a": one, "b": replace(one, patients_known=False)}), replicates=100)
    assert not made.patients_known
    assert [caution.split(",")[0] for caution in made.cautions] == ["Nothing tells patients apart"]
    pooled = replace(one, patients_known=False, design="cross-validated")
    said = compare(same_images({"a": pooled, "b": pooled}), replicates=100).notes
    assert any("the bootstrap by image stands" in note for note in said)


def test_what_is_adjusted_is_said():
    assert "adjusted by Holm over 2 labels and 3 pairs" in notes(models=3, all_pairs=True)
    assert "adjusted by Holm over 1 label and 2 pairs" in notes(labels=("Mass",), models=3)
    assert "so none is adjusted" in notes(labels=("Mass",))


def test_the_margin_is_explained_only_where_there_is_one():
    assert "lies above -0.02 (one-sided, 2.5%)" in notes(margin=0.02)
    assert "margin" not in notes()


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
