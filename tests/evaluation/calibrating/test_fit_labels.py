"""A fusion's two lists of labels, each fitted on the pictures that it reads."""

import numpy as np
import pytest

from fabricate_fusion import LABELS, write_fusion
from hilum.evaluation.calibrating.fit_labels import NOT_IN_DATA, fit_labels
from hilum.evaluation.calibrating.own_images import OwnImages
from hilum.evaluation.calibrating.rule import PointRule
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.validation import ValidationPredictions


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    return write_fusion(tmp_path_factory.mktemp("fusion") / "toy").card


def own_images(
    *, trusted: int, untrusted: int, known: tuple[bool, bool] = (True, True), apart: float = 1.0, ap: int = 0
) -> OwnImages:
    """One picture a patient, half of them ill; logits of pictures without trusted lungs are twice as large.

    The outcomes' logits lie `apart` from 0, on either side. The first `ap` pictures are of view AP.
    """
    n = trusted + untrusted
    draw = np.random.default_rng(0)
    cropped = np.arange(n) < trusted
    truth = np.stack([np.where(np.arange(n) % 2, 1.0, 0.0) if one else np.full(n, np.nan) for one in known], axis=1)
    logits = (
        draw.normal(np.where(np.arange(n) % 2, apart, -apart)[:, None], 1.0, (n, 2)) * np.where(cropped, 1, 2)[:, None]
    )
    predictions = Predictions(
        image=tuple(f"{i}.png" for i in range(n)),
        patient=tuple(f"p{i}" for i in range(n)),
        split=("own",) * n,
        labels=LABELS,
        view=("AP",) * ap + ("PA",) * (n - ap),
        truth=truth,
        scores=1 / (1 + np.exp(-logits)),
        protocol="made up",
    )
    return OwnImages(
        validation=ValidationPredictions(predictions),
        logits=logits,
        sharpness=draw.random(n),
        cropped=cropped,
        left_out={},
        scope_unknown=0,
        used=frozenset(),
        sha256="c" * 64,
    )


def fit(images, *, card, chosen=LABELS):
    return fit_labels(images, card=card, chosen=chosen, rule=PointRule(), name="a hospital", date="2026-01-02")


def test_each_list_is_fitted_on_its_own_pictures(card):
    found = fit(own_images(trusted=200, untrusted=160), card=card)
    assert [one.label.fit.n for one in found.labels] == [200, 200]
    assert [one.label.fit.n for one in found.whole_labels] == [160, 160]
    for fused, alone in zip(found.labels, found.whole_labels, strict=True):
        assert fused.label.calibration.slope > 1.4 * alone.label.calibration.slope
    assert found.labels[0].label.results[0].set.startswith("a hospital, lungs trusted, cross-fitted")
    assert found.whole_labels[0].label.operating_point_rule == (
        f"greatest Youden index on 160 images of 160 patients of a hospital, lungs not trusted (SHA-256 {'c' * 12}…), "
        "fitted 2026-01-02"
    )
    assert found.fitted == LABELS


def test_a_branch_with_too_few_pictures_decides_no_more(card):
    found = fit(own_images(trusted=200, untrusted=10), card=card)
    for one, before in zip(found.whole_labels, card.fusion.whole_labels, strict=True):
        assert before.operating_point is not None
        assert one.label.operating_point is None
        assert one.label.not_reliable == (
            "only 5 patients with the finding among 10 images; a decision needs 20, where lungs are not trusted"
        )
    assert found.fitted == LABELS


def test_a_branch_decides_no_more_where_its_fusion_was_withdrawn(card):
    found = fit(own_images(trusted=200, untrusted=10, apart=0.0), card=card)
    for fused, alone in zip(found.labels, found.whole_labels, strict=True):
        assert "rank these images" in fused.label.not_reliable
        assert fused.label.operating_point is None
        assert alone.label.operating_point is None
        assert alone.label.not_reliable.endswith("a decision needs 20, where lungs are not trusted")


def test_a_branch_stays_as_it_was_where_its_fusion_did(card):
    found = fit(own_images(trusted=200, untrusted=160), card=card, chosen=("Pneumonia",))
    assert found.labels[0].label == card.labels[0]
    assert found.whole_labels[0].label == card.fusion.whole_labels[0]
    assert found.fitted == ("Pneumonia",)
    few = fit(own_images(trusted=10, untrusted=10), card=card)
    assert [one.label for one in few.whole_labels] == list(card.fusion.whole_labels)
    assert few.fitted == ()


def test_a_label_that_the_data_do_not_tell_stays_as_it_was(card):
    found = fit(own_images(trusted=200, untrusted=0, known=(True, False)), card=card)
    assert found.labels[1].label == card.labels[1]
    assert found.labels[1].unfitted == NOT_IN_DATA
    assert found.whole_labels[1].label == card.fusion.whole_labels[1]


@pytest.mark.parametrize(("ap", "stays"), [(100, False), (30, True), (0, True)])
def test_a_view_stays_undecided_unless_own_images_show_that_it_is_told_there(card, ap, stays):
    weak = ({"view": "AP", "why": "4 of 500 images with it"},)
    labels = tuple(label.changed({"not_reliable_in": weak}) for label in card.labels)
    found = fit(own_images(trusted=200, untrusted=160, ap=ap), card=card.changed({"labels": labels}))
    for one, before in zip(found.labels, labels, strict=True):
        assert one.unfitted is None
        assert one.label.not_reliable_in == (before.not_reliable_in if stays else ())
    useless = fit(own_images(trusted=200, untrusted=160, ap=ap, apart=0.0), card=card.changed({"labels": labels}))
    assert all(one.withdrawn and one.label.not_reliable_in == () for one in useless.labels)
