from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_kermany import fabricate_kermany
from fabricate_releases import (
    fabricate_chestxray14,
    fabricate_chexpert,
    fabricate_class_folders,
    fabricate_own_table,
    fabricate_vindr_pcxr,
)
from hilum.datasets.own.folder_of_folders import read_folder_of_folders
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.held_out import is_held_out, is_held_out_part, part_role
from hilum.datasets.records.record import Record
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.datasets.releases.chexpert import read_chexpert
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.releases.mura import read_mura
from hilum.datasets.releases.vindr_pcxr import read_vindr_pcxr
from hilum.datasets.splits.official import split_with_official_test
from hilum.datasets.splits.split import Split
from hilum.errors import DataError

HELD_OUT = (
    "test", "Test", "TEST", "official_test", "officialTest", "testing", "test list", "Test2", "holdout", "hold-out",
    "Hold Out", "held_out", "HoldOut", "blind", "external", "External validation", "eval", "evaluation", "EVAL_SET",
    "internal test", "val_test", "lockbox", "nihtest", "train_test", "unseen", "prospective", "hidden", "OOD",
    "ＴＥＳＴ",
)  # fmt: skip
"""What people call the part that they keep for judging."""


@pytest.mark.parametrize("name", HELD_OUT)
def test_what_is_kept_for_judging_is_known_by_any_name(name: str) -> None:
    assert is_held_out_part(name)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("train", "training"), ("Training", "training"), ("train_val", "training"), ("derivation", "training"),
        ("val", "validation"), ("Valid", "validation"), ("calibration", "validation"), ("fold 3", "validation"),
        ("latest", None), ("shortest", None), ("contest", None), ("site A", None), ("", None), ("NORMAL", None),
    ],
)  # fmt: skip
def test_other_names(name: str, role: str | None) -> None:
    assert part_role(name) == role


def mura(folder: Path) -> Path:
    for part in ("train", "valid"):
        study = folder / part / "XR_WRIST" / f"patient0000{len(part)}" / "study1_positive"
        study.mkdir(parents=True)
        Image.fromarray(np.full((8, 8), len(part), np.uint8)).save(study / "image1.png")
    return folder


def test_each_release_names_its_held_out_part(tmp_path: Path) -> None:
    """CheXpert's and MURA's `valid` are what papers test on."""
    read = {
        "chexpert": (read_chexpert(fabricate_chexpert(tmp_path / "chexpert")), "valid"),
        "mura": (read_mura(mura(tmp_path / "mura")), "valid"),
        "nih": (read_chestxray14(fabricate_chestxray14(tmp_path / "nih")), "test"),
        "vindr": (read_vindr_pcxr(fabricate_vindr_pcxr(tmp_path / "vindr")), "test"),
        "kermany": (read_kermany(fabricate_kermany(tmp_path / "kermany", train=2, test=2)), "test"),
    }
    for name, (records, part) in read.items():
        assert {is_held_out(record) for record in records} == {True, False}, name
        assert all(is_held_out(record) == (record.official == part) for record in records), name


def record(number: int, *, official: str | None, held_out: bool | None = None) -> Record:
    return Record(
        path=Path(f"{number}.png"), image=f"{number}.png", patient=f"p{number}", source="table", official=official,
        labels={"Mass": float(number % 2)}, stratum="", sha256=f"{number:064d}", held_out=held_out,
    )  # fmt: skip


@pytest.mark.parametrize("name", HELD_OUT)
def test_none_of_them_ever_reaches_fitting(name: str) -> None:
    """24 of 24 did, where the part was not called exactly `test`."""
    records = [record(i, official="train" if i < 40 else name) for i in range(64)]
    split = split_with_official_test(records, shares={"train": 0.8, "validation": 0.2}, seed=0)
    assert {r.image for r in split.parts["test"]} == {f"{i}.png" for i in range(40, 64)}
    assert f"official {name} as test (24 images)" in split.protocol
    with pytest.raises(DataError, match="Keep the official test set apart"):
        Split({"train": tuple(records)}, "made by hand")


def test_what_an_adapter_says_wins_over_the_name() -> None:
    assert is_held_out(record(1, official="valid", held_out=True))
    assert not is_held_out(record(1, official="test list of another paper", held_out=False))
    assert is_held_out(replace(record(1, official="train"), official="Test"))


def test_a_table_may_say_it_in_a_column_and_a_word_that_says_nothing_is_refused(tmp_path: Path) -> None:
    folder = fabricate_own_table(tmp_path / "own")
    table = folder / "table.csv"
    rows = [line.split(",") for line in table.read_text().splitlines()]
    place = rows[0].index("split")

    def written(words: list[str], *, held_out: list[str] | None = None) -> Path:
        lines = []
        for index, row in enumerate(rows):
            cells = list(row)
            cells[place] = "split" if index == 0 else words[(index - 1) % len(words)]
            if held_out is not None:
                cells.append("held_out" if index == 0 else held_out[(index - 1) % len(held_out)])
            lines.append(",".join(cells))
        table.write_text("\n".join(lines) + "\n")
        return folder

    with pytest.raises(DataError, match=r"'site A' in split of a.png in .* rename it, or add a column held_out with 1"):
        read_own_table(written(["site A"]))
    records = read_own_table(written(["site A", "site B"], held_out=["0", "1"]))
    assert [is_held_out(one) for one in records] == [one.official == "site B" for one in records]
    with pytest.raises(DataError, match=r"'perhaps' in held_out of a\.png in .* is none of 1, 0 and nothing"):
        read_own_table(written(["train"], held_out=["perhaps"]))


def test_folders_of_parts_are_parts_in_any_case_and_never_classes(tmp_path: Path) -> None:
    folder = fabricate_class_folders(tmp_path / "folder")
    parts = tmp_path / "parts"
    for part in ("Train", "hold-out"):
        fabricate_class_folders(parts / part)
    records = read_folder_of_folders(parts)
    assert {(one.official, is_held_out(one)) for one in records} == {("Train", False), ("hold-out", True)}
    assert {name for one in records for name in one.labels} == {
        name for one in read_folder_of_folders(folder) for name in one.labels
    }
    (parts / "spare").mkdir()
    with pytest.raises(DataError, match="Train lies beside spare"):
        read_folder_of_folders(parts)
