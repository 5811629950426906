import pytest

from fabricate_bundle import ToyBundle
from hilum.bundle.calibrated_on import NO_POINT, NOT_CALIBRATED, CalibratedOn
from hilum.bundle.label import PlattCalibration
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
    return CalibratedOn(
        date="2026-01-02",
        command="hilum models calibrate toy",
        by=None,
        hilum_version="0.1.0",
        commit=None,
        data=("a hospital: 3 images of 2 patients",),
        data_sha256="a" * 64,
        images=3,
        patients=2,
        left_out=(),
        rule="greatest Youden index",
        labels=labels,
        from_name="toy",
        from_version="1.0.0",
        from_sha256="b" * 64,
    )


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
