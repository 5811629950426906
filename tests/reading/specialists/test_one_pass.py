from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from hilum.reading.specialists.one_pass import inputs_of, maps_of, one_pass


def cases(count: int) -> list[SimpleNamespace]:
    return [SimpleNamespace(model_input=SimpleNamespace(array=np.full((3, 2, 2), i, np.float32))) for i in range(count)]


def test_each_case_has_its_output_and_an_equal_share_of_the_time() -> None:
    ran = []

    def run(batch: Sequence[SimpleNamespace]) -> list[float]:
        ran.append(len(batch))
        return [float(each.mean()) for each in inputs_of(batch)]

    given = cases(3)
    found = one_pass(given, run=run)
    assert [case for case, _, _ in found] == given
    assert [output for _, output, _ in found] == [0.0, 1.0, 2.0]
    assert len({share for _, _, share in found}) == 1
    assert found[0][2] >= 0.0
    assert ran == [3]


def test_nothing_is_run_for_an_empty_batch() -> None:
    assert one_pass([], run=lambda _: pytest.fail("ran")) == ()


def test_an_output_too_few_is_no_result() -> None:
    with pytest.raises(ValueError, match="shorter"):
        one_pass(cases(2), run=lambda _: [1])


def test_where_a_network_gives_no_maps_no_case_has_any() -> None:
    assert maps_of(None, count=2) == [None, None]
    first, second = maps_of(np.arange(8, dtype=np.float32).reshape(2, 1, 2, 2), count=2)
    assert (first is not None, second is not None) == (True, True)
