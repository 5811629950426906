"""Every adapter of a gate's release: layouts, groups, types, and what each refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_gate_data import write_gate_data
from hilum.datasets.records.record import Record
from hilum.datasets.releases.mura import read_mura
from hilum.datasets.typed.body_parts import read_body_parts
from hilum.datasets.typed.imagenet import read_imagenet
from hilum.datasets.typed.lera import read_lera
from hilum.datasets.typed.other_modality import read_other_modality
from hilum.errors import DataError
from hilum.systems.gate.data.releases import GATE_RELEASES, read_gate_data, view_told


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gate_data(tmp_path_factory.mktemp("gate"))


@pytest.fixture(scope="module")
def records(data: Path) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in read_gate_data(data).records:
        found.setdefault(record.source, []).append(record)
    return found


def test_every_release_is_read_and_cited(data: Path) -> None:
    found = read_gate_data(data)
    assert len(found.licences) == len(GATE_RELEASES)
    assert {record.is_xray for record in found.records} == {True, False}


@pytest.mark.parametrize(
    ("source", "types"),
    [
        ("nih", {"chest"}),
        ("lungs", {"chest"}),
        ("lungs_tb", {"chest"}),
        ("chest_adult", {"chest"}),
        ("wingspan", {"chest"}),
        ("chest_lateral", {"chest"}),
        ("knee_oai", {"knee"}),
        ("frac", {"hand"}),
        ("ewen", {"hand", None}),
        ("scol", {"spine"}),
        ("dental", {"dental"}),
        ("mura", {"wrist", "humerus"}),
        ("lera", {"foot", None}),
        ("aasce", {"spine"}),
        ("panoramic_dental", {"dental"}),
        ("photos", {None}),
        ("ct_chest", {None}),
    ],
)
def test_types_of_each_source(records: dict[str, list[Record]], source: str, types: set[str | None]) -> None:
    assert {record.xray_type for record in records[source]} == types


def test_what_is_told_of_views(records: dict[str, list[Record]]) -> None:
    told = {source: [view_told(record) for record in found] for source, found in records.items()}
    assert told["nih"] == ["PA", "AP"]
    assert set(told["chest_lateral"]) == {"LL"}
    assert set(told["wingspan"]) == {"PA"}
    for source in ("kermany", "lungs", "lungs_tb", "chest_adult"):
        assert set(told[source]) == {"frontal"}
    assert {view for source in ("frac", "knee_oai", "photos", "mura") for view in told[source]} == {None}


def test_a_view_that_a_source_leaves_open_is_frontal(records: dict[str, list[Record]]) -> None:
    assert view_told(replace(records["nih"][0], view="unknown")) == "frontal"


def test_the_official_test_of_kermany_is_left_out(records: dict[str, list[Record]]) -> None:
    assert {record.official for record in records["kermany"]} == {"train"}
    assert len({record.patient for record in records["kermany"]}) == 2


def test_no_image_of_the_official_chestxray14_test_is_learnt_from(records: dict[str, list[Record]]) -> None:
    assert [record.image for record in records["nih"]] == ["00000013_005.png", "00000013_006.jpg"]


def test_a_gate_learns_types_and_no_findings(records: dict[str, list[Record]]) -> None:
    found = [record for those in records.values() for record in those]
    assert all(record.labels == {} for record in found)
    strata = {record.source: record.stratum for record in found}
    assert strata["kermany"] == strata["nih"] == strata["lungs_tb"] == "chest"
    assert strata["photos"] == "not an X-ray"
    assert {record.stratum for record in records["ewen"]} == {"hand", "none of the types"}


def test_groups_join_what_belongs_together(records: dict[str, list[Record]]) -> None:
    assert {record.patient for record in records["nih"]} == {"nih:00000013"}
    assert {record.patient for record in records["lungs"]} == {"lungs:one", "lungs:two"}
    assert {record.patient for record in records["knee_oai"]} == {"knee_oai:9003430"}
    assert {record.patient for record in records["photos"]} == {"photos:n01440764", "photos:n01484850"}
    assert {record.patient for record in records["ct_chest"]} == {"ct_chest:0", "ct_chest:1"}
    assert {record.patient for record in records["mura"]} == {"mura:patient00006", "mura:patient11185"}


def test_wrong_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "photo.jpg").write_bytes(b"")
    for read in (read_imagenet, read_mura):
        with pytest.raises(DataError, match=r"is not like|does not lie where it should"):
            read(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match="Give the folder of the data set itself"):
        read_gate_data(tmp_path)
    with pytest.raises(DataError, match="Give the folder that has one for each modality"):
        read_other_modality(tmp_path / "photos")


def test_one_kind_alone_is_no_gate(data: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").symlink_to(data / "photos")
    with pytest.raises(DataError, match="needs both radiographs and other images"):
        read_gate_data(tmp_path)


def test_a_manifest_without_a_column_or_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.csv does not exist"):
        read_body_parts(tmp_path)
    (tmp_path / "manifest.csv").write_text("file,type,source\n")
    with pytest.raises(DataError, match="has no column group"):
        read_body_parts(tmp_path)
    (tmp_path / "manifest.csv").write_text("file,type,source,group\nhand/a.jpg,hand,frac,g0\n")
    with pytest.raises(DataError, match=r"does not exist, but .* names it"):
        read_body_parts(tmp_path)


def test_a_knee_without_a_patient_is_refused(data: Path, tmp_path: Path) -> None:
    for name in ("manifest.csv", "hand", "skull", "spine", "dental"):
        (tmp_path / name).symlink_to(data / "types" / name)
    (tmp_path / "knee_oai").mkdir()
    (tmp_path / "knee_oai" / "kl5_9003430L.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"does not hold the patient, like kl2_9003430L\.jpg"):
        read_body_parts(tmp_path)


def test_a_study_that_the_table_does_not_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"labels\.csv does not exist"):
        read_lera(tmp_path)
    (tmp_path / "labels.csv").write_text("1000,XR FOOT,0\n")
    (tmp_path / "2000").mkdir()
    (tmp_path / "2000" / "image1.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"holds no study that labels\.csv names"):
        read_lera(tmp_path)


@pytest.mark.data
def test_the_real_releases_have_the_sizes_that_were_counted(shared_data: Path) -> None:
    found = read_gate_data(shared_data).records
    sources = ("frac", "ewen", "photos", "nih", "knee_oai", "wingspan")
    counts = {source: sum(record.source == source for record in found) for source in sources}
    assert counts == {"frac": 290, "ewen": 202, "photos": 793, "nih": 1535, "knee_oai": 131, "wingspan": 198}
