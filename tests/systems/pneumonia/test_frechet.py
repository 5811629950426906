import numpy as np
import pytest
from scipy.linalg import sqrtm

from hilum.errors import DataError
from hilum.systems.pneumonia.frechet import frechet_distance


def test_in_one_dimension_it_is_the_difference_of_means_and_of_deviations():
    first, second = np.array([[1.0], [3.0]]), np.array([[10.0], [16.0]])
    assert frechet_distance(first, second) == pytest.approx((2 - 13) ** 2 + (1 - 3) ** 2)


def test_it_is_the_formula_with_the_matrix_root_of_scipy():
    draw = np.random.default_rng(0)
    first, second = draw.normal(0, 1, (50, 4)) @ draw.normal(0, 1, (4, 4)), draw.normal(1, 2, (40, 4))
    one, two = (np.cov(each, rowvar=False, bias=True) for each in (first, second))
    mean = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum()
    expected = mean + np.trace(one + two - 2 * np.real(sqrtm(one @ two)))
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first), rel=1e-9)


def test_of_a_set_from_itself_it_is_nothing_also_where_there_are_fewer_vectors_than_numbers():
    few = np.random.default_rng(1).normal(0, 1, (5, 20))
    assert frechet_distance(few, few) == pytest.approx(0.0, abs=1e-8)


def test_other_shapes_are_refused():
    with pytest.raises(DataError, match="Two sets of vectors of one length"):
        frechet_distance(np.zeros((3, 2)), np.zeros((3, 4)))
