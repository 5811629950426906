"""How cells of a coarse grid are dealt to those of a finer one over the same picture, by area."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError


def cell_shares(cells: int, *, fine: int) -> npt.NDArray[np.float32]:
    """How much of each of `cells` lies in each of `fine` cells of the same length: (fine, cells), columns sum to 1.

    Raises `UsageError` for no cells, and for more than `fine`.
    """
    if not 0 < cells <= fine:
        raise UsageError(f"cells must be at least 1 and at most {fine}, not {cells}")
    edges = np.arange(fine + 1) * cells / fine
    own = np.arange(cells)
    overlap = np.minimum(edges[1:, None], own + 1) - np.maximum(edges[:-1, None], own)
    return np.asarray(np.maximum(overlap, 0.0), np.float32)
