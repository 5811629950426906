from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_kermany import fabricate_kermany
from hilum.datasets.records.files import file_sha256
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.splits.split import TEST, Split
from hilum.imaging.decode import decode
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.systems.pneumonia.groupings import GROUPINGS, Grouping, alter, altered_copies, numbered, with_copies

SMALL = PreprocessSpec(steps=(Resize(height=32, width=32, rule="stretch"),), mean=(0.5,), std=(0.5,))


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return read_kermany(fabricate_kermany(tmp_path_factory.mktemp("kermany"), train=6, test=2))


def test_the_papers_groupings_make_3282_of_1341_healthy_pictures():
    added = sum(grouping.holds(number) for number in range(1, 1342) for grouping in GROUPINGS)
    assert (added, 1341 + added) == (1941, 3282)
    each = [sum(grouping.holds(number) for number in range(1, 1342)) for grouping in GROUPINGS]
    assert each == [600, 600, 600, 141]


@pytest.mark.data
def test_the_real_train_folder_has_the_papers_counts(shared_data):
    folder = shared_data / "kermany" / "chest_xray"
    if not folder.is_dir():
        pytest.skip("the release is not here")
    train = [record for record in read_kermany(folder) if record.official == "train"]
    numbers = numbered(train)
    added = sum(grouping.holds(number) for number in numbers.values() for grouping in GROUPINGS)
    assert (len(numbers), len(numbers) + added, len(train) - len(numbers)) == (1341, 3282, 3875)


def test_healthy_pictures_of_the_train_folder_alone_are_numbered_by_name(records):
    numbers = numbered(tuple(reversed(records)))
    assert sorted(numbers.values()) == list(range(1, 9)), "six patients, every third with a second picture"
    assert [Path(image).name for image, _ in sorted(numbers.items(), key=lambda pair: pair[1])] == sorted(
        path.name for path in records[0].path.parents[1].joinpath("NORMAL").iterdir()
    )
    assert all(image.startswith("train/NORMAL/") for image in numbers)


def test_a_picture_is_turned_mirrored_enlarged_or_rotated_in_its_own_frame():
    rows, columns = 40, 60
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    picture = x / columns
    assert np.array_equal(alter(picture, change="mirrored"), picture[:, ::-1])
    assert np.array_equal(alter(y / rows, change="upside down"), (y / rows)[::-1])
    enlarged = alter(picture, change="enlarged")
    # a ramp stays a ramp about the same middle, 1.3 times as flat
    inner = enlarged[rows // 2, 5:-5]
    assert enlarged.shape == picture.shape
    assert np.diff(inner).mean() == pytest.approx(1 / columns / 1.3, rel=0.01)
    assert inner.mean() == pytest.approx(picture[0, 5:-5].mean(), abs=1e-3)
    spot = np.zeros((101, 101), np.float32)
    spot[50, 88:93] = spot[49, 88:93] = spot[51, 88:93] = 1.0  # 40 pixels right of the middle
    turned = alter(spot, change="rotated")
    row, column = np.unravel_index(np.argmax(turned), turned.shape)
    angle = np.degrees(np.arctan2(50 - row, column - 50))
    assert angle == pytest.approx(20, abs=3), "counter-clockwise"
    assert alter(np.ones((50, 50), np.float32), change="rotated")[0, 0] == 0.0, "corners are black"


def test_copies_are_made_once_of_native_pixels_at_the_networks_size(records, tmp_path):
    few = (Grouping(first=1, last=2, change="mirrored"), Grouping(first=2, last=None, change="upside down"))
    copies = altered_copies(records, groupings=few, spec=SMALL, folder=tmp_path)
    first, second, *_ = sorted(numbered(records))
    assert [len(copies[image]) for image in (first, second)] == [1, 2]
    assert sum(map(len, copies.values())) == 2 + 7
    (one,) = copies[first]
    original = next(record for record in records if record.image == first)
    assert (one.patient, one.labels, one.official) == (original.patient, original.labels, "train")
    assert one.image != original.image
    written = np.asarray(Image.open(one.path))
    native = np.ascontiguousarray(decode(original.path.read_bytes(), name="any").pixels[:, ::-1])
    expected = 255 * np.asarray(Image.fromarray(native).resize((32, 32), Image.Resampling.BILINEAR))
    assert written.shape == (32, 32)
    assert np.abs(written - expected).max() <= 1
    before = one.path.stat().st_mtime_ns
    again = altered_copies(records, groupings=few, spec=SMALL, folder=tmp_path)
    assert again == copies
    assert one.path.stat().st_mtime_ns == before


def test_a_copy_of_another_picture_or_size_is_not_taken_for_one_of_these(records, tmp_path):
    every = (Grouping(first=1, last=None, change="mirrored"),)
    image, *_ = numbered(records)
    original = next(record for record in records if record.image == image)
    (small,) = altered_copies(records, groupings=every, spec=SMALL, folder=tmp_path)[image]
    larger_spec = PreprocessSpec(steps=(Resize(height=40, width=40, rule="stretch"),), mean=(0.5,), std=(0.5,))
    (larger,) = altered_copies(records, groupings=every, spec=larger_spec, folder=tmp_path)[image]
    assert [Image.open(one.path).size for one in (small, larger)] == [(32, 32), (40, 40)]
    another = tmp_path / "another.png"
    Image.fromarray(np.full((48, 48), 77, np.uint8)).save(another)
    changed = replace(original, path=another, sha256=file_sha256(another))
    (copied,) = altered_copies([changed], groupings=every, spec=SMALL, folder=tmp_path)[image]
    assert (np.asarray(Image.open(copied.path)) == 77).all()
    assert (copied.image, copied.patient) == (small.image, small.patient)


def test_only_the_training_part_gets_the_copies_of_its_own_pictures(records, tmp_path):
    copies = altered_copies(
        records, groupings=(Grouping(first=1, last=None, change="mirrored"),), spec=SMALL, folder=tmp_path
    )
    healthy = [record for record in records if record.image in copies]
    people = sorted({record.patient for record in healthy})
    parts = {
        "train": tuple(record for record in healthy if record.patient in people[:3]),
        "validation": tuple(record for record in healthy if record.patient == people[3]),
        TEST: tuple(record for record in healthy if record.patient in people[4:]),
    }
    split = Split(parts, "by hand")
    made = with_copies(split, copies=copies)
    assert len(made.parts["train"]) == 2 * len(parts["train"])
    assert (made.parts["validation"], made.parts[TEST]) == (parts["validation"], parts[TEST])
    assert {record.patient for record in made.parts["train"]} == set(people[:3])
