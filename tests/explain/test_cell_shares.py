"""How coarse cells are dealt to fine ones."""

import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.explain.cell_shares import cell_shares


def test_two_cells_over_three_part_the_middle_one() -> None:
    np.testing.assert_allclose(cell_shares(2, fine=3), [[2 / 3, 0], [1 / 3, 1 / 3], [0, 2 / 3]], atol=1e-7)


@pytest.mark.parametrize(("cells", "fine"), [(1, 1), (7, 7), (4, 14), (7, 16)])
def test_nothing_is_lost(cells: int, fine: int) -> None:
    np.testing.assert_allclose(cell_shares(cells, fine=fine).sum(axis=0), 1.0, atol=1e-6)


@pytest.mark.parametrize("cells", [0, 3])
def test_no_cells_and_more_than_the_finest_are_refused(cells: int) -> None:
    with pytest.raises(UsageError, match=f"at most 2, not {cells}"):
        cell_shares(cells, fine=2)
