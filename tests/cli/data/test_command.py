import json

import pytest

from fabricate_gate import write_gate
from fabricate_releases import fabricate_chestxray14, fabricate_class_folders, fabricate_jsrt, fabricate_wingspan


def test_a_sound_folder_ends_with_0_and_a_table(hilum, tmp_path):
    result = hilum("data", "check", "folder", fabricate_class_folders(tmp_path / "own"))
    assert result.exit_code == 0, result.output
    assert "A folder of class folders" in result.stdout
    row = next(line for line in result.stdout.splitlines() if line.split()[:1] == ["Effusion"])
    assert row.split() == ["Effusion", "2", "2", "0"]


def test_missing_files_end_with_1_and_are_named(hilum, tmp_path):
    result = hilum("data", "check", "nih", fabricate_chestxray14(tmp_path / "nih"))
    assert result.exit_code == 1
    assert "hilum: missing: 00000003_000.png" in result.stderr
    part = next(line for line in result.stdout.splitlines() if line.split()[:1] == ["train_val"])
    assert part.split() == ["train_val", "3", "4", "86,524", "2", "3", "28,008"]
    assert "1 impossible" in " ".join(result.stdout.split())


def test_it_says_what_the_masks_of_lungs_show(hilum, tmp_path):
    result = hilum("data", "check", "wingspan", fabricate_wingspan(tmp_path / "wingspan"), "--quick")
    assert "3 images; 2 show the lung field beside the heart" in result.stdout


def test_a_corrupt_file_ends_with_1_and_says_why_but_quick_does_not_look(hilum, tmp_path):
    folder = fabricate_class_folders(tmp_path / "own")
    (folder / "Well" / "p3_a.png").write_bytes(b"no picture")
    result = hilum("data", "check", "folder", folder, "--jobs", 2)
    assert result.exit_code == 1
    assert "hilum: corrupt: Well/p3_a.png: " in result.stderr
    assert hilum("data", "check", "folder", folder, "--quick").exit_code == 0


def test_json_names_every_file(hilum, tmp_path):
    result = hilum("data", "check", "nih", fabricate_chestxray14(tmp_path / "nih"), "--json", "--quick")
    assert result.exit_code == 1
    content = json.loads(result.stdout)
    assert content["missing"] == ["00000003_000.png"]
    assert content["corrupt"] is None
    assert content["sound"] is False
    assert content["parts"][0]["official"] == {"images": 86524, "patients": 28008}


def test_a_part_of_a_release_that_is_meant_ends_with_0_and_says_what_is_missing(hilum, tmp_path):
    folder = fabricate_chestxray14(tmp_path / "nih")
    result = hilum("data", "check", "nih", folder, "--subset")
    assert result.exit_code == 0, result.output
    assert "hilum: missing: 00000003_000.png" in result.stderr
    assert "a subset, as you said: 1 image is not here, and nothing that is here is corrupt" in result.stderr
    refused = hilum("data", "check", "nih", folder)
    assert refused.exit_code == 1
    assert "where only a part of the data set is meant, --subset says so" in refused.stderr
    told = json.loads(hilum("data", "check", "nih", folder, "--subset", "--json").stdout)
    assert (told["sound"], told["subset"]) == (False, True)
    next(folder.rglob("*.png")).write_bytes(b"no picture")
    assert hilum("data", "check", "nih", folder, "--subset").exit_code == 1, "a corrupt file is no subset"


