import numpy as np
import pytest

from hilum.bundle.seen_images import ImageHashes, SeenImages
from hilum.evaluation.predictions.overlap import Overlap, in_words, overlap_caution, overlap_of, seen_before
from hilum.imaging.perceptual_hash import NEAR_BITS

DRAW = np.random.default_rng(7)
FILES, PICTURES = DRAW.integers(0, 256, (12, 8), np.uint8), DRAW.integers(0, 256, (12, 32), np.uint8)


def hashes(*rows: int) -> ImageHashes:
    return ImageHashes(FILES[list(rows)], PICTURES[list(rows)])


def changed(row: int, *, bits: int) -> np.ndarray:
    """The picture of `row` with so many of its bits turned."""
    turned = np.unpackbits(PICTURES[row])
    turned[:bits] ^= 1
    return np.packbits(turned)


def one(*, file: np.ndarray, picture: np.ndarray) -> ImageHashes:
    return ImageHashes(file[None], picture[None])


TRAINING = SeenImages(train=hashes(0, 1, 2), validation=hashes(3, 4))


@pytest.mark.parametrize(
    ("image", "where"),
    [
        (one(file=FILES[0], picture=PICTURES[9]), "train: same file"),
        (one(file=FILES[3], picture=PICTURES[9]), "validation: same file"),
        (one(file=FILES[9], picture=PICTURES[1]), "train: same picture"),
        (one(file=FILES[9], picture=changed(1, bits=NEAR_BITS)), "train: same picture"),
        (one(file=FILES[9], picture=changed(4, bits=NEAR_BITS)), "validation: same picture"),
        (one(file=FILES[9], picture=changed(1, bits=NEAR_BITS + 1)), "no"),
        (one(file=FILES[9], picture=PICTURES[9]), "no"),
        # a file counts before a picture
        (one(file=FILES[3], picture=PICTURES[0]), "validation: same file"),
    ],
)
def test_where_an_image_stood_in_the_training(image: ImageHashes, where: str) -> None:
    assert seen_before(image, training=TRAINING) == (where,)


def test_the_counts_are_those_of_the_images() -> None:
    seen = seen_before(hashes(0, 5, 1, 4, 6), training=TRAINING)
    assert seen == ("train: same file", "no", "train: same file", "validation: same file", "no")
    found = overlap_of(seen)
    assert found == Overlap(images=5, train_files=2, train_pictures=0, validation_files=1, validation_pictures=0)
    assert (found.train, found.validation, found.found) == (2, 1, True)


def test_what_nobody_counted_is_not_none() -> None:
    assert overlap_of(None) is None
    assert overlap_of(("no", None)) is None
    assert overlap_caution(None) is None


def test_the_words() -> None:
    none = Overlap(images=9, train_files=0, train_pictures=0, validation_files=0, validation_pictures=0)
    assert overlap_caution(none) is None
    assert in_words(none) == "trained and validated on none of these 9 images"
    some = Overlap(images=1200, train_files=1100, train_pictures=2, validation_files=3, validation_pictures=0)
    assert overlap_caution(some) == (
        "The model was trained on 1,102 of these 1,200 images (1,100 the same file, 2 the same picture in another "
        "file) and chosen or calibrated on 3 of these 1,200 images (3 the same file, 0 the same picture in another "
        "file): these numbers flatter it."
    )
