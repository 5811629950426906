from dataclasses import replace

import pytest
from PIL import Image

from fabricate_nih_chests import fabricate_nih_chests
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.record import Record
from hilum.geometry import Box
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest14.recipe import chest14_local
from hilum.systems.chest_adult.folds import (
    AdultImages,
    adult_folds,
    adult_images,
    fold_parts,
    with_boxes_of,
)
from hilum.systems.chest_adult.recipe import chest_adult

RECIPE = chest_adult(chest14_local(RandomWeights()))


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    """A miniature whose images of the visit 1 are at most 64 pixels, of the patients 10 to 29 alone."""
    folder = tmp_path_factory.mktemp("made")
    fabricate_nih_chests(folder / "nih")
    (folder / "coarse").mkdir()
    for path in sorted((folder / "nih" / "images").glob("*_001.png"))[10:30]:
        with Image.open(path) as picture:
            picture.resize((64, 40)).save(folder / "coarse" / path.name)
        path.unlink()
    return read_releases([("nih", folder / "nih"), ("nih", folder / "coarse")]).records


@pytest.fixture(scope="module")
def images(records: tuple[Record, ...]) -> AdultImages:
    return adult_images(records)


def test_coarse_pictures_are_known_by_their_size_and_held_out_ones_are_in_neither(
    records: tuple[Record, ...], images: AdultImages
) -> None:
    assert len(images.coarse) == 20
    assert {record.path.parent.name for record in images.coarse} == {"coarse"}
    assert {record.path.parent.name for record in images.judged} == {"images"}
    official = [record.official for record in images.every]
    assert official.count("train_val") == len(official) == len([one for one in records if one.official != "test"])


def test_children_and_patients_of_no_age_are_not_there(records: tuple[Record, ...]) -> None:
    aged = [replace(records[0], age_years=age) for age in (15.9, 16.0, None)]
    assert [record.age_years for record in adult_images(aged).every] == [16.0]


def test_no_patient_is_in_two_parts_and_no_coarse_picture_is_judged_or_validated_on(images: AdultImages) -> None:
    parts = fold_parts(images, recipe=RECIPE)
    coarse, seen = {record.image for record in images.coarse}, []
    folds = adult_folds(parts, coarse=images.coarse, recipe=RECIPE)
    for name, fold in folds.items():
        assert fold.split.parts["test"] == parts.parts[name]
        patients = {part: {record.patient for record in found} for part, found in fold.split.parts.items()}
        assert not patients["test"] & (patients["train"] | patients["validation"])
        assert not patients["train"] & patients["validation"]
        away = patients["test"] | patients["validation"]
        learnt = {record.image for record in fold.split.parts["train"]} & coarse
        assert learnt == {record.image for record in images.coarse if record.patient not in away}
        assert 0 < len(learnt) < len(coarse)
        seen += [record.image for record in fold.split.parts["test"]]
        assert not coarse & {record.image for record in fold.split.parts["validation"]}
    assert sorted(seen) == sorted(record.image for record in images.judged)
    assert {fold.protocol for fold in folds.values()} == {parts.protocol}


def test_a_copy_of_a_judged_picture_is_not_learnt_from(images: AdultImages) -> None:
    parts = fold_parts(images, recipe=RECIPE)
    copied = replace(images.coarse[0], image="copy.png", patient="nih:other", sha256=parts.parts["fold 0"][0].sha256)
    folds = adult_folds(parts, coarse=(copied,), recipe=RECIPE)
    assert copied not in folds["fold 0"].split.parts["train"]


def test_lung_boxes_change_nothing_of_the_folds(images: AdultImages) -> None:
    parts = fold_parts(images, recipe=RECIPE)
    boxed = {record.image: replace(record, lung_box=Box(1.0, 2.0, 30.0, 40.0)) for record in images.judged}
    found = with_boxes_of(parts, boxed=boxed)
    assert found.sha256 == parts.sha256
    assert all(record.lung_box is not None for part in found.parts.values() for record in part)
