"""`hilum read` without an output folder: tables, JSON, standard input, exit codes."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from fabricate_bundle import ToyBundle
from hilum.cli.main import app
from hilum.report.schema import reading_schema


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def probability(grey: int) -> float:
    """What the toy says of a constant image, by hand."""
    return 1 / (1 + math.exp(-(8 * grey / 255 - 2)))


def test_one_file_is_a_table_with_the_decision(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "x.png", grey=200)
    result = hilum("read", image, "--model", toy, "--no-gate")
    assert result.exit_code == 0, result.stderr
    assert "Pneumonia" in result.stdout
    assert f"{probability(200):.3f}" in result.stdout
    assert "positive" in result.stdout
    assert "not a medical device" in result.stdout
    assert result.stderr == ""


def test_json_is_one_object_that_fits_the_schema(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "x.png", grey=40)
    result = hilum("read", image, "--model", toy, "--no-gate", "--json")
    (found,) = lines(result.stdout)
    Draft202012Validator(reading_schema()).validate(found)
    assert found["source"]["name"] == str(image)
    (finding,) = found["findings"]
    assert finding["probability"] == pytest.approx(probability(40), abs=1e-5)
    assert finding["positive"] is False


def test_several_files_are_a_line_each_in_order_and_one_failure_stops_nothing(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    first, last = write_png(tmp_path / "b.png", grey=10), write_png(tmp_path / "a.png", grey=250)
    bad = tmp_path / "renamed.png"
    bad.write_text("no image")
    result = hilum("read", first, bad, tmp_path / "absent.png", last, "--model", toy, "--no-gate", "--json")
    assert result.exit_code == 1
    found = lines(result.stdout)
    assert [each["source"]["name"] for each in found] == [
        str(first),
        str(bad),
        str(tmp_path / "absent.png"),
        str(last),
    ]
    assert ["error" in each for each in found] == [False, True, True, False]
    for each in found:
        Draft202012Validator(reading_schema()).validate(each)
    said = result.stderr.splitlines()
    assert len(said) == 2
    assert "renamed.png" in said[0]
    assert "absent.png" in said[1]


def test_tables_of_two_models_fit_80_columns(toy: Path, write_png: Any, tmp_path: Path) -> None:
    second = ToyBundle(name="another-toy-of-a-longer-name", labels=("Pleural Thickening",)).write(tmp_path / "b").folder
    image = write_png(tmp_path / "x.png", grey=200)
    words = ["read", str(image), "--model", str(toy), "--model", str(second), "--no-gate", "--view", "PA"]
    result = CliRunner().invoke(app, words, env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "another-toy-of-a-longer-name" in lines
    assert sum(line.split()[:2] == ["finding", "probability"] or "score" in line for line in lines) >= 2
    assert any("Pleural Thickening" in line for line in lines)


def test_standard_input(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "x.png", grey=128)
    result = hilum("read", "-", "--model", toy, "--no-gate", "--json", stdin=image.read_bytes())
    assert result.exit_code == 0, result.stderr
    (found,) = lines(result.stdout)
    assert found["source"]["name"] == "-"
    assert found["findings"][0]["probability"] == pytest.approx(probability(128), abs=1e-5)


@pytest.mark.parametrize(("stdin", "message"), [(b"", "empty"), (b"text", "text"), (bytes(200), "over the limit")])
def test_standard_input_that_is_no_image(hilum: Any, toy: Path, stdin: bytes, message: str) -> None:
    result = hilum("read", "-", "--model", toy, "--no-gate", "--max-bytes", "100", stdin=stdin)
    assert result.exit_code == 1
    (said,) = result.stderr.splitlines()
    assert said.startswith("hilum: -: ")
    assert message in said


def test_folder_is_read_recursively_and_what_is_passed_over_is_named(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    write_png(tmp_path / "scans" / "b" / "x.png")
    write_png(tmp_path / "scans" / "a.png")
    (tmp_path / "scans" / "README.txt").write_text("text")
    result = hilum("read", tmp_path / "scans", "--model", toy, "--no-gate", "--json")
    assert result.exit_code == 0
    assert [Path(each["source"]["name"]).name for each in lines(result.stdout)] == ["a.png", "x.png"]
    assert "Skipped 1 file: not an image" in result.stderr
    assert "README.txt" in result.stderr


def test_quiet_says_failures_only(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no image")
    (tmp_path / "README.txt").write_text("text")
    result = hilum("read", tmp_path, "--model", toy, "--no-gate", "--quiet")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_folder_without_an_image(hilum: Any, tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("text")
    result = hilum("read", tmp_path, "--out", tmp_path / "../readings")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"hilum: No image found in {tmp_path}: none of its 1 files")
    assert not (tmp_path / "../readings").exists()


def test_limits_are_settable(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "x.png", size=(24, 20))
    assert hilum("read", image, "--model", toy, "--no-gate", "--max-pixels", 480).exit_code == 0
    refused = hilum("read", image, "--model", toy, "--no-gate", "--max-pixels", 479)
    assert refused.exit_code == 1
    assert "24 x 20 pixels" in refused.stderr
    assert hilum("read", image, "--model", toy, "--no-gate", "--max-bytes", 20).exit_code == 1


def test_frame_is_passed_on(hilum: Any, toy: Path, tmp_path: Path) -> None:
    from PIL import Image

    pages = [Image.new("L", (20, 24), grey) for grey in (0, 255)]
    pages[0].save(tmp_path / "two.tiff", save_all=True, append_images=pages[1:])
    refused = hilum("read", tmp_path / "two.tiff", "--model", toy, "--no-gate")
    assert refused.exit_code == 1
    assert "--frame" in refused.stderr
    read = hilum("read", tmp_path / "two.tiff", "--model", toy, "--no-gate", "--frame", 2, "--json")
    assert json.loads(read.stdout)["findings"][0]["probability"] == pytest.approx(probability(255), abs=1e-5)


def test_several_models(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    from fabricate_bundle import ToyBundle, ToyNetwork

    other = ToyBundle(network=ToyNetwork.brightness(gain=0.0, bias=0.0), name="other").write(tmp_path / "other")
    image = write_png(tmp_path / "x.png")
    result = hilum("read", image, "--model", toy, "--no-gate", "--model", other.folder, "--json")
    assert [(each["model"], each["probability"] == 0.5) for each in json.loads(result.stdout)["findings"]] == [
        ("toy", False),
        ("other", True),
    ]


@pytest.mark.parametrize(
    ("options", "made"),
    [
        (["--json"], None),
        (["--json", "--heatmaps", "positive"], "occlusion"),
        (["--json", "--out", "readings"], "occlusion"),
        (["--json", "--out", "readings", "--heatmaps", "none"], None),
    ],
)
def test_a_heatmap_that_is_slow_is_made_only_where_it_is_drawn_or_asked_for(
    options: list[str], made: str | None, hilum: Any, write_png: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fabricate_bundle import ToyBundle
    from hilum.bundle.card import HeatmapSpec, OcclusionSpec

    spec = HeatmapSpec(method="occlusion", occlusion=OcclusionSpec(cells=4, square=2))
    slow = ToyBundle(heatmap=spec, operating_point=0.01, name="slow").write(tmp_path / "slow")
    image = write_png(tmp_path / "x.png", grey=200)
    monkeypatch.chdir(tmp_path)
    result = hilum("read", image, "--model", slow.folder, "--no-gate", *options)
    assert result.exit_code == 0, result.stderr
    (found,) = lines(result.stdout)
    assert [one["heatmap"] for one in found["findings"]] == [made]
    assert ("heatmap" in [step["step"] for step in found["trail"]]) == (made is not None)
    Draft202012Validator(reading_schema()).validate(found)


@pytest.mark.parametrize(
    "arguments",
    [
        ["read"],
        ["read", "x.png", "--resume"],
        ["read", "-", "x.png"],
        ["read", "x.png", "--jobs", "0"],
        ["read", "x.png", "--frame", "0"],
        ["read", "x.png", "--heatmaps", "some"],
        ["read", "x.png", "--engine", "abacus"],
        ["read", "x.png", "--nonsense"],
        ["reed"],
    ],
)
def test_wrong_usage_is_two(hilum: Any, arguments: list[str]) -> None:
    result = hilum(*arguments)
    assert result.exit_code == 2
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr


def test_model_that_is_not_there_is_one_line(hilum: Any, tmp_path: Path) -> None:
    for model in ("no-such-model", tmp_path / "absent"):
        result = hilum("read", tmp_path / "x.png", "--model", model)
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith("hilum: ")


def test_anonymous_results_hold_no_dicom_objects(hilum: Any, tmp_path: Path) -> None:
    result = hilum("read", tmp_path / "a.dcm", "--out", tmp_path / "out", "--anonymous", "--format", "dicom")
    assert result.exit_code == 2
    assert "leave --format out" in result.stderr


def test_a_name_that_is_too_long_is_one_line_and_the_rest_is_read(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    image = write_png(tmp_path / "a.png", grey=250)
    result = hilum("read", "a" * 300, image, "--json", "--model", toy, "--no-gate")
    assert result.exit_code == 1
    assert [line for line in result.stderr.splitlines() if "a" * 300 in line] == [
        f"hilum: {'a' * 300}: cannot be read (file name too long). Check the path and its permissions"
    ]
    assert str(image) in result.stdout


def test_a_model_whose_name_is_too_long_is_one_line(hilum: Any, tmp_path: Path, write_png: Any) -> None:
    result = hilum("read", write_png(tmp_path / "a.png"), "--model", f"models/{'m' * 300}")
    assert result.exit_code == 1
    assert result.stderr.startswith("hilum: There is no model in the folder")
