"""Pictures made worse: masks follow, and each way does what its name says."""

from collections import Counter
from hashlib import sha256

import numpy as np
import pytest

from hilum.imaging.preprocess import PreprocessSpec, Resize, StretchGreys
from hilum.systems.lungs.study.truth import UNKNOWN
from hilum.systems.lungs.study.worsen import AS_IT_IS, WORSE, worse_way, worsened, worsened_targets

SIDE = 64
SPEC = PreprocessSpec(steps=(Resize(height=SIDE, width=SIDE, rule="stretch"), StretchGreys()), mean=(0.5,), std=(0.5,))
NAMES = [sha256(str(number).encode()).hexdigest() for number in range(40)]


def example() -> tuple[np.ndarray, np.ndarray]:
    """A dark lung with a fine grain on a bright body; its mask in the first plane, the others unknown."""
    grey = np.full((SIDE, SIDE), 200, np.uint8)
    grey[20:44, 12:28] = 60
    grey[::2, ::2] -= 20
    targets = np.full((7, SIDE, SIDE), UNKNOWN, np.uint8)
    targets[0] = grey < 100
    return grey, targets


def grain(picture: np.ndarray) -> float:
    return float(np.abs(np.diff(picture, axis=1)).mean())


def test_every_way_is_taken_about_as_often_and_follows_from_the_content() -> None:
    counts = Counter(worse_way(sha256(str(number).encode()).hexdigest()) for number in range(400))
    assert set(counts) == set(WORSE)
    assert min(counts.values()) > 60
    assert AS_IT_IS not in counts
    grey, _ = example()
    for way in WORSE:
        once, again = (worsened(grey, way=way, sha256=NAMES[0], spec=SPEC) for _ in range(2))
        assert np.array_equal(once, again)
        assert not np.array_equal(once, worsened(grey, way=way, sha256=NAMES[1], spec=SPEC))
        assert (once.dtype, once.shape) == (np.float32, (SIDE, SIDE))
        assert (once.min(), once.max()) == (0.0, 1.0)


@pytest.mark.parametrize("way", WORSE)
def test_masks_follow_the_picture_and_what_nobody_drew_stays_unknown(way: str) -> None:
    grey, targets = example()
    for name in NAMES[:12]:
        moved = worsened_targets(targets, way=way, sha256=name)
        assert set(np.unique(moved[0])) <= {0, 1}
        assert (moved[1:] == UNKNOWN).all()
        picture = worsened(grey, way=way, sha256=name, spec=SPEC)
        if way in ("cropped", "small") and 0 < moved[0].mean() < 1:
            lung, body = picture[moved[0] == 1], picture[(moved[0] == 0) & (picture > 0)]
            assert np.median(lung) < np.median(body)


def test_each_way_does_what_its_name_says() -> None:
    grey, targets = example()
    plain, share = worsened(grey, way=AS_IT_IS, sha256=NAMES[0], spec=SPEC), float(targets[0].mean())
    shares = {
        way: [float(worsened_targets(targets, way=way, sha256=name)[0].mean()) for name in NAMES] for way in WORSE
    }
    assert max(shares["small"]) < share
    assert np.mean(shares["cropped"]) > share
    assert set(shares["softened"]) == set(shares["exposed"]) == {share}
    assert all(grain(worsened(grey, way="softened", sha256=name, spec=SPEC)) < grain(plain) / 2 for name in NAMES)
    means = [float(worsened(grey, way="exposed", sha256=name, spec=SPEC).mean()) for name in NAMES]
    assert max(means) - min(means) > 0.15
