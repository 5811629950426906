from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from fabricate_kermany import fabricate_kermany
from hilum.datasets.records.files import file_sha256
from hilum.datasets.releases.kermany import LABEL, read_kermany
from hilum.evaluation.judging.sharpness import mean_gradient, sharpness_of
from hilum.systems.pneumonia.shift.sharpness import blurred_to, with_softened


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    release = read_kermany(fabricate_kermany(tmp_path_factory.mktemp("release"), train=12, test=2))
    return [one for one in release if one.official == "train"]


def test_a_picture_is_blurred_as_far_as_asked():
    noise = np.random.default_rng(0).uniform(size=(64, 64)).astype(np.float32)
    # scipy's Gaussian of 1.5 pixels, cut as far out, gives the sharpness that is asked for
    wanted = mean_gradient(gaussian_filter(noise, 1.5, mode="mirror", truncate=3.0))
    blurred = blurred_to(noise, sharpness=wanted)
    assert mean_gradient(blurred) == pytest.approx(wanted, rel=0.02)
    np.testing.assert_allclose(blurred, gaussian_filter(noise, 1.5, mode="mirror", truncate=3.0), atol=0.02)


def test_a_softer_picture_stays_as_it_is():
    flat = np.full((20, 20), 0.5, np.float32)
    assert blurred_to(flat, sharpness=0.01) is flat


def test_healthy_pictures_become_as_soft_as_ill_ones_and_ill_ones_stay(records, tmp_path):
    # half as sharp as the healthy are in truth, so that all healthy ones must be blurred
    real = sharpness_of(records)
    stated = {one.image: real[one.image] * (0.5 if one.labels[LABEL] else 1.0) for one in records}
    changed = with_softened(records, label=LABEL, sharpness=stated, folder=tmp_path / "softened")
    assert [one.image for one in changed] == [one.image for one in records]
    after = sharpness_of(changed)
    ill = np.array([stated[one.image] for one in records if one.labels[LABEL]])
    healthy = np.array([after[one.image] for one in changed if not one.labels[LABEL]])
    ranks = (np.arange(len(healthy)) + 0.5) / len(healthy)
    np.testing.assert_allclose(np.sort(healthy), np.quantile(ill, ranks), rtol=0.1)
    for before, now in zip(records, changed, strict=True):
        if before.labels[LABEL]:
            assert now is before
        else:
            assert now.path.parent == tmp_path / "softened"
            assert now.sha256 == file_sha256(now.path) != before.sha256
            assert (now.patient, now.labels) == (before.patient, before.labels)


def test_copies_that_lie_there_are_not_made_again(records, tmp_path):
    stated = {one.image: 0.001 if one.labels[LABEL] else 1.0 for one in records}
    first = with_softened(records, label=LABEL, sharpness=stated, folder=tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert with_softened(records, label=LABEL, sharpness=stated, folder=tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times


def test_copies_of_another_sharpness_are_other_files(records, tmp_path):
    real = sharpness_of(records)
    made = [
        with_softened(
            records,
            label=LABEL,
            sharpness={one.image: real[one.image] * (share if one.labels[LABEL] else 1.0) for one in records},
            folder=tmp_path,
        )
        for share in (0.5, 0.4)
    ]
    paths = [{one.path for one in each if one.path.parent == tmp_path} for each in made]
    assert paths[0]
    assert not paths[0] & paths[1]


def test_where_none_has_the_label_or_it_is_not_known_all_stays(records, tmp_path):
    sharpness = sharpness_of(records)
    without = [one for one in records if not one.labels[LABEL]]
    unknown = [replace(one, labels={}) for one in records]
    for some in (without, unknown):
        assert with_softened(some, label=LABEL, sharpness=sharpness, folder=tmp_path) == tuple(some)