def test_a_table_and_class_folders_need_no_name(hilum, tmp_path):
    folder = fabricate_class_folders(tmp_path / "own")
    assert "A folder of class folders" in hilum("data", "check", folder).stdout
    table = folder / "labels.csv"
    table.write_text("file,who,dx,portable\nWell/p3_a.png,1,normal,1\nIll/gone.png,2,Effusion,0\n")
    asked = hilum("data", "check", table)
    assert asked.exit_code == 1
    assert "say which are the labels, such as --labels portable" in asked.stderr
    result = hilum("data", "check", table, "--labels", "dx", "--patient-column", "who")
    assert result.exit_code == 1, "one picture is missing"
    assert "hilum: missing: Ill/gone.png" in result.stderr
    row = next(line for line in result.stdout.splitlines() if line.split()[:1] == ["Effusion"])
    assert row.split() == ["Effusion", "0", "1", "0"]
    assert hilum("data", "check", table, "--labels", "dx", "--patient-column", "who", "--subset").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("niih", "."), 2, "No data set is called 'niih'; did you mean nih? All names are nih, chexpert"),
        (("vindr", "."), 2, "did you mean vindr_cxr or vindr_pcxr?"),
        (("niih",), 2, "No data set is called 'niih'; did you mean nih?"),
        (("nih",), 2, "Missing argument: where nih lies; say hilum data check nih FOLDER"),
        (("nih", "absent"), 2, "there is no folder absent for nih"),
        (("absent.csv",), 2, "there is no file or folder absent.csv"),
        (("table", "absent.csv"), 2, "there is no file or folder absent.csv for table"),
        ((".",), 2, "say which release it is: hilum data check NAME ."),
        (("nih", ".", "--labels", "Mass"), 2, "are for a table of your own, not for nih"),
        (("nih", "."), 1, "has no Data_Entry_2017_v2020.csv or Data_Entry_2017.csv (or .gz)"),
    ],
)
def test_wrong_names_and_layouts_are_one_line(hilum, tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    result = hilum("data", "check", *arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_gate_finds_what_does_not_belong_there(hilum, tmp_path, write_png):
    folder = tmp_path / "own"
    for name, grey in (("Ill/a", 200), ("Ill/b", 201), ("Well/c", 202), ("Well/dark", 10)):
        write_png(folder / f"{name}.png", grey=grey)
    gate = write_gate(tmp_path / "gate", xray_type="hand").folder
    result = hilum("data", "check", "folder", folder, "--model", gate, "--json")
    assert result.exit_code == 0, result.output
    tally = json.loads(result.stdout)["gate"]
    assert (tally["statuses"], tally["types"]) == ({"accepted": 3, "refused": 1}, {"hand": 3, "none": 1})
    assert list(tally["odd"]) == ["Well/dark.png"]
    assert tally["kinds"] == {"no X-ray": 1}
    shown = hilum("data", "check", "folder", folder, "--model", gate)
    assert "hilum: odd: Well/dark.png: refused: " in shown.stderr
    assert "accepted 3, refused 1" in shown.stdout
    assert "1 images; no X-ray 1" in shown.stdout


def test_an_image_of_another_type_than_the_release_says_is_odd(hilum, tmp_path, write_png):
    folder = fabricate_chestxray14(tmp_path / "nih")
    for path in folder.rglob("*.png"):
        write_png(path, grey=200)
    gate = write_gate(tmp_path / "gate", xray_type="hand").folder
    tally = json.loads(hilum("data", "check", "nih", folder, "--model", gate, "--json").stdout)["gate"]
    assert tally["odd"]["00000001_000.png"] == "looks like hand, the data set says chest"
    assert tally["kinds"] == {"another type": 5}


def test_a_model_that_is_no_gate_is_refused(hilum, tmp_path, toy):
    result = hilum("data", "check", "folder", fabricate_class_folders(tmp_path / "own"), "--model", toy)
    assert result.exit_code == 2
    assert "is no gate; see `hilum models`" in result.stderr


def test_the_group_alone_shows_its_help(hilum):
    assert "check" in hilum("data").output


def test_jsrt_is_converted_and_then_read(hilum, tmp_path):
    release = fabricate_jsrt(tmp_path / "JSRT")
    for picture in (release / "pictures").iterdir():
        picture.with_suffix(".IMG").write_bytes(bytes(2 * 2048 * 2048))
        picture.unlink()
    refused = hilum("data", "check", "jsrt", release)
    assert refused.exit_code == 1
    assert f"hilum data convert jsrt {release} --out FOLDER" in " ".join(refused.stderr.split())
    done = hilum("data", "convert", "jsrt", release, "--out", tmp_path / "png")
    assert done.exit_code == 0, done.output
    assert "3 pictures written" in done.stdout
    assert hilum("data", "check", "jsrt", tmp_path / "png").exit_code == 0
    (release / "pictures" / "JPCLN001.IMG").write_bytes(b"cut")
    again = hilum("data", "convert", "jsrt", release, "--out", tmp_path / "png")
    assert again.exit_code == 1
    assert "JPCLN001.IMG has 3 byt" in " ".join(again.stderr.split())
    assert hilum("data", "convert", "nih", release, "--out", tmp_path / "png").exit_code == 2


def test_patients_that_nothing_tells_apart_are_not_counted(hilum, tmp_path):
    result = hilum("data", "check", "folder", fabricate_class_folders(tmp_path / "own"), "--quick", "--json")
    (part,) = json.loads(result.stdout)["parts"]
    assert part["found"] == {"images": 4, "patients": None}
