"""The hand: bones brighter than flesh, flesh brighter than air, five fingers apart."""

import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.phantom.hand import render_hand


def test_five_fingers_and_five_rows_of_bone() -> None:
    pixels = render_hand(rows=512, columns=416, label=False).pixels
    at_fingers = pixels[125] > 0.05
    assert np.count_nonzero(np.diff(at_fingers.astype(int)) == 1) == 4  # the thumb lies lower
    assert np.count_nonzero(np.diff((pixels[235] > 0.05).astype(int)) == 1) >= 2
    assert pixels[:20].max() < 0.03
    assert pixels[500, 220:250].mean() > pixels[300, 220:225].mean() > 0.1


def test_the_hand_follows_the_seed() -> None:
    first, second, other = (render_hand(rows=128, columns=104, seed=seed).pixels for seed in (1, 1, 2))
    assert first.tobytes() == second.tobytes() != other.tobytes()


def test_a_hand_has_neither_lungs_nor_lesions() -> None:
    phantom = render_hand(rows=128, columns=104)
    assert phantom.kind == "hand"
    assert not (phantom.right_lung | phantom.left_lung).any()
    assert phantom.lesions == ()


def test_a_size_without_room_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 64 x 64"):
        render_hand(rows=20)
