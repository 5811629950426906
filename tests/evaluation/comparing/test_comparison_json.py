import json

import numpy as np
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.comparing.compare import compare
from hilum.evaluation.comparing.comparison_json import SCHEMA, comparison_json
from hilum.evaluation.comparing.many_predictions import same_images
from hilum.evaluation.comparing.model_points import stated_points

LABELS = ("Mass", "Nodule", "Hernia")


@pytest.fixture(scope="module")
def made():
    truth = fabricate_predictions(labels=LABELS).truth.copy()
    truth[:, 2] = 0.0
    models = {}
    for name, strength in (("old", 1.0), ("new", 0.6), ("third", 0.3)):
        one = fabricate_predictions(labels=LABELS, strength=strength)
        one = one.take(np.arange(one.n))
        object.__setattr__(one, "truth", truth)
        models[name] = one
    many = same_images(models)
    points = {name: stated_points({"": 0.5}, labels=LABELS) for name in models}
    return compare(many, points=points, margin=0.03, replicates=100)


def test_every_number_stands_under_its_names(made):
    data = json.loads(json.dumps(comparison_json(made), allow_nan=False))
    assert data["schema"] == SCHEMA == "hilum.comparison/2"
    assert (data["reference"], data["margin"]) == ("old", 0.03)
    assert list(data["models"]) == ["old", "new", "third"]
    assert data["models"]["new"]["mean_auroc"] == made.mean["new"].value
    assert data["models"]["new"]["operating_points"] == "stated thresholds"
    assert data["labels"]["Hernia"]["undefined"] == "there are no positives"
    assert "pairs" not in data["labels"]["Hernia"]
    mass = data["labels"]["Mass"]
    assert mass["models"]["third"]["auroc_ci"] == list(made.labels[0].models["third"].auroc.interval)
    first, second = mass["pairs"]
    assert (first["first"], first["second"], second["first"]) == ("new", "old", "third")
    pair = made.labels[0].pairs[0]
    assert first["auroc"]["difference"] == pair.auroc.estimate.value
    assert first["auroc"]["delong_p_holm"] == pair.delong_p_holm
    assert first["auroc"]["margin"]["not_worse"] == pair.auroc.verdict.not_worse
    assert first["auroc"]["margin"]["largest_loss_left_open"] == pair.auroc.verdict.hidden_loss
    table = pair.sensitivity.table
    shares = first["sensitivity"]
    assert (shares["first_only_right"], shares["second_only_right"]) == (table.first_only, table.second_only)
    assert shares["n"] == sum(shares[k] for k in ("both_right", "first_only_right", "second_only_right", "both_wrong"))
    assert data["mean"]["labels"] == ["Mass", "Nodule"]
    assert data["mean"]["left_out"] == ["Hernia"]
    assert set(data["mean"]["pairs"][0]["paired_t"]) == {"t", "p", "labels"}
    assert data["several_images_a_patient"] is True
    assert (data["patients_known"], data["bootstrap"]["by"], data["cautions"]) == (True, "patient", [])
