from dataclasses import replace

import numpy as np

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from hilum.evaluation.comparing.many_models import model_aurocs
from hilum.systems.sdfn.by_view import LEAST_POSITIVES, view_aurocs
from hilum.systems.sdfn.predictions import PAIRS, SdfnPredictions

LABELS = ("Mass", "Nodule", "Hernia")


def with_views(predictions: SdfnPredictions, views) -> SdfnPredictions:
    return SdfnPredictions(
        *(replace(one, view=views) for one in (predictions.whole, predictions.lung, predictions.sdfn))
    )


def test_a_view_shows_the_classes_with_twenty_positives_there() -> None:
    predictions = fabricate_sdfn_predictions(patients=100, labels=LABELS, without=("Hernia",), rare=0.18)
    found = {one.view: one for one in view_aurocs(predictions, replicates=100)}
    assert list(found) == ["AP", "PA"]
    views = np.array(predictions.whole.view)
    for view, one in found.items():
        enough = [
            label for label in LABELS if (predictions.column(label)[0][views == view] == 1).sum() >= LEAST_POSITIVES
        ]
        shown = [] if one.aurocs is None else [each.label for each in one.aurocs.labels]
        assert shown == enough
        assert set(one.too_few) == set(LABELS) - set(enough)
        assert one.n == (views == view).sum()
    assert found["AP"].aurocs is not None, "the fabricated AP images have enough of Mass"
    assert found["PA"].too_few != ()


def test_a_views_numbers_are_those_of_its_images() -> None:
    predictions = fabricate_sdfn_predictions(patients=100, labels=LABELS, rare=0.4)
    own = predictions.take(np.array(predictions.whole.view) == "PA")
    found = next(one for one in view_aurocs(predictions, replicates=100) if one.view == "PA")
    assert found.aurocs == model_aurocs(own.many, pairs=PAIRS, replicates=100)


def test_unknown_views_are_a_group_and_no_views_none() -> None:
    predictions = fabricate_sdfn_predictions(patients=30, labels=("Mass",), rare=0.5)
    some = tuple(None if i % 2 else "PA" for i in range(predictions.whole.n))
    assert [one.view for one in view_aurocs(with_views(predictions, some), replicates=50)] == ["PA", "unknown"]
    assert view_aurocs(with_views(predictions, None), replicates=50) == ()


def test_no_class_has_enough() -> None:
    predictions = fabricate_sdfn_predictions(patients=15, labels=("Mass",), rare=0.2)
    assert all(one.aurocs is None and one.too_few == ("Mass",) for one in view_aurocs(predictions, replicates=50))
