"""What the card says against findings that are decided, and where they are not, comes from the study alone."""

from typing import Any

from hilum.evaluation.judging.earned_label import ViewAuroc
from hilum.statistics.estimate import Estimate
from hilum.systems.chest_adult.limits import BEGINNINGS, limits_of_study, views_not_reliable, views_of_study

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
    sections = {"earned": earned, "inside_lungs": {}}
    (said,) = limits_of_study(sections)
    assert said == (
        "Among images of view AP alone it is not shown that these are told from others, so that they are not decided "
        "there: Emphysema, Fibrosis, Hernia. They are judged here without such images."
    )
    assert said.startswith(BEGINNINGS)
    weak = {name: [(one.view, one.why) for one in views] for name, views in views_of_study(sections).items()}
    lacks = "it is not shown to rank these better than chance"
    assert weak == {
        "Edema": [],
        "Emphysema": [("AP", f"of 560 images of view AP, 6 with it, {lacks} (AUROC 0.72)")],
        "Fibrosis": [("AP", f"of 560 images of view AP, 4 with it, {lacks} (AUROC 0.43)")],
        "Hernia": [("AP", f"of 560 images of view AP, 0 with it, {lacks}")],
    }


def test_a_view_that_the_study_has_no_image_of_is_not_decided() -> None:
    (said,) = limits_of_study({"earned": {"Edema": label(PA=GOOD)}, "inside_lungs": {}})
    assert said.startswith("Among images of view AP alone")
    (weak,) = views_not_reliable({"PA": ViewAuroc(n=9, positives=4, auroc=Estimate(0.9, (0.51, 1.0)))})
    assert (weak.view, weak.why) == ("AP", "there was no image of view AP to judge by")


def test_maps_that_lie_outside_the_lungs_in_both_networks_are_named() -> None:
    inside = {
        "Edema": {"local": {"median": 0.1}, "crop": {"median": 0.4}},
        "Fibrosis": {"local": {"median": 0.009}, "crop": {"median": 0.002}},
        "Mass": {"local": {"median": 0.0}, "crop": {"median": 0.0}},
    }
    earned = {
        "Edema": label(AP=GOOD, PA=GOOD),
        "Fibrosis": label(AP=GOOD, PA=GOOD),
        "Mass": label(earned=False),
        "Hernia": label(AP=GOOD, PA=GOOD),
    }
    (said,) = limits_of_study({"earned": earned, "inside_lungs": inside})
    assert said.startswith("Heatmaps of Fibrosis (median share inside 0.01, 0.00) lie mostly outside the lungs")
    assert said.startswith(BEGINNINGS)


def test_nothing_is_said_where_all_is_well() -> None:
    assert limits_of_study({"earned": {"Edema": label(AP=GOOD, PA=GOOD)}, "inside_lungs": {}}) == ()
