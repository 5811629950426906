"""The truth and the score of each label, by the names of columns."""

import pytest

from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.score_columns import score_pairs


def pairs(header, *, cells=None, **stated):
    names = header.split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in cells or ("1,0.9", "0,0.2")]
    found = score_pairs(rows, names=names, file="scores.csv", **stated)
    return [(pair.label, pair.truth, pair.score) for pair in found]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("truth:Mass,score:Mass", ("Mass", "truth:Mass", "score:Mass")),
        ("Mass,Mass_prob", ("Mass", "Mass", "Mass_prob")),
        ("Mass_true,Mass_pred", ("Mass", "Mass_true", "Mass_pred")),
        ("y_true,y_score", ("Finding", "y_true", "y_score")),
        ("label,p", ("Finding", "label", "p")),
        ("Pleural Effusion,probability", ("Pleural Effusion", "Pleural Effusion", "probability")),
        ("y,prediction", ("y", "y", "prediction")),
    ],
)
def test_usual_names_are_pairs(header, expected):
    assert pairs(header) == [expected]


def test_several_labels_each_have_their_own():
    found = pairs("Mass,Mass_p,Edema,Edema_p", cells=("1,0.9,0,0.1", "0,0.2,1,0.7"))
    assert found == [("Mass", "Mass", "Mass_p"), ("Edema", "Edema", "Edema_p")]


def test_what_is_stated_is_the_pair():
    assert pairs("dx,model A", truth="dx", score="model A") == [("dx", "dx", "model A")]


@pytest.mark.parametrize(
    ("header", "stated", "error", "message"),
    [
        ("dx,model A", {}, DataError, r"no columns of a truth and its score \(columns: dx, model A\).*--truth COLUMN"),
        ("dx,model A", {"truth": "dx"}, UsageError, "Missing option: --score COLUMN"),
        ("dx,model A", {"truth": "dx", "score": "B"}, UsageError, "has no column 'B'; its columns are dx, model A"),
    ],
)
def test_what_is_no_pair_is_asked_back(header, stated, error, message):
    with pytest.raises(error, match=message):
        pairs(header, **stated)


@pytest.mark.parametrize(("name", "other"), [("score", "truth"), ("Mass_prob", "Mass")])
def test_scores_whose_decimals_a_comma_begins_are_not_called_no_scores(name, other):
    rows = [{other: "1", name: "0,93"}, {other: "0", name: ""}]
    said = rf"{name} of scores\.csv has decimals with a comma \(0,93\)\. Write them with a point"
    with pytest.raises(DataError, match=said):
        score_pairs(rows, names=(other, name), file="scores.csv")


def test_a_score_without_its_truth_is_refused():
    with pytest.raises(DataError, match="no column of the truth for Edema_p"):
        pairs("Mass,Mass_p,Edema_p", cells=("1,0.9,0.3", "0,0.2,0.1"))


@pytest.mark.parametrize(
    ("header", "cells", "message"),
    [
        (
            "y_true,y_pred,y_prob",
            ("1,1,0.9", "0,0,0.2"),
            "--truth y_true --score y_pred or --truth y_true --score y_prob, .*: y_pred and y_prob of .* both scores",
        ),
        ("Mass,Mass_pred,Mass_prob", ("1,1,0.9", "0,0,0.2"), "Mass_pred and Mass_prob of scores.csv are both scores"),
        (
            "Mass,Mass_true,Mass_prob",
            ("1,1,0.9", "0,0,0.2"),
            "Mass and Mass_true of scores.csv are both truths of Mass",
        ),
        ("a b_true,a b_p,a b_score", ("1,1,0.9", "0,0,0.2"), "--truth 'a b_true' --score 'a b_p' or"),
    ],
)
def test_two_scores_or_two_truths_of_one_label_are_asked_back(header, cells, message):
    with pytest.raises(DataError, match=message):
        pairs(header, cells=cells)


def test_what_is_stated_settles_which_of_two_scores_is_meant():
    cells = ("1,1,0.9", "0,0,0.2")
    found = pairs("y_true,y_pred,y_prob", cells=cells, truth="y_true", score="y_prob")
    assert found == [("Finding", "y_true", "y_prob")]
