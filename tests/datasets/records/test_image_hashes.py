import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from fabricate_recipe import fabricate_labelled_table
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.image_hashes import image_hashes
from hilum.imaging.perceptual_hash import NEAR_BITS, nearest


def test_hashes_are_of_the_files_and_of_the_pictures_in_them(tmp_path: Path) -> None:
    folder = fabricate_labelled_table(tmp_path, patients=4)
    records = read_own_table(folder)
    plain = image_hashes(records, jobs=2)
    for record, found in zip(records, plain.files, strict=True):
        assert found.tobytes() == hashlib.sha256(record.path.read_bytes()).digest()[:8]
    for record in records:  # the same pictures, twice the size, in other files
        image = Image.open(record.path)
        image.resize((96, 96), Image.Resampling.BICUBIC).save(record.path)
    again = image_hashes(read_own_table(folder))
    assert not (again.files == plain.files).all(axis=1).any()
    rows, bits = nearest(again.pictures, among=plain.pictures)
    assert rows.tolist() == list(range(len(records)))
    assert bits.max() <= NEAR_BITS


def test_what_cannot_be_decoded_is_known_by_its_file_alone(tmp_path: Path) -> None:
    folder = fabricate_labelled_table(tmp_path, patients=2)
    (folder / "p00_0.png").write_bytes(b"no picture")
    found = image_hashes(read_own_table(folder))
    assert found.files[0].tobytes() == hashlib.sha256(b"no picture").digest()[:8]
    assert not found.pictures[0].any()
    assert found.pictures[1:].any(axis=1).all()


def test_no_record_has_no_hash() -> None:
    assert len(image_hashes(())) == 0
    assert image_hashes(()).pictures.dtype == np.uint8
