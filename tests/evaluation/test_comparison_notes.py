from dataclasses import replace

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.compare import compare
from hilum.evaluation.same_images import same_images


def notes(*, patients_repeat=True, labels=("Mass", "Nodule"), models=2, **wishes):
    made = {}
    for place in range(models):
        one = fabricate_predictions(labels=labels, strength=1 - 0.2 * place)
        made[f"m{place}"] = one if patients_repeat else replace(one, patient=one.image)
    return " | ".join(compare(same_images(made), replicates=100, **wishes).notes)


def test_the_clustered_form_is_named_where_it_stands():
    assert "its clustered form (Obuchowski 1997) stands in its place" in notes()
    assert "clustered" not in notes(patients_repeat=False)


def test_what_is_adjusted_is_said():
    assert "adjusted by Holm over 2 labels and 3 pairs" in notes(models=3, all_pairs=True)
    assert "adjusted by Holm over 1 label and 2 pairs" in notes(labels=("Mass",), models=3)
    assert "so none is adjusted" in notes(labels=("Mass",))


def test_the_margin_is_explained_only_where_there_is_one():
    assert "lies above -0.02 (one-sided, 2.5%)" in notes(margin=0.02)
    assert "margin" not in notes()
