from hilum.evaluation.predictions.estimate_text import estimate_json, estimate_text, notes, remarks, value_json
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric

LOST = Estimate(0.875, (0.82, 0.93), 351, method="BCa by patient", replicates=10_000)
MARKED = Estimate(0.9, (0.8, 0.95), note="only 8 patients with a positive image: the interval may be too narrow")
NONE = Estimate(0.9, None, note="only 1 patient with a positive image; an interval needs 5")


def test_replicates_without_a_value_stand_beside_the_interval() -> None:
    assert estimate_text(LOST) == "0.875 [0.820, 0.930], 351 of 10,000 replicates had no value"
    assert remarks(LOST) == "351 of 10,000 replicates had no value"


def test_notes_are_marked_and_told() -> None:
    assert estimate_text(MARKED) == "0.900 [0.800, 0.950] !"
    assert estimate_text(NONE) == "0.900 [no interval]"
    assert estimate_text(None) == "–"
    assert estimate_text(Estimate(0.05, (-0.01, 0.11)), sign="+") == "+0.050 [-0.010, +0.110]"
    assert remarks(NONE) == NONE.note
    assert remarks(None) == remarks(Estimate(0.5, (0.4, 0.6))) == ""
    assert notes([("Hernia", NONE), ("Mass", MARKED), ("Fibrosis", NONE), ("Edema", None)]) == [
        f"Hernia, Fibrosis: {NONE.note}",
        f"Mass: {MARKED.note}",
    ]


def test_json_holds_value_and_interval_and_what_is_to_be_known_of_them() -> None:
    plain = Estimate(0.5, (0.25, 0.75))
    assert value_json("auroc", plain) == estimate_json("auroc", plain) == {"auroc": 0.5, "auroc_ci": [0.25, 0.75]}
    lacking = UndefinedMetric("there are no positives", 3, 0)
    for found in (value_json("ap", None), estimate_json("ap", None), value_json("ap", lacking)):
        assert found == {"ap": None, "ap_ci": None}
    noted = Estimate(0.5, None, undefined=2, method="Wilson", note="few")
    assert estimate_json("x", noted) == {
        "x": 0.5, "x_ci": None, "x_ci_method": "Wilson", "x_note": "few", "x_undefined_replicates": 2,
    }  # fmt: skip
