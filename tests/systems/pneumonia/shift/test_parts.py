from dataclasses import replace

import numpy as np
import pytest

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import LABEL, read_kermany
from hilum.errors import DataError
from hilum.systems.pneumonia.shift.parts import PLAIN, SHARE, SHIFTED, shift_parts


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return read_kermany(fabricate_kermany(tmp_path_factory.mktemp("release"), train=60, test=3))


@pytest.fixture(scope="module")
def sharpness(records):
    draw = np.random.default_rng(1)
    return {one.image: 0.03 - 0.008 * one.labels[LABEL] + draw.normal(0, 0.004) for one in records}


@pytest.fixture
def split(records, sharpness):
    return parts(records, sharpness)


def parts(records, sharpness, *, seed=1):
    held_out = [one for one in records if one.official == "test"]
    return shift_parts(
        [one for one in records if one.official == "train"], sharpness=sharpness, held_out=held_out, seed=seed
    )


def means(records, sharpness, *, ill):
    by_patient = {}
    for one in records:
        if one.labels[LABEL] == float(ill):
            by_patient.setdefault(one.patient, []).append(sharpness[one.image])
    return [float(np.mean(own)) for own in by_patient.values()]


def test_the_softest_healthy_and_the_sharpest_ill_patients_are_held_out(split, sharpness):
    train, shifted = split.parts["train"], split.parts[SHIFTED]
    assert max(means(shifted, sharpness, ill=False)) < min(means(train, sharpness, ill=False))
    assert min(means(shifted, sharpness, ill=True)) > max(means(train, sharpness, ill=True))


def test_each_part_has_its_share_of_either_class_and_no_patient_stands_in_two(split, records):
    own = [one for one in records if one.official == "train"]
    assert sorted(one.image for part in split.parts.values() for one in part) == sorted(one.image for one in own)
    for ill in (0.0, 1.0):
        of_class = sum(one.labels[LABEL] == ill for one in own)
        for part in (PLAIN, SHIFTED):
            count = sum(one.labels[LABEL] == ill for one in split.parts[part])
            assert SHARE * of_class - 2 <= count <= SHARE * of_class + 2
    patients = [{one.patient for one in part} for part in split.parts.values()]
    assert len(set.union(*patients)) == sum(map(len, patients))


def test_the_plain_part_is_drawn_of_all_before(split, sharpness):
    # it keeps patients who would have been held out for their sharpness
    everyone = [one for part in split.parts.values() for one in part]
    softest = np.quantile(means(everyone, sharpness, ill=False), 0.5)
    assert min(means(split.parts[PLAIN], sharpness, ill=False)) < softest


def test_the_seed_decides_and_the_hash_tells(records, sharpness, split):
    assert parts(list(reversed(records)), sharpness).sha256 == split.sha256
    assert parts(records, sharpness, seed=2).sha256 != split.sha256
    assert "seed 1" in split.protocol
    assert "namespaced by official folder" in split.protocol


def test_a_copy_of_a_held_out_image_is_left_out(records, sharpness):
    test = next(one for one in records if one.official == "test")
    first = next(one for one in records if one.official == "train")
    copied = [replace(one, sha256=test.sha256) if one is first else one for one in records]
    assert first.image not in {one.image for part in parts(copied, sharpness).parts.values() for one in part}


def test_too_few_children_are_an_error_that_names_the_part(records, sharpness):
    few = [one for one in records if one.official == "train" and one.labels[LABEL] == 0.0]
    with pytest.raises(DataError, match="needs healthy and ill children"):
        shift_parts(few, sharpness=sharpness, seed=1)
