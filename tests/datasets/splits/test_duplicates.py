import json
from dataclasses import replace

import pytest
from PIL import Image

from fabricate_releases import fabricate_chestxray14, fabricate_class_folders
from hilum.datasets.own.folder_of_folders import read_folder_of_folders
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.datasets.splits.duplicates import (
    chestxray14_stem,
    copies,
    read_rsna_mapping,
    same_pictures,
)
from hilum.errors import DataError


@pytest.fixture
def nih(tmp_path):
    return read_chestxray14(fabricate_chestxray14(tmp_path / "nih"))


@pytest.fixture
def own(tmp_path, nih):
    folder = fabricate_class_folders(tmp_path / "own")
    (folder / "Well" / "borrowed.png").write_bytes(nih[0].path.read_bytes())
    (folder / "Well" / "p3_b.png").write_bytes((folder / "Well" / "p3_a.png").read_bytes())
    return read_folder_of_folders(folder)


def test_copies_are_found_by_content_within_and_across_releases(nih, own):
    groups = [[record.image for record in group] for group in copies([*nih, *own])]
    assert groups == [["00000001_000.png", "Well/borrowed.png"], ["Well/p3_a.png", "Well/p3_b.png"]]
    found = [[record.image for record in group] for group in same_pictures([*nih, *own])]
    assert found == [["00000001_000.png", "Well/borrowed.png"]]
    assert same_pictures(own) == ()


def test_converted_pictures_are_known_by_their_stem_or_a_mapping(nih, own, tmp_path):
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps([{"subset_img_id": "ab-cd", "img_id": "00000002_000.png", "orig_labels": []}]))
    mapping = read_rsna_mapping(path)
    rsna = replace(own[0], image="stage_2/ab-cd.dcm")
    assert chestxray14_stem(rsna, mapping=mapping) == "00000002_000"
    assert chestxray14_stem(rsna) is None
    assert chestxray14_stem(replace(own[0], image="google/00000001_007.jpg")) == "00000001_007"


def test_a_picture_that_was_saved_again_is_known_and_others_are_not(nih, own):
    image = Image.open(nih[0].path).convert("L")
    image.resize((150, 140), Image.Resampling.BICUBIC).save(own[0].path.with_name("p9_again.jpg"), quality=80)
    records = [*nih, *read_folder_of_folders(own[0].path.parents[1])]
    groups = {tuple(record.image for record in group) for group in same_pictures(records, jobs=2)}
    assert groups == {("00000001_000.png", "Pleural Effusion/p9_again.jpg", "Well/borrowed.png")}


def test_one_image_of_chestxray14_under_rsnas_name_is_one_picture(nih, own):
    rsna = replace(own[0], image="stage_2/ab-cd.dcm", sha256="f" * 64)
    mapping = {"ab-cd": "00000002_000"}
    assert same_pictures([*nih, rsna]) == ()
    ((first, other),) = same_pictures([*nih, rsna], mapping=mapping)
    assert (first.image, other.image) == ("00000002_000.png", "stage_2/ab-cd.dcm")


@pytest.mark.parametrize("text", ["{", '[{"img_id": "x.png"}]', "[3]"])
def test_what_is_no_mapping_is_refused(tmp_path, text):
    (tmp_path / "mapping.json").write_text(text)
    with pytest.raises(DataError, match="is not RSNA's mapping"):
        read_rsna_mapping(tmp_path / "mapping.json")
