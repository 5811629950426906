"""`hilum read --age` and its kin, a table of patients, and what a later run makes of other statements."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from fabricate_bundle import ToyBundle
from fabricate_gate import write_gate
from hilum.bundle.card import Scope

CHILDREN = Scope(xray_type="chest", age_years=(1.0, 5.99), views=("AP",), unknown_tolerated=("type", "view"))


@pytest.fixture
def children(tmp_path: Path) -> Path:
    """A model for children that never asks what the picture shows."""
    return ToyBundle(name="children", scope=CHILDREN).write(tmp_path / "children").folder


@pytest.fixture
def read(hilum: Any, children: Path) -> Any:
    """Runs `hilum read` with that model and gives exit code, JSON lines and standard error."""

    def run(*arguments: object) -> tuple[int, list[dict[str, Any]], str]:
        result = hilum("read", *arguments, "--model", children, "--no-gate", "--no-lungs", "--json")
        return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr

    return run


def decisions(readings: list[dict[str, Any]]) -> list[Any]:
    return [finding["positive"] for reading in readings for finding in reading["findings"]]


def test_without_an_age_nothing_is_decided_and_with_one_it_is(read: Any, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "x.png", grey=200)
    _, (unknown,), _ = read(image)
    assert unknown["findings"][0]["positive"] is None
    assert unknown["findings"][0]["not_decided"]["code"] == "age unknown"
    assert unknown["findings"][0]["boxes"] == []
    code, (told,), _ = read(image, "--age", "3", "--view", "ap", "--sex", "f")
    assert code == 0
    assert told["findings"][0]["positive"] is True
    assert told["findings"][0]["in_scope"] is None, "nobody looked at what it shows"
    assert told["patient"] == {"age_years": None, "sex": "unknown"}
    assert told["stated"] == {"age_years": 3.0, "sex": "F", "view": "AP", "type": None, "assume_scope": False}
    assert decisions(read(image, "--age", "40")[1]) == [None]
    assert decisions(read(image, "--assume-scope")[1]) == [True]
    assert decisions(read(image, "--assume-scope", "--view", "PA")[1]) == [None]


@pytest.mark.parametrize(
    ("age", "decides"), [(["--age", "40"], {"adults"}), (["--age", "3", "--view", "AP"], {"children"}), ([], set())]
)
def test_an_adult_is_read_by_the_adults_model_a_child_by_the_childs_and_an_unknown_age_by_none(
    hilum: Any, children: Path, write_png: Any, tmp_path: Path, age: list[str], decides: set[str]
) -> None:
    frontal = Scope(xray_type="chest", age_years=(16.0, 120.0), views=("PA", "AP"), unknown_tolerated=("type", "view"))
    adults = ToyBundle(name="adults", scope=frontal).write(tmp_path / "adults").folder
    image = write_png(tmp_path / "x.png", grey=200)
    models = ("--model", children, "--model", adults, "--no-gate", "--no-lungs", "--json")
    result = hilum("read", image, *age, *models)
    assert result.exit_code == 0
    reading = json.loads(result.stdout)
    assert {one["model"] for one in reading["findings"] if one["positive"] is not None} == decides
    asked = {one["model"] for one in reading["findings"]}
    assert asked == (decides or {"adults", "children"}), "the other model was not asked"
    if not decides:
        assert {one["not_decided"]["code"] for one in reading["findings"]} == {"age unknown"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--age", "old"], "Write it like 40, 45Y, 6M"),
        (["--sex", "girl"], "Use F, M or O"),
        (["--view", "sideways"], "Use PA, AP, LL (any lateral), oblique, decubitus or other"),
        (["--read-inverted"], "--read-inverted needs the gate"),
    ],
)
def test_what_is_not_understood_is_wrong_usage(
    read: Any, write_png: Any, tmp_path: Path, arguments: list[str], says: str
) -> None:
    code, readings, said = read(write_png(tmp_path / "x.png"), *arguments)
    assert (code, readings) == (2, [])
    assert says in said
    assert len(said.splitlines()) == 1


def test_a_table_in_the_folder_says_it_of_each_image(read: Any, write_png: Any, tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    for name in ("a.png", "b.png", "c.png"):
        write_png(scans / name, grey=200)
    (scans / "patients.csv").write_text("image,age,ward\na.png,3,x\nb.png,40,y\ngone.png,4,z\n")
    code, readings, said = read(scans)
    assert code == 0
    assert decisions(readings) == [True, None, None]
    assert [reading["stated"]["age_years"] for reading in readings] == [3.0, 40.0, None]
    codes = [reading["findings"][0]["not_decided"] for reading in readings]
    assert [one and one["code"] for one in codes] == [None, "age outside", "age unknown"]
    assert "tells of 2 of 3 images" in said
    assert "columns not used: ward" in said
    assert "Skipped" not in said
    assert "1 row names no image that is read here, such as line 4, gone.png" in said
    # a row goes before the option, which fills what no row says
    assert decisions(read(scans, "--age", "4")[1]) == [True, None, True]


@pytest.mark.parametrize(("cell", "decided"), [("no", None), ("yes", True), ("", True)])
def test_a_row_that_forbids_to_assume_goes_before_the_option_that_allows_it(
    read: Any, write_png: Any, tmp_path: Path, cell: str, decided: bool | None
) -> None:
    write_png(tmp_path / "scans" / "a.png", grey=200)
    (tmp_path / "scans" / "patients.csv").write_text(f"image,assume_scope\na.png,{cell}\n")
    code, (reading,), _ = read(tmp_path / "scans", "--assume-scope")
    assert code == 0
    assert reading["stated"]["assume_scope"] is (decided is True)
    assert decisions([reading]) == [decided]


@pytest.mark.parametrize("named", ["../scans", "../scans/../scans/a.png"])
@pytest.mark.parametrize("table", [(), ("--patients", "../scans/patients.csv")])
def test_a_table_that_was_used_is_never_told_as_one_that_was_not(
    hilum: Any,
    children: Path,
    write_png: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: str,
    table: tuple[str, ...],
) -> None:
    write_png(tmp_path / "scans" / "a.png", grey=200)
    (tmp_path / "scans" / "patients.csv").write_text("image,age\na.png,3\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    result = hilum("read", named, *table, "--model", children, "--no-gate", "--no-lungs", "--out", "out")
    assert result.exit_code == 0, result.stderr
    assert "tells of 1 of 1 image" in result.stderr
    assert "Skipped" not in result.stderr
    assert (tmp_path / "here" / "out" / "skipped.jsonl").read_text() == ""


def test_a_table_elsewhere_is_named_and_a_bad_one_reads_nothing(read: Any, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "scans" / "a.png", grey=200)
    elsewhere = tmp_path / "other" / "ages.csv"
    elsewhere.parent.mkdir()
    elsewhere.write_text("file;age\na.png;2,5\n")
    code, readings, said = read(image, "--patients", elsewhere)
    assert (code, readings) == (2, [])
    assert f"{elsewhere}, line 2: Not an age" in said
    elsewhere.write_text("file;age\na.png;2.5\n")
    assert decisions(read(image, "--patients", elsewhere)[1]) == [True]


def test_a_later_run_reads_again_what_is_said_otherwise(
    hilum: Any, children: Path, write_png: Any, tmp_path: Path
) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    for name in ("a.png", "b.png"):
        write_png(scans / name, grey=200)
    patients = scans / "patients.csv"

    def run(*arguments: object) -> dict[str, Any]:
        common = ("--model", children, "--no-gate", "--no-lungs", "--out", out, "--resume")
        result = hilum("read", scans, *common, *arguments)
        assert result.exit_code == 0, result.stderr
        lines = [json.loads(line) for line in (out / "readings.jsonl").read_text().splitlines()]
        found = {line["relative_path"]: line["findings"][0]["positive"] for line in lines}
        return {"skipped": "skipped, read before" in result.stdout, "found": found, "text": result.stdout}

    first = run()
    assert first["found"] == {"a.png": None, "b.png": None}
    assert "2  not decided" in first["text"]
    assert "positive finding" not in first["text"]
    patients.write_text("image,age\na.png,3\n")
    second = run()
    assert second["found"] == {"a.png": True, "b.png": None}
    assert "1  read" in second["text"]
    assert "1  skipped, read before" in second["text"]
    assert "2  skipped, read before" in run()["text"]
    assert run("--age", "3")["found"] == {"a.png": True, "b.png": True}
    rows = list(csv.DictReader((out / "readings.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["result"] for row in rows] == ["flagged", "flagged"]


def test_the_user_names_the_type_and_the_reading_says_so(hilum: Any, write_png: Any, tmp_path: Path) -> None:
    models = tmp_path / "models"
    write_gate(models / "gate", xray_type="hand")
    scope = Scope(xray_type="chest", age_years=None, views=None)
    ToyBundle(name="chest", scope=scope).write(models / "chest")
    image = write_png(tmp_path / "x.png", grey=0)
    arguments = ("read", image, "--model", models / "chest", "--model", models / "gate", "--json")
    assert json.loads(hilum(*arguments).stdout)["findings"] == []
    forced = json.loads(hilum(*arguments, "--force-type", "chest").stdout)
    assert forced["stated"]["type"] == "chest"
    assert forced["gate"]["status"] == "refused"
    # the toy gate calls every picture inverted and cropped, whatever it shows
    assert forced["findings"][0]["not_decided"]["code"] == "inverted"
    ungated = json.loads(hilum("read", image, "--model", models / "chest", "--no-gate", "--json").stdout)
    assert ungated["findings"][0]["not_decided"]["code"] == "type unknown"
    told = ("read", image, "--model", models / "chest", "--no-gate", "--force-type", "chest", "--json")
    assert json.loads(hilum(*told).stdout)["findings"][0]["positive"] is False
