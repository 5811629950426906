"""What the card says against findings that are decided comes from the study alone."""

from typing import Any

from hilum.systems.chest_adult.limits import limits_of_study

Json = dict[str, Any]


def label(*, earned: bool = True, **by_view: Json) -> Json:
    return {"earned": earned, "by_view": by_view}


def view(*, positives: int, auroc: float | None, low: float | None) -> Json:
    return {"n": 560, "positives": positives, "auroc": auroc, "auroc_ci": None if low is None else [low, 0.9]}


GOOD = view(positives=50, auroc=0.8, low=0.7)


def test_a_view_in_which_a_decided_finding_is_not_shown_to_be_told_is_named_with_its_figures() -> None:
    earned = {
        "Edema": label(AP=GOOD, PA=GOOD),
        "Emphysema": label(AP=view(positives=6, auroc=0.72, low=0.42), PA=GOOD),
        "Fibrosis": label(AP=view(positives=4, auroc=0.43, low=None), PA=GOOD),
        "Hernia": label(AP=view(positives=0, auroc=None, low=None), PA=GOOD),
        "Mass": label(earned=False, AP=view(positives=1, auroc=0.5, low=None)),
    }
    (said,) = limits_of_study({"earned": earned, "inside_lungs": {}})
    assert said == (
        "Among images of view AP alone it is not shown that these are told from others: Emphysema (AUROC 0.72, 6 of "
        "560 images with it), Fibrosis (AUROC 0.43, 4 of 560 images with it), Hernia (0 of 560 images with it). What "
        "is decided of them there rests on images of other views."
    )


def test_maps_that_lie_outside_the_lungs_in_both_networks_are_named() -> None:
    inside = {
        "Edema": {"local": {"median": 0.1}, "crop": {"median": 0.4}},
        "Fibrosis": {"local": {"median": 0.009}, "crop": {"median": 0.002}},
        "Mass": {"local": {"median": 0.0}, "crop": {"median": 0.0}},
    }
    earned = {
        "Edema": label(PA=GOOD),
        "Fibrosis": label(PA=GOOD),
        "Mass": label(earned=False),
        "Hernia": label(PA=GOOD),
    }
    (said,) = limits_of_study({"earned": earned, "inside_lungs": inside})
    assert said.startswith("Heatmaps of Fibrosis (median share inside 0.01, 0.00) lie mostly outside the lungs")


def test_nothing_is_said_where_all_is_well() -> None:
    assert limits_of_study({"earned": {"Edema": label(AP=GOOD, PA=GOOD)}, "inside_lungs": {}}) == ()
