"""`hilum segment` as a user runs it, with a toy bundle that calls dark pixels lung."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_archive import write_archive
from fabricate_dicom import dicom_bytes
from fabricate_lungs import ALL_STRUCTURES, SPEC, write_lung_bundle
from hilum.output.inputs import InputFile
from segmented import segment


def test_mask_and_json_stand_under_the_images_own_name(scans, tmp_path, toy_lungs):
    out = tmp_path / "out"
    result = segment(scans, "--out", out, "--model", toy_lungs)
    assert result.exit_code == 0, result.output
    mask = np.asarray(Image.open(out / "day 1" / "two.png.mask.png"))
    assert mask.shape == (256, 192)
    assert set(np.unique(mask)) == {0, 128, 255}
    assert mask[128, 48] == 255, "the patient's right stands on the left of the picture"
    assert mask[128, 144] == 128
    found = json.loads((out / "day 1" / "two.png.lungs.json").read_text())
    assert found["schema"] == "hilum.lungs/1"
    assert found["trusted"] is True
    assert found["flags"] == []
    right, left = int((mask == 255).sum()), int((mask == 128).sum())
    assert found["areas_px"] == {"right": right, "left": left, "both": right + left, "heart": None}
    assert found["definition"] == "whole", "all that this bundle draws"
    assert found["box"] == [24 - 11.25, 64 - 15, 144 + 22.5, 128 + 35]
    assert not (out / "day 1" / "two.png.lungs.png").exists(), "only flagged cases are drawn"


@pytest.fixture(scope="module")
def draws_all(tmp_path_factory):
    spec = SPEC.changed({"structures": ALL_STRUCTURES})
    return write_lung_bundle(tmp_path_factory.mktemp("all") / "all", name="toy-all", spec=spec).folder


@pytest.fixture
def with_heart(tmp_path):
    """A chest with two fields, a heart, and a strip of the left lung that lies behind the heart."""
    pixels = np.full((256, 192), 255, np.uint8)
    pixels[64:192, 24:72] = pixels[64:192, 120:168] = 0
    pixels[120:200, 72:120] = 153
    pixels[120:192, 102:120] = 102
    path = tmp_path / "chest.png"
    Image.fromarray(pixels).save(path)
    return path


def outputs(out: Path) -> tuple[np.ndarray, np.ndarray, dict]:
    mask, heart = (np.asarray(Image.open(out / f"chest.png.{end}.png")) for end in ("mask", "heart"))
    return mask, heart, json.loads((out / "chest.png.lungs.json").read_text())


def test_the_field_is_drawn_unless_the_whole_lung_is_asked_for(with_heart, tmp_path, draws_all):
    drawn = {}
    for asked in ("field", "whole", None):
        out = tmp_path / f"{asked}"
        how = () if asked is None else ("--definition", asked)
        result = segment(with_heart, "--out", out, "--model", draws_all, *how)
        assert result.exit_code == 0, result.output
        drawn[asked] = outputs(out)
    mask, heart, found = drawn["field"]
    assert (mask[150, 110], heart[150, 110]) == (0, 255)
    assert set(np.unique(heart)) == {0, 255}
    assert heart.shape == mask.shape == (256, 192)
    right, left, area = (int((picture == grey).sum()) for picture, grey in ((mask, 255), (mask, 128), (heart, 255)))
    assert found["areas_px"] == {"right": right, "left": left, "both": right + left, "heart": area}
    assert found["definition"] == "field"
    whole, same_heart, told = drawn["whole"]
    assert whole[150, 110] == 128
    assert told["definition"] == "whole"
    assert told["areas_px"]["left"] > left
    assert told["box"] == found["box"], "a box rests on the whole lungs whatever is asked for"
    np.testing.assert_array_equal(heart, same_heart)
    np.testing.assert_array_equal(drawn[None][0], mask)


@pytest.mark.parametrize(
    ("structures", "asked", "words"),
    [
        (("right lung", "left lung"), "field", "toy-one draws whole lungs, not lung fields; say --definition whole"),
        (("right field", "left field"), "whole", "toy-one draws lung fields, not whole lungs; say --definition field"),
    ],
)
def test_a_definition_that_is_not_drawn_is_one_line(with_heart, tmp_path, structures, asked, words):
    spec = SPEC.changed({"structures": structures})
    one = write_lung_bundle(tmp_path / "one", name="toy-one", spec=spec).folder
    result = segment(with_heart, "--out", tmp_path / "out", "--model", one, "--definition", asked)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
    assert not list((tmp_path / "out").rglob("*.png"))


def test_resume_draws_again_by_another_definition_and_where_the_heart_is_gone(with_heart, tmp_path, draws_all):
    again = (with_heart, "--out", tmp_path / "out", "--model", draws_all, "--resume")
    assert segment(*again).exit_code == 0
    assert "1 skipped" in segment(*again).output
    assert "skipped" not in segment(*again, "--definition", "whole").output
    assert outputs(tmp_path / "out")[2]["definition"] == "whole"
    assert "1 skipped" in segment(*again, "--definition", "whole").output
    (tmp_path / "out" / "chest.png.heart.png").unlink()
    assert "skipped" not in segment(*again, "--definition", "whole").output
    assert (tmp_path / "out" / "chest.png.heart.png").is_file()


def test_a_bundle_without_a_heart_leaves_no_old_one(with_heart, tmp_path, draws_all, toy_lungs):
    out = tmp_path / "out"
    for model, there in ((draws_all, True), (toy_lungs, False)):
        assert segment(with_heart, "--out", out, "--model", model).exit_code == 0
        assert (out / "chest.png.heart.png").is_file() is there


def test_older_output_is_left_out_and_an_archive_is_read_and_resumed(scans, tmp_path, toy_lungs):
    for version in ("v1", "v2"):
        result = segment(scans, "--out", scans / version, "--model", toy_lungs)
        assert result.exit_code == 0, result.output
        found = {path.relative_to(scans / version).as_posix() for path in (scans / version).rglob("*.lungs.json")}
        assert found == {"day 1/two.png.lungs.json", "one.png.lungs.json"}
    assert "Skipped " in result.output
    assert "3 written by an earlier run of hilum" in result.output
    study = write_archive(tmp_path / "study.zip", {"inner/two.png": (scans / "day 1" / "two.png").read_bytes()})
    out = tmp_path / "from archive"
    assert segment(study, "--out", out, "--model", toy_lungs).exit_code == 0
    assert (out / "study.zip" / "inner" / "two.png.mask.png").is_file()
    assert "1 skipped" in segment(study, "--out", out, "--model", toy_lungs, "--resume").output


def film(tmp_path: Path, **tags: object) -> Path:
    """A DICOM film whose lung on the left of the stored picture is the larger one."""
    pixels = np.full((256, 192), 255, np.uint8)
    pixels[64:192, 24:72] = pixels[64:144, 120:168] = 0
    path = tmp_path / "film.dcm"
    path.write_bytes(dicom_bytes(pixels, **tags))
    return path


@pytest.mark.parametrize(("tag", "larger"), [("LF", "right"), ("RF", "left")])
def test_a_film_stored_mirrored_names_the_sides_that_its_tag_says(tmp_path, toy_lungs, tag, larger):
    out = tmp_path / "out"
    result = segment(film(tmp_path, PatientOrientation=list(tag)), "--out", out, "--model", toy_lungs)
    assert result.exit_code == 0, result.output
    found = json.loads((out / "film.dcm.lungs.json").read_text())
    assert found["areas_px"][larger] > 1.4 * found["areas_px"][{"right": "left", "left": "right"}[larger]]
    mask = np.asarray(Image.open(out / "film.dcm.mask.png"))
    assert mask[128, 48] == 255, "the patient's right stands on the left of the upright picture"
    assert any("turned back" in warning for warning in found["warnings"]) == (tag == "RF")
    stored = {"rows": 256, "columns": 192, "orientation": 2}
    assert found["source"]["stored"] == (stored if tag == "RF" else None)


def test_sides_that_are_not_certain_are_named_nowhere(tmp_path, toy_lungs):
    out = tmp_path / "out"
    path = film(tmp_path, PatientOrientation=["R", "F"], Modality="SC", ImageLaterality="L")
    assert segment(path, "--out", out, "--model", toy_lungs).exit_code == 0
    found = json.loads((out / "film.dcm.lungs.json").read_text())
    mask = np.asarray(Image.open(out / "film.dcm.mask.png"))
    assert set(np.unique(mask)) == {0, 192}
    assert found["areas_px"] == {"right": None, "left": None, "both": int((mask == 192).sum()), "heart": None}
    assert "sides not named" in found["flags"]
    assert "right and left are not named" in found["warnings"][0]


def test_a_flagged_case_is_drawn_as_image_mask_box_and_crop(scans, tmp_path, toy_lungs):
    out = tmp_path / "out"
    segment(scans, "--out", out, "--model", toy_lungs)
    found = json.loads((out / "one.png.lungs.json").read_text())
    assert found["flags"] == ["one region", "mirrored"]
    assert found["areas_px"]["left"] == 0, "the mirrored lung is not in the mask"
    with Image.open(out / "one.png.lungs.png") as picture:
        assert picture.size == (4 * 256 + 3 * 4, 256)


def test_a_bad_file_is_one_line_and_the_rest_goes_on(scans, tmp_path, toy_lungs):
    (scans / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    out = tmp_path / "out"
    result = segment(scans, "--out", out, "--model", toy_lungs)
    assert result.exit_code == 1
    lines = [line for line in result.output.splitlines() if "broken.png" in line]
    assert len(lines) == 1
    assert (out / "one.png.lungs.json").is_file()
    assert (out / "day 1" / "two.png.lungs.json").is_file()
    failures = [json.loads(line) for line in (out / "failures.jsonl").read_text().splitlines()]
    assert [failure["relative_path"] for failure in failures] == ["broken.png"]


def test_a_file_that_became_bad_leaves_no_old_mask(scans, tmp_path, toy_lungs):
    out = tmp_path / "out"
    segment(scans, "--out", out, "--model", toy_lungs)
    (scans / "one.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    assert segment(scans, "--out", out, "--model", toy_lungs).exit_code == 1
    assert not list(out.glob("one.png.*"))


def test_resume_skips_what_is_drawn_of_the_same_bytes_by_the_same_model(scans, tmp_path, toy_lungs):
    out = tmp_path / "out"
    segment(scans, "--out", out, "--model", toy_lungs)
    written = (out / "one.png.lungs.json").stat().st_mtime_ns
    result = segment(scans, "--out", out, "--model", toy_lungs, "--resume")
    assert result.exit_code == 0
    assert "2 skipped" in result.output
    assert (out / "one.png.lungs.json").stat().st_mtime_ns == written
    Image.fromarray(np.full((64, 64), 255, np.uint8)).save(scans / "one.png")
    (out / "day 1" / "two.png.mask.png").unlink()
    again = segment(scans, "--out", out, "--model", toy_lungs, "--resume")
    assert "skipped" not in again.output, "one changed, and the other lost its mask"
    assert json.loads((out / "one.png.lungs.json").read_text())["flags"] == ["no lung"]


def test_resume_compares_no_file_with_every_other(scans, tmp_path, toy_lungs, monkeypatch):
    segment(scans, "--out", tmp_path / "out", "--model", toy_lungs)
    compared = []
    monkeypatch.setattr(InputFile, "__eq__", lambda one, other: compared.append(one) or one is other)
    assert "2 skipped" in segment(scans, "--out", tmp_path / "out", "--model", toy_lungs, "--resume").output
    assert compared == []


def test_resume_draws_again_what_an_older_hilum_drew_without_asking_how_the_film_is_stored(scans, tmp_path, toy_lungs):
    out = tmp_path / "out"
    segment(scans, "--out", out, "--model", toy_lungs)
    path = out / "one.png.lungs.json"
    older = json.loads(path.read_text())
    del older["source"]["stored"]
    path.write_text(json.dumps(older))
    assert "1 skipped" in segment(scans, "--out", out, "--model", toy_lungs, "--resume").output
    assert "stored" in json.loads(path.read_text())["source"]


def test_a_blocked_output_fails_its_own_image_only(scans, tmp_path, toy_lungs):
    out = tmp_path / "out"
    (out / "one.png.mask.png").mkdir(parents=True)
    result = segment(scans, "--out", out, "--model", toy_lungs)
    assert result.exit_code == 1
    assert (out / "day 1" / "two.png.lungs.json").is_file()
    assert not (out / "one.png.lungs.json").exists()


def test_a_name_too_long_for_its_masks_fails_its_own_image_only(scans, tmp_path, toy_lungs):
    for letter, length in (("b", 246), ("c", 253)):  # the first has a name for one of the two masks
        shutil.copy(scans / "one.png", scans / f"{letter * (length - 4)}.png")
    out = tmp_path / "out"
    result = segment(scans, "--out", out, "--model", toy_lungs)
    assert result.exit_code == 1
    assert result.output.count("File name too long") == 2
    assert sorted(path.name for path in out.rglob("*.mask.png")) == ["one.png.mask.png", "two.png.mask.png"]
    one = segment("d" * 300, scans / "one.png", "--out", tmp_path / "other", "--model", toy_lungs)
    assert (one.exit_code, "file name too long" in one.output) == (1, True)


def test_what_was_written_is_said(scans, tmp_path, toy_lungs):
    out = tmp_path / "out"
    assert (
        f"hilum: Wrote 2 masks to {out} (1 reliable, 1 to check)\n"
        in segment(scans, "--out", out, "--model", toy_lungs).output
    )
    (scans / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    again = segment(scans, "--out", out, "--model", toy_lungs, "--resume").output
    assert f"hilum: Wrote 0 masks to {out}; 1 failed; 2 skipped, drawn before\n" in again


def test_files_named_one_by_one_lie_side_by_side(scans, tmp_path, toy_lungs):
    other = tmp_path / "elsewhere" / "three.png"
    other.parent.mkdir()
    shutil.copy(scans / "one.png", other)
    out = tmp_path / "out"
    assert segment(scans / "day 1" / "two.png", other, "--out", out, "--model", toy_lungs).exit_code == 0
    assert {path.name for path in out.glob("*.mask.png")} == {"two.png.mask.png", "three.png.mask.png"}
    namesake = shutil.copy(other, scans / "three.png")
    both = tmp_path / "both"
    assert segment(namesake, other, "--out", both, "--model", toy_lungs).exit_code == 0
    found = {path.relative_to(both).as_posix() for path in both.rglob("*.mask.png")}
    assert found == {"scans/three.png.mask.png", "elsewhere/three.png.mask.png"}


def test_wrong_usage_is_said(scans, tmp_path, toy_lungs):
    assert segment("-", "--out", tmp_path / "out", "--model", toy_lungs).exit_code == 2
    assert segment(scans, "--out", scans.parent, "--model", toy_lungs).exit_code == 2
    other = segment(scans, "--out", tmp_path / "out", "--model", tmp_path / "none")
    assert other.exit_code == 1
    assert "There is no model in the folder" in other.output
