import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_lungs import write_lung_bundle
from fabricate_nih_chests import fabricate_nih_chests
from fabricate_study import RUN, fabricate_arms
from fabricate_two_maps import two_maps
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.errors import DataError
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.read import study_content
from hilum.evaluation.study.section import Picture
from hilum.systems.sdfn.heatmaps import BOX_COLOUR
from hilum.systems.sdfn.lung_cases import survey_lungs
from hilum.systems.sdfn.maps import save_maps
from hilum.systems.sdfn.pictures import BOXED_MAPS, MAPS, heatmaps_of, lungs_of
from hilum.systems.sdfn.study import SDFN


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    records = read_chestxray14(fabricate_nih_chests(folder / "nih", patients=16))
    bundle = write_lung_bundle(folder / "toy")
    return records, bundle, survey_lungs(records, bundle=bundle, memory=None, folder=folder)


def content_of(fold: str = "fold 0") -> StudyContent:
    arms = fabricate_arms(strength={"whole": 0.7, "lung": 0.75, "sdfn": 0.85}, patients=20, labels=("Mass",), rare=0.5)
    arms = {name: replace(one, split=(fold,) * one.n) for name, one in arms.items()}
    return study_content(SDFN, predictions=arms, run=RUN, replicates=20)


def galleries(folder: Path, *, records, maps=(), boxed=()) -> list[tuple[Picture, ...]]:
    """What the section shows of the maps that the one fold kept."""
    (folder / "fold-0").mkdir()
    save_maps(maps or [replace(two_maps(9), image="gone.png")], path=folder / "fold-0" / MAPS)
    if boxed:
        save_maps(boxed, path=folder / "fold-0" / BOXED_MAPS)
    section = heatmaps_of(folder, records=records)(content_of())
    assert section.shown is any(gallery.pictures for gallery in section.galleries)
    return [gallery.pictures for gallery in section.galleries]


def test_boxes_of_the_class_are_drawn_in_the_files_own_pixels(made, tmp_path) -> None:
    records, _, _ = made
    record = next(one for one in records if one.boxes)
    shown = replace(two_maps(1), image=record.image, label=record.boxes[0].label, crop_box=None)
    shown = replace(shown, whole_alone=replace(shown.whole_alone, grid=np.zeros((3, 4), np.float32)))
    _, (drawn,) = galleries(tmp_path, records=records, boxed=[shown])
    assert drawn.lines[0] == "1 box"
    assert [stem for stem, _, _ in drawn.images] == [
        f"_{shown.label.replace(' ', '_')}_{which}" for which in ("whole", "sdfn")
    ]
    with Image.open(io.BytesIO(drawn.images[0][1])) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    rows, columns = np.nonzero((pixels == BOX_COLOUR).all(axis=2))
    # x 200, y 300, 250 x 200.5 of the 1024-pixel frame, in a file of 80 x 96
    assert (columns.min(), rows.min()) == (round(200 * 80 / 1024), round(300 * 96 / 1024))
    assert (columns.max() + 1, rows.max() + 1) == (round(450 * 80 / 1024), round(500.5 * 96 / 1024))


def test_boxes_of_other_classes_are_not(made, tmp_path) -> None:
    records, _, _ = made
    record = next(one for one in records if one.boxes)
    shown = replace(two_maps(1), image=record.image, label="Something else")
    (drawn,), boxed = galleries(tmp_path, records=records, maps=[shown])
    assert drawn.lines == ("whole image 0.250, SDFN 0.750", record.image)
    assert boxed == ()


def test_an_image_that_is_gone_is_left_out(made, tmp_path) -> None:
    records, _, _ = made
    assert galleries(tmp_path, records=records) == [(), ()]


def test_a_study_whose_maps_are_gone_is_refused(made, tmp_path) -> None:
    with pytest.raises(DataError, match="class maps"):
        heatmaps_of(tmp_path, records=made[0])(content_of())


def test_untrusted_lungs_are_counted_and_flagged_ones_drawn(made) -> None:
    records, bundle, survey = made
    section = lungs_of(survey, records=records, bundle=bundle)(content_of())
    (cases,) = section.galleries
    assert len(cases.pictures) == len(survey.flagged) > 0
    assert f"Shown: {len(survey.flagged)} of {len(survey.flagged)}" in cases.note
    assert cases.pictures[0].lines[0].startswith("not trusted")
    numbers = {
        "images": len(records),
        "untrusted": survey.untrusted,
        "flags": survey.flags,
        "bundle": "toy-lungs 1.0.0",
    }
    assert section.numbers == numbers
    rows = {row[0]: row[1:] for row in section.tables[0].rows}
    share = f"{survey.untrusted / len(records):.1%}"
    assert rows["lungs not trusted: the whole image is the crop"] == (survey.untrusted, share)
