"""`hilum read --anonymous` and `--no-images`: what can be given away."""

import hashlib
import json
import os
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fabricate_dicom import dicom_bytes


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_anonymous_results_name_no_file_and_go_on_as_others_do(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    write_png(scans / "Clements" / "anna.png")
    (scans / "Clements" / "broken.png").write_text("no image")
    (scans / "Clements" / "Clements.txt").write_text("text")
    (scans / "patients.csv").write_text("image,age\nClements/anna.png,3\n")
    words = ("read", scans, "--out", out, "--model", toy, "--no-gate", "--anonymous")
    assert hilum(*words).exit_code == 1
    written = [path for path in out.rglob("*") if path.is_file()]
    assert len(written) > 5
    for path in written:
        told = path.relative_to(out).as_posix().encode() + path.read_bytes()
        assert not any(word in told for word in (b"lements", b"anna", str(scans).encode())), path
    (reading, failure) = lines(out / "readings.jsonl")
    assert reading["stated"]["age_years"] == 3
    assert reading["source"]["name"].startswith("image-")
    assert failure["error"]["kind"] == "decode"
    again = hilum(*words, "--resume")
    assert "1  skipped, read before" in again.stdout
    named = hilum("read", scans, "--out", out, "--model", toy, "--no-gate")
    assert named.exit_code == 2
    assert "holds anonymous results; name another folder" in named.stderr
    assert not any("anna" in path.name for path in out.rglob("*"))


def test_no_names_are_kept_beside_whatever_the_files_are_called(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    words = ("read", write_png(tmp_path / "Clements" / "image-0001.png"), "--out", tmp_path / "out", "--model", toy)
    assert hilum(*words, "--no-gate").exit_code == 0
    refused = hilum(*words, "--no-gate", "--anonymous")
    assert refused.exit_code == 2
    assert "empty folder" in refused.stderr


def test_standard_input_is_named_by_its_bytes_and_read(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    data = write_png(tmp_path / "x.png").read_bytes()
    words = ("read", "-", "--model", toy, "--no-gate", "--anonymous")
    name = f"image-{hashlib.sha256(data).hexdigest()[:12]}"
    result = hilum(*words, "--json", stdin=data)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["source"]["name"] == name
    assert hilum(*words, "--out", tmp_path / "out", stdin=data).exit_code == 0
    assert [line["relative_path"] for line in lines(tmp_path / "out" / "readings.jsonl")] == [name]
    again = hilum(*words, "--out", tmp_path / "out", "--resume", stdin=data)
    assert "1  skipped, read before" in again.stdout


def test_a_pipe_is_named_by_its_bytes_and_read(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    data, pipe = write_png(tmp_path / "x.png").read_bytes(), tmp_path / "anna"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    result = hilum("read", pipe, "--model", toy, "--no-gate", "--json", "--anonymous")
    writer.join()
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["source"]["name"] == f"image-{hashlib.sha256(data).hexdigest()[:12]}"


def test_a_file_that_changes_between_its_name_and_its_reading_fails_under_its_neutral_name(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = write_png(tmp_path / "anna.png")
    monkeypatch.setattr("hilum.output.neutral_files.sha256_of", lambda _: "0" * 64)
    result = hilum("read", image, "--model", toy, "--no-gate", "--json", "--anonymous")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"] == {
        "kind": "file",
        "message": f"image-{'0' * 12}: changed while it was read. Read it again",
    }


@pytest.mark.parametrize("stated", [(), ("--age", "96"), ("--age", "1170M", "--assume-scope")])
def test_no_age_above_ninety_leaves_in_any_text(hilum: Any, tmp_path: Path, stated: tuple[str, ...]) -> None:
    """Models for children and adults, the ratio of heart and thorax, warnings and trail all tell of the age."""
    scans, out = tmp_path / "scans", tmp_path / "out"
    scans.mkdir()
    pixels = np.tile(np.linspace(0, 4000, 96, dtype=np.uint16), (80, 1))
    for name, age in (("old.dcm", "097Y"), ("less.dcm", "091Y")):
        (scans / name).write_bytes(dicom_bytes(pixels, bits=12, PatientAge=age))
    words = ("read", scans, "--out", out, "--force-type", "chest", "--anonymous", *stated)
    result = hilum(*words)
    assert result.exit_code == 0, result.stderr
    told = re.compile(r"\b9[1-9](?:\.\d+)? years|age 9[1-9]|age_years\W+9[1-9]")
    written = [path for path in out.rglob("*") if path.suffix in {".csv", ".html", ".json", ".jsonl"}]
    assert len(written) == 9
    texts = [result.stdout, result.stderr, *(path.read_text(encoding="utf-8") for path in written)]
    assert [told.findall(text) for text in texts] == [[]] * len(texts)
    readings = lines(out / "readings.jsonl")
    assert [one["patient"]["age_years"] for one in readings] == [90, 90]
    assert all("the patient is 90 years old" in json.dumps(one) for one in readings)
    assert "2  skipped, read before" in hilum(*words, "--resume").stdout


def test_no_images_writes_numbers_alone_and_removes_the_pictures_of_before(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    write_png(scans / "a.png")
    words = ("read", scans, "--out", out, "--model", toy, "--no-gate")

    def shown() -> set[str]:
        pictures = {".html", ".jpg", ".png"}
        return {path.name for path in out.rglob("*") if path.suffix in pictures and path.name != "index.html"}

    assert hilum(*words).exit_code == 0
    assert shown() == {"a.png.html", "a.png.overlay.jpg", "a.png.png"}
    without = hilum(*words, "--no-images", "--resume")
    assert "1  read" in without.stdout, "what holds pictures is read again"
    assert shown() == set()
    assert (out / "a.png.json").is_file()
    assert "a.png.html" not in (out / "index.html").read_text()
    assert "a.png" in (out / "readings.csv").read_text()
    assert "1  skipped, read before" in hilum(*words, "--no-images", "--resume").stdout
    assert "1  read" in hilum(*words, "--resume").stdout
    assert shown() == {"a.png.html", "a.png.overlay.jpg", "a.png.png"}
    refused = hilum(*words, "--no-images", "--format", "dicom")
    assert refused.exit_code == 2
    assert "leave --format out" in refused.stderr


def test_where_no_picture_is_written_nothing_is_said_of_burned_in_text(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    write_png(tmp_path / "scans" / "a.png")
    words = ("read", tmp_path / "scans", "--model", toy, "--no-gate", "--anonymous")
    (told,) = hilum(*words, "--json").stdout.splitlines()
    assert "burned-in" not in told
    assert hilum(*words, "--out", tmp_path / "numbers", "--no-images").exit_code == 0
    assert "burned-in" not in (tmp_path / "numbers" / "readings.jsonl").read_text()
    assert hilum(*words, "--out", tmp_path / "pictures").exit_code == 0
    assert "burned-in" in (tmp_path / "pictures" / "readings.jsonl").read_text()
