from fabricate_predictions import fabricate_predictions
from hilum.evaluation.compare import compare
from hilum.evaluation.model_points import stated_points
from hilum.evaluation.same_images import same_images
from hilum.statistics.holm import holm

LABELS = ("Mass", "Nodule")


def test_each_measure_is_a_family_over_labels_and_pairs():
    strengths = {"a": 1.0, "b": 0.8, "c": 0.4}
    many = same_images({name: fabricate_predictions(labels=LABELS, strength=s) for name, s in strengths.items()})
    points = {name: stated_points({"": 0.4}, labels=LABELS) for name in strengths}
    result = compare(many, points=points, all_pairs=True, replicates=100)
    pairs = [pair for label in result.labels for pair in label.pairs]
    assert len(pairs) == 6
    for measure in ("auroc", "average_precision", "brier", "sensitivity", "specificity"):
        tested = [getattr(pair, measure) for pair in pairs]
        assert [one.p_holm for one in tested] == list(holm([one.p for one in tested]))
    assert [pair.delong_p_holm for pair in pairs] == list(holm([pair.delong_p for pair in pairs]))
    assert [pair.pair for pair in result.labels[1].pairs] == [("b", "a"), ("c", "a"), ("c", "b")]
