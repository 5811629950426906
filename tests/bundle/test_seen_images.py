"""A bundle's training images: written small and whole, read only when asked for, and never unverified."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from fabricate_bundle import ToyBundle
from hilum.bundle.load import TRAINING_IMAGES, Bundle, load_bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.bundle.seen_images import ImageHashes, SeenImages, joined, no_hashes, seen_images_bytes, seen_images_of
from hilum.errors import BundleError


def hashes(n: int, *, seed: int) -> ImageHashes:
    draw = np.random.default_rng(seed)
    return ImageHashes(draw.integers(0, 256, (n, 8), np.uint8), draw.integers(0, 256, (n, 32), np.uint8))


def bundle_with(content: bytes, folder: Path) -> Bundle:
    toy = ToyBundle()
    files = {**toy.files(), TRAINING_IMAGES: content}
    return write_bundle(folder, card=toy.card().model_copy(update={"files": file_hashes(files)}), files=files)


def test_what_is_written_is_what_comes_back_in_each_part(tmp_path: Path) -> None:
    images = SeenImages(train=hashes(50, seed=1), validation=hashes(7, seed=2))
    found = seen_images_of(bundle_with(seen_images_bytes(images), tmp_path / "toy"))
    assert found is not None
    assert {row.tobytes() for row in found.train.rows()} == {row.tobytes() for row in images.train.rows()}
    assert {row.tobytes() for row in found.validation.rows()} == {row.tobytes() for row in images.validation.rows()}


def test_the_file_is_what_its_description_says() -> None:
    content = seen_images_bytes(SeenImages(train=hashes(3, seed=1), validation=hashes(2, seed=2)))
    first_line, _, rest = content.partition(b"\n")
    assert first_line == b"hilum.training-images/1"
    assert struct.unpack("<II", rest[:8]) == (3, 2)
    assert len(rest) == 8 + 5 * 40
    rows = [rest[8 + 40 * row : 48 + 40 * row] for row in range(3)]
    assert rows == sorted(rows)


def test_neither_order_nor_repeats_change_the_file() -> None:
    one = hashes(20, seed=3)
    other = ImageHashes(one.files[::-1], one.pictures[::-1])
    plain = seen_images_bytes(SeenImages(train=one, validation=no_hashes()))
    assert seen_images_bytes(SeenImages(train=joined(other, one), validation=no_hashes())) == plain


def test_a_bundle_may_not_name_its_images(tmp_path: Path) -> None:
    assert seen_images_of(ToyBundle().write(tmp_path / "toy")) is None


def test_loading_neither_reads_nor_hashes_them_and_using_them_does(tmp_path: Path) -> None:
    content = seen_images_bytes(SeenImages(train=hashes(9, seed=1), validation=no_hashes()))
    folder = bundle_with(content, tmp_path / "toy").folder
    (folder / TRAINING_IMAGES).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    altered = load_bundle(folder)  # reading does not need the file
    with pytest.raises(BundleError, match=f"{TRAINING_IMAGES} was cut short or altered"):
        seen_images_of(altered)
    (folder / TRAINING_IMAGES).unlink()
    with pytest.raises(BundleError, match=f"has no {TRAINING_IMAGES}"):
        load_bundle(folder)
    (folder / f"{TRAINING_IMAGES}.gz").write_bytes(gzip.compress(content))
    packed = seen_images_of(load_bundle(folder))
    assert packed is not None
    assert len(packed.train) == 9


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hilum.training-images/2\n" + bytes(8),
        b"hilum.training-images/1\n" + struct.pack("<II", 1, 0) + bytes(39),
        b"hilum.training-images/1\n" + struct.pack("<II", 0, 0) + bytes(1),
        b"hilum.training-images/1\n" + bytes(3),
    ],
)
def test_a_file_of_another_format_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BundleError) as refused:
        seen_images_of(bundle_with(content, tmp_path / "toy"))
    assert "has another format than hilum.training-images/1" in str(refused.value)
    assert "\n" not in str(refused.value)
