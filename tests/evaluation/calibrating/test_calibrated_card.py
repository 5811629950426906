import pytest

from fabricate_bundle import ToyBundle
from fabricate_calibrated import calibrated_on
from hilum.bundle.calibrated_on import NO_POINT, NOT_CALIBRATED
from hilum.bundle.label import LabelFit, PlattCalibration
from hilum.bundle.shelf import shipped_bundles
from hilum.evaluation.calibrating.calibrated_card import calibrated_card, calibrated_name, calibrated_version
from hilum.evaluation.calibrating.fit_label import FittedLabel
from hilum.evaluation.calibrating.fit_labels import FittedLabels

RAW = PlattCalibration(method="none", slope=1.0, intercept=0.0)


@pytest.mark.parametrize(
    ("version", "replaced", "expected"),
    [
        ("1.2.3", None, "1.2.3+calibrated.1"),
        ("1.2.3+calibrated.4", None, "1.2.3+calibrated.5"),
        ("1.2.3", "1.2.3+calibrated.1", "1.2.3+calibrated.2"),
        ("1.2.3", "1.2.3", "1.2.3+calibrated.1"),
    ],
)
def test_versions_count_up(version, replaced, expected):
    assert calibrated_version(version, replaced=replaced) == expected


def test_names_end_so_once():
    assert calibrated_name("toy") == "toy-calibrated"
    assert calibrated_name("toy-calibrated") == "toy-calibrated"


def on(*labels):
    return calibrated_on(labels=labels)


def made(card, labels, *, fitted, called="a hospital"):
    return calibrated_card(
        card,
        fitted=FittedLabels(labels=tuple(FittedLabel(label=label) for label in labels)),
        on=on(*fitted),
        name="toy-calibrated",
        version="1.0.0+calibrated.1",
        files=card.files,
        called=called,
        cautions=("Beware.",),
    )


@pytest.fixture
def raw():
    card = ToyBundle(labels=("Effusion", "Nodule"), calibration=RAW, operating_point=None).card()
    return card.changed({"limits": (NOT_CALIBRATED, NO_POINT, "Only the middle is read.")})


def fitted_one(label):
    return label.changed({"calibration": PlattCalibration(slope=2.0, intercept=0.1), "operating_point": 0.3})


def test_limits_that_no_longer_hold_go_and_others_stay(raw):
    card = made(raw, [fitted_one(label) for label in raw.labels], fitted=raw.label_names)
    assert card.limits == (
        "Only the middle is read.",
        "Calibration and operating points of Effusion, Nodule were fitted on a hospital: they hold for patients and "
        "pictures of that place, and where the finding is about as common as there.",
        "Beware.",
    )


def test_limits_are_said_of_the_labels_that_were_not_fitted(raw):
    first, second = raw.labels
    card = made(raw, [fitted_one(first), second], fitted=("Effusion",))
    assert card.limits[:2] == (
        "Probabilities of Nodule are the network's own sigmoid, not calibrated.",
        "No operating point for Nodule: never called positive or negative.",
    )


def test_what_is_calibrated_again_says_so_once(raw):
    once = made(raw, [fitted_one(label) for label in raw.labels], fitted=raw.label_names)
    again = made(once, once.labels, fitted=raw.label_names, called="another one")
    assert again.title == "A toy for tests; calibrated anew on another one"
    assert again.protocol == f"none: the numbers are fabricated; calibrated anew on another one (SHA-256 {'a' * 12}…)"
    assert sum(limit.startswith("Calibration and operating points of ") for limit in again.limits) == 1


def with_fit(label):
    """The label as a fit leaves it."""
    fit = LabelFit(
        n=160,
        positives=80,
        ill_patients=40,
        well_patients=40,
        fitted="slope and intercept",
        slope_ci=(0.5, 1.5),
        intercept_ci=(-0.5, 0.5),
        operating_point_ci=(0.2, 0.4),
    )
    return fitted_one(label).changed({"fit": fit})


def shipped_limits(*, beginning):
    """The limits of the shipped cards that begin so."""
    cards = [bundle.card for bundle in shipped_bundles()]
    return [limit for card in cards for limit in card.limits if limit.startswith(beginning)]


def test_what_the_first_fit_decided_by_is_said_of_the_others_alone(raw):
    (rule,) = shipped_limits(beginning="A finding decides only where cross-validation bears it out")
    card = raw.changed({"limits": (rule,)})
    first, second = card.labels
    some = made(card, [with_fit(first), second], fitted=("Effusion",))
    by_fit = (
        "Decided by the rule of a fit on somebody's own images: {}. It decides a finding that at least 20 patients "
        "have and 20 have not, and whose AUROC is shown to be above 0.5."
    )
    assert some.limits[0] == f"{by_fit.format('Effusion')} Of Nodule, a{rule[1:]}"
    again = made(some, some.labels, fitted=("Effusion",))
    assert again.limits[0] == some.limits[0]
    every = made(some, [with_fit(label) for label in card.labels], fitted=card.label_names)
    assert every.limits[0] == by_fit.format("Effusion, Nodule")
    assert made(every, every.labels, fitted=card.label_names).limits[0] == every.limits[0]


def test_a_model_that_was_tried_elsewhere_does_not_say_that_it_was_not(raw):
    adult, *_ = shipped_limits(beginning="Weak: learnt from ")
    child, *_ = shipped_limits(beginning="Trained on one hospital's images (Guangzhou)")
    own = "Made with 20 images of one collection (ours); not tried on any other."
    card = made(raw.changed({"limits": (adult, child, own)}), map(with_fit, raw.labels), fitted=raw.label_names)
    assert card.limits[0].endswith("680 more of 64 pixels; before this fit tried on no other hospital's.")
    assert card.limits[1].endswith("(Guangzhou); before this fit tried on no other hospital's.")
    assert card.limits[2] == "Made with 20 images of one collection (ours); before this fit tried on no other."


def test_how_the_shipped_calibration_was_chosen_and_held_is_said_to_be_of_before(raw):
    told = (
        *shipped_limits(beginning="Epoch, calibration and operating point were chosen on "),
        *shipped_limits(beginning="On the test images that were looked at"),
    )
    assert len(told) >= 2
    card = made(raw.changed({"limits": told}), map(with_fit, raw.labels), fitted=raw.label_names)
    assert card.limits[: len(told)] == tuple(f"Before this fit: {each[0].lower()}{each[1:]}" for each in told)
    again = made(card, card.labels, fitted=raw.label_names)
    assert again.limits[: len(told)] == card.limits[: len(told)]
