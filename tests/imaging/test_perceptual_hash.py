import io

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from hilum.imaging.perceptual_hash import HASH_BYTES, NEAR_BITS, nearest, perceptual_hash


def picture(seed: int, *, rows: int = 300, columns: int = 260) -> np.ndarray:
    """Smooth grey structure, float32 (rows, columns) in [0, 1]."""
    small = np.random.default_rng(seed).uniform(20, 235, (24, 24)).astype(np.uint8)
    grey = Image.fromarray(small).resize((columns, rows), Image.Resampling.BICUBIC)
    return np.asarray(grey, np.float32) / 255


def bits(hash_of_picture: bytes) -> np.ndarray:
    return np.unpackbits(np.frombuffer(hash_of_picture, np.uint8))


def distance(one: np.ndarray, other: np.ndarray) -> int:
    return int((bits(perceptual_hash(one)) != bits(perceptual_hash(other))).sum())


def as_jpeg(pixels: np.ndarray, *, quality: int, side: int | None = None) -> np.ndarray:
    image = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
    if side is not None:
        image = image.resize((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.float32) / 255


@pytest.mark.parametrize("seed", range(5))
def test_the_bits_are_those_of_scipys_cosine_transform(seed):
    pixels = picture(seed)
    small = np.asarray(Image.fromarray(pixels).resize((64, 64), Image.Resampling.BILINEAR), np.float64)
    wanted = dctn(small, type=2)[1:17, 1:17].ravel()
    assert np.array_equal(bits(perceptual_hash(pixels)), wanted > np.median(wanted))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: as_jpeg(p, quality=40),
        lambda p: as_jpeg(p, quality=80, side=224),
        lambda p: as_jpeg(p, quality=90, side=1024),
        lambda p: (np.rint(p * 255) / 255).astype(np.float32),
        lambda p: p * np.float32(0.8) + np.float32(0.1),
        lambda p: p ** np.float32(1.2),
        lambda p: (p - p.min()) / (p.max() - p.min()),
    ],
)
def test_the_same_picture_in_another_file_is_near(change):
    for seed in range(8):
        assert distance(picture(seed), np.clip(change(picture(seed)), 0, 1)) <= NEAR_BITS


def test_other_pictures_are_far_apart():
    prints = np.array([np.frombuffer(perceptual_hash(picture(seed)), np.uint8) for seed in range(60)])
    for index in range(60):
        others = np.delete(prints, index, axis=0)
        assert nearest(prints[[index]], among=others)[1][0] > 2 * NEAR_BITS


def test_the_nearest_is_the_one_that_counting_bits_gives():
    draw = np.random.default_rng(1)
    ones, among = (draw.integers(0, 256, (n, HASH_BYTES), np.uint8) for n in (5000, 40))
    rows, distances = nearest(ones, among=among)
    table = np.array([value.bit_count() for value in range(256)])
    for index in (0, 17, 2047, 2048, 4999):
        different = [int(table[ones[index] ^ other].sum()) for other in among]
        counted = [min(n, 8 * HASH_BYTES - n) for n in different]  # of the picture or its negative
        assert (rows[index], distances[index]) == (int(np.argmin(counted)), min(counted))


def test_a_picture_without_structure_is_like_no_other():
    flat = perceptual_hash(np.full((80, 90), 0.5, np.float32))
    assert flat == bytes(HASH_BYTES)
    prints = np.frombuffer(flat, np.uint8)[None]
    assert nearest(prints, among=prints)[1][0] == 8 * HASH_BYTES
