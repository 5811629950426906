import numpy as np
import pytest
from scipy.stats import binom, binomtest

from hilum.errors import DataError
from hilum.statistics.probability_bands import EDGES, bands_in_words, probability_bands


def _stated(*groups: tuple[float, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Truth and probabilities of groups of (probability, positives, rows)."""
    truth = np.concatenate([np.r_[np.ones(k), np.zeros(n - k)] for _, k, n in groups])
    return truth, np.concatenate([np.full(n, p) for p, _, n in groups])


def test_counts_and_wilsons_interval_of_each_band_are_scipys() -> None:
    rng = np.random.default_rng(0)
    stated = rng.beta(0.3, 0.3, 400)
    truth = (rng.random(400) < stated).astype(np.float64)
    bands = probability_bands(truth, probabilities=stated)
    assert sum(band.observed.n for band in bands) == 400
    for band in bands:
        inside = (stated >= band.low) & ((stated < band.high) | (band.high == 1.0))
        test = binomtest(int(truth[inside].sum()), int(inside.sum())).proportion_ci(method="wilson")
        assert (band.positives, band.observed.n) == (truth[inside].sum(), inside.sum())
        assert band.observed.interval == pytest.approx((test.low, test.high))
        assert band.stated == pytest.approx(stated[inside].mean())


def test_the_band_that_is_off_is_told_in_words() -> None:
    truth, stated = _stated((0.005, 0, 200), (0.98, 10, 17), (0.995, 161, 164))
    bands = probability_bands(truth, probabilities=stated)
    assert [band.off for band in bands] == [False, True, False]
    assert bands_in_words(bands) == (
        "Where it states 0.97 to 0.99, 10 of 17 images had the finding (59%, 95% interval 36% to 78%)."
    )


def test_probabilities_that_are_too_low_are_told_too_and_one_image_is_no_images() -> None:
    truth, stated = _stated((0.05, 30, 60), (0.0001, 1, 1))
    words = bands_in_words(probability_bands(truth, probabilities=stated))
    assert words == (
        "Where it states 0 to 0.01, 1 of 1 image had the finding (100%, 95% interval 21% to 100%). "
        "Where it states 0.03 to 0.1, 30 of 60 images had the finding (50%, 95% interval 38% to 62%)."
    )


@pytest.mark.parametrize(("successes", "n", "stated"), [(3, 17, 0.45), (10, 17, 0.98), (700, 2000, 0.3), (5, 5, 0.5)])
def test_a_band_is_off_where_twice_the_binomial_tail_is_below_the_level(successes: int, n: int, stated: float) -> None:
    (band,) = probability_bands(*_stated((stated, successes, n))[:1], probabilities=np.full(n, stated))
    tail = min(binom.cdf(successes, n, stated), binom.sf(successes - 1, n, stated))
    assert band.off == (2 * tail < 0.05)


def test_a_calibrated_model_is_seldom_said_to_be_off() -> None:
    said = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        stated = rng.beta(0.4, 0.4, 300)
        bands = probability_bands(rng.random(300) < stated, probabilities=stated)
        said += any(band.off for band in bands)
    assert said / 400 < 0.05
    assert bands_in_words(bands).endswith("(300 images).")


def test_edges_belong_to_the_band_above_and_1_to_the_last() -> None:
    bands = probability_bands([0, 1, 1], probabilities=[0.97, 0.99, 1.0])
    assert [(band.low, band.observed.n) for band in bands] == [(0.97, 1), (0.99, 2)]
    assert EDGES[0] == 0.0
    assert EDGES[-1] == 1.0


def test_without_known_truth_there_is_nothing_to_say() -> None:
    assert bands_in_words(probability_bands([None], probabilities=[0.5])) == ""
    with pytest.raises(DataError):
        probability_bands([1], probabilities=[1.5])
