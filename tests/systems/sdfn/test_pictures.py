import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fabricate_lungs import write_lung_bundle
from fabricate_nih_chests import fabricate_nih_chests
from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from fabricate_two_maps import two_maps
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.systems.sdfn.folder import StudyFolder
from hilum.systems.sdfn.heatmaps import BOX_COLOUR
from hilum.systems.sdfn.lung_cases import survey_lungs
from hilum.systems.sdfn.pictures import draw_pictures, lung_counts


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    records = read_chestxray14(fabricate_nih_chests(folder / "nih", patients=16))
    bundle = write_lung_bundle(folder / "toy")
    return records, bundle, survey_lungs(records, bundle=bundle, memory=None, folder=folder)


def content_of(*, maps=(), boxed=()) -> StudyFolder:
    return StudyFolder(
        predictions=fabricate_sdfn_predictions(patients=5, labels=("Mass",)),
        maps=tuple(maps),
        boxed=tuple(boxed),
        folds_done=1,
        calibrations=1,
        not_calibrated=0,
    )


def test_boxes_of_the_class_are_drawn_in_the_files_own_pixels(made) -> None:
    records, bundle, survey = made
    record = next(one for one in records if one.boxes)
    shown = replace(two_maps(1), image=record.image, label=record.boxes[0].label, crop_box=None)
    shown = replace(shown, whole_alone=replace(shown.whole_alone, grid=np.zeros((3, 4), np.float32)))
    pictures = draw_pictures(content_of(boxed=[shown]), records=records, lungs=bundle, survey=survey)
    assert pictures.boxed[0].boxes == 1
    with Image.open(io.BytesIO(pictures.boxed[0].whole)) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    rows, columns = np.nonzero((pixels == BOX_COLOUR).all(axis=2))
    # x 200, y 300, 250 x 200.5 of the 1024-pixel frame, in a file of 80 x 96
    assert (columns.min(), rows.min()) == (round(200 * 80 / 1024), round(300 * 96 / 1024))
    assert (columns.max() + 1, rows.max() + 1) == (round(450 * 80 / 1024), round(500.5 * 96 / 1024))


def test_boxes_of_other_classes_are_not(made) -> None:
    records, bundle, survey = made
    record = next(one for one in records if one.boxes)
    shown = replace(two_maps(1), image=record.image, label="Something else")
    pictures = draw_pictures(content_of(boxed=[shown]), records=records, lungs=bundle, survey=survey)
    assert pictures.boxed[0].boxes == 0


def test_an_image_that_is_gone_is_left_out(made) -> None:
    records, bundle, survey = made
    content = content_of(maps=[replace(two_maps(1), image="gone.png")])
    assert draw_pictures(content, records=records, lungs=bundle, survey=survey).heatmaps == ()


def test_flagged_cases_come_along(made) -> None:
    records, bundle, survey = made
    pictures = draw_pictures(content_of(), records=records, lungs=bundle, survey=survey)
    assert pictures.flagged == len(survey.flagged) == len(pictures.cases) > 0
    counts = lung_counts(survey)
    assert (counts.images, counts.untrusted, counts.bundle) == (len(records), survey.untrusted, "toy-lungs 1.0.0")
