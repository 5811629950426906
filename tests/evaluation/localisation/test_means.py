"""Means and shares by patient, against a bootstrap that is written out."""

import numpy as np
import pytest

from hilum.evaluation.localisation.means import ALL_ALIKE, ONE_PATIENT, Values, means, means_of_means, share
from hilum.statistics.bootstrap import patient_weights


def values(numbers: list[float], patients: str) -> Values:
    return Values(values=np.array(numbers), patients=tuple(patients))


def test_a_mean_has_the_percentiles_of_draws_of_whole_patients() -> None:
    found = values([0.1, 0.9, 0.4, 0.3, 0.8, 0.2], "aabccd")
    (mean,) = means([found], replicates=500, seed=3)
    rows = {name: [index for index, one in enumerate(found.patients) if one == name] for name in "abcd"}
    drawn = []
    for weights in patient_weights(np.arange(4), replicates=500, rng=np.random.default_rng(3)):
        for weight in weights:
            taken = [row for name, times in zip("abcd", weight, strict=True) for row in rows[name] * int(times)]
            drawn.append(found.values[taken].mean())
    assert mean.value == pytest.approx(0.45)
    assert mean.bounds == pytest.approx(np.quantile(drawn, [0.025, 0.975]))
    assert mean.note == "only 4 patients: the interval may be too narrow"


def test_a_mean_over_labels_weighs_labels_alike_and_draws_patients_for_all() -> None:
    first, second = values([0.0, 1.0, 0.5, 0.5], "abcd"), values([1.0], "e")
    (mean,) = means_of_means([[first, second]], replicates=300, seed=1)
    assert mean.value == pytest.approx((0.5 + 1.0) / 2)
    assert mean.undefined > 0, "draws without patient e have no second label"


@pytest.mark.parametrize(
    ("numbers", "patients", "note"), [([0.2] * 4, "abcd", ALL_ALIKE), ([0.1, 0.4], "aa", ONE_PATIENT)]
)
def test_what_no_interval_follows_from_has_none(numbers: list[float], patients: str, note: str) -> None:
    (mean,) = means([values(numbers, patients)], replicates=200, seed=1)
    assert (mean.interval, mean.note) == (None, note)


def test_a_share_is_wilsons_by_patient() -> None:
    found = share([1.0, 0.0, 1.0, 1.0], patients=["a", "b", "c", "d"])
    assert found is not None
    assert (found.value, found.method) == (0.75, "Wilson")
    assert share([], patients=[]) is None
