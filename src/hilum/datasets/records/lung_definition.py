"""What a mask of both lungs shows, told by its shape: the fields beside the heart, or the whole lungs behind it too.

Between fields lies the heart, between whole lungs little more than the spine. Of the masks of both lungs in
`general_blockchain`, which hold whole lungs, 91 of 98 have a gap below `WIDEST_GAP_OF_WHOLE`; of those in `wingspan`,
which hold fields, 2 of 198. Where one lung ends higher than the other, or both are white below, whole ones look like
fields: so this is for releases whose masks are drawn alike but for some.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.reading_result import LungDefinition

BAND = (0.6, 0.8)
"""Where the gap is looked at, in shares of the lungs' height from their top: at the heart, above the diaphragm."""
ROWS = 64
WIDEST_GAP_OF_WHOLE = 0.27
"""Of the width of both lungs together."""


def drawn_as(lungs: npt.NDArray[np.bool_]) -> LungDefinition | None:
    """What the mask bool (H, W) of both lungs shows; None where it shows no two lungs beside one another."""
    gap = gap_between(lungs)
    if gap is None:
        return None
    return "whole" if gap < WIDEST_GAP_OF_WHOLE else "field"


def gap_between(lungs: npt.NDArray[np.bool_]) -> float | None:
    """The median gap between two lungs in `BAND`, as a share of their width; None without two lungs there."""
    rows, columns = np.flatnonzero(lungs.any(axis=1)), np.flatnonzero(lungs.any(axis=0))
    if not rows.size:
        return None
    first, last = (rows[0] + share * (rows[-1] - rows[0]) for share in BAND)
    looked_at = np.unique(np.linspace(first, last, ROWS).round().astype(int))
    gaps = [gap for gap in (_widest_gap(lungs[row]) for row in looked_at) if gap]
    return float(np.median(gaps)) / (columns[-1] - columns[0] + 1) if gaps else None


def _widest_gap(row: npt.NDArray[np.bool_]) -> int:
    """How many pixels the widest stretch between two drawn ones has; 0 where there is none."""
    drawn = np.flatnonzero(row)
    return int(np.diff(drawn).max()) - 1 if drawn.size > 1 else 0
