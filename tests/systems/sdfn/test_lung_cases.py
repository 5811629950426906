import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import DataError
from hilum.reading.lungs.finder import LungFinder
from hilum.systems.sdfn.lung_cases import draw_cases, survey_lungs
from hilum.training.data.lung_boxes import with_lung_boxes


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Records of toy chests, one in twelve without lungs, and the bundle that finds dark lungs."""
    folder = tmp_path_factory.mktemp("made")
    return read_own_table(fabricate_chest_table(folder / "data", patients=13)), write_lung_bundle(folder / "toy")


def test_what_is_counted_is_what_training_gets(made, tmp_path: Path) -> None:
    records, bundle = made
    survey = survey_lungs(records, bundle=bundle, memory=None, folder=tmp_path)
    boxed = with_lung_boxes(records, bundle=bundle, memory=None)
    without = [record.image for record in boxed if record.lung_box is None]
    assert survey.images == len(records)
    assert survey.untrusted == len(without) == 2
    assert survey.flags["no lung"] == 2
    assert [image for image, trusted, _ in survey.flagged if not trusted] == sorted(without)


def test_a_second_call_draws_nothing_and_another_set_of_images_does(made, tmp_path: Path) -> None:
    records, bundle = made
    first = survey_lungs(records, bundle=bundle, memory=None, folder=tmp_path)
    gone = tuple(replace(record, path=tmp_path / "gone.png") for record in records)
    assert survey_lungs(gone, bundle=bundle, memory=None, folder=tmp_path) == first, "no file was read again"
    fewer = survey_lungs(records[:5], bundle=bundle, memory=None, folder=tmp_path)
    assert fewer.images == 5


def test_what_training_drew_is_not_drawn_again(made, tmp_path: Path, monkeypatch) -> None:
    records, bundle = made
    anew = survey_lungs(records, bundle=bundle, memory=None, folder=tmp_path / "anew")
    with_lung_boxes(records, bundle=bundle, memory=tmp_path / "cache")
    monkeypatch.setattr(LungFinder, "draw", None)
    assert survey_lungs(records, bundle=bundle, memory=tmp_path / "cache", folder=tmp_path / "again") == anew


def test_an_image_that_cannot_be_decoded_is_named(made, tmp_path: Path) -> None:
    records, bundle = made
    (tmp_path / "bad.png").write_bytes(records[0].path.read_bytes()[:200])
    bad = replace(records[0], path=tmp_path / "bad.png")
    with pytest.raises(DataError, match=r"bad\.png"):
        survey_lungs((*records[1:], bad), bundle=bundle, memory=None, folder=tmp_path)


def test_a_torn_survey_is_refused(made, tmp_path: Path) -> None:
    records, bundle = made
    (tmp_path / "lungs.json").write_text('{"key": ')
    with pytest.raises(DataError, match="Remove it"):
        survey_lungs(records, bundle=bundle, memory=None, folder=tmp_path)
    (tmp_path / "lungs.json").write_text(json.dumps({"key": [], "survey": {"flagged": []}}))
    with pytest.raises(DataError, match="Remove it"):
        survey_lungs(records, bundle=bundle, memory=None, folder=tmp_path)


def test_cases_are_image_mask_box_and_crop_the_untrusted_first(made, tmp_path: Path) -> None:
    records, bundle = made
    survey = survey_lungs(records, bundle=bundle, memory=None, folder=tmp_path)
    cases = draw_cases(survey, records=records, bundle=bundle)
    assert [case.trusted for case in cases] == sorted(case.trusted for case in cases)
    assert len(draw_cases(survey, records=records, bundle=bundle, shown=1)) == 1
    assert draw_cases(survey, records=(), bundle=bundle) == ()
    with Image.open(io.BytesIO(cases[0].png)) as picture:
        assert picture.size == (4 * 260 - 4, 256)
        pixels = np.asarray(picture)
    record = next(record for record in records if record.image == cases[0].image)
    with Image.open(record.path) as image:
        grey = np.asarray(image)
    rows, columns = grey.shape
    assert np.array_equal(pixels[:rows, :columns, 0], grey), "the image comes first"
    assert not pixels[:rows, 260 : 260 + columns].any(), "no lung, so the mask is empty"
    assert np.array_equal(pixels[:rows, 780 : 780 + columns, 0], grey), "the crop is the whole image"
