"""A batch writes outputs before their line, and one file's trouble is that file's alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hilum.geometry import Box
from hilum.output.batch import without_clashes, write_batch
from hilum.output.folder import OutputFolder
from hilum.output.from_json import result_of
from hilum.output.index import write_index
from hilum.output.inputs import InputFile
from hilum.output.journal import Journal, records
from hilum.output.render import RenderSettings
from hilum.output.resume import already_read
from hilum.radiograph import Patient, Radiograph, Source, TrailStep
from hilum.reading_result import (
    CardiothoracicRatio,
    Examination,
    FailedReading,
    Finding,
    GateVerdict,
    LungCrop,
    LungVerdict,
    MemberFinding,
    ModelRef,
    NotDecided,
    RatioWithheld,
    Reading,
    StoodAside,
    TypeVerdict,
    Width,
)
from hilum.report.reading_json import reading_to_json
from hilum.stated import NOTHING_STATED, Stated

SETTINGS = RenderSettings((), every_heatmap=False)
STATED = Stated(age_years=4.0, sex="F", view="AP", xray_type="chest", assume_scope=True)


def examination(name: str, *, sha256: str = "0" * 64, frame: int | None = None, logit: float = 1.0) -> Examination:
    source = Source(name, sha256, "PNG", 6, 8, frame, (0.5, 0.25), "1.2", "1.3")
    reading = Reading(
        source=source,
        patient=Patient(3.5, "F"),
        view="PA",
        laterality="unknown",
        gate=GateVerdict(
            "unsure", "why", 0.75, TypeVerdict("chest", 0.5, {"chest": 0.5, "hand": 0.25}), ("a", "b"), ("inverted",)
        ),
        findings=(
            Finding("m", "Pneumonia", logit, 0.75, 0.5, True, None, (Box(1, 2, 3, 4),), 0.25, ("view",)),
            Finding("m", "Mass", 0.0, 0.5, 0.5, None, None, not_decided=NotDecided("age unknown", "no age")),
        ),
        models=(ModelRef("m", "1", "1" * 64),),
        trail=(TrailStep("decode", "PNG"),),
        warnings=("careful",),
        timings_ms={"total": 1.5},
        hilum_version="0",
        settings_sha256="2" * 64,
        lungs=LungVerdict(
            Box(0, 1, 7, 5), False, 0.5, 0.375, 0.25, 0.125, ("one region",), "why", ModelRef("l", "1", "3" * 64)
        ),
        crops=(LungCrop("m", Box(0, 1, 7, 5)),),
        stated=STATED,
        stood_aside=(StoodAside("other", NotDecided("age outside", "too old")),),
        read_inverted=True,
    )
    return Examination(reading, Radiograph(np.zeros((6, 8), np.float32), source))


def failed(name: str) -> FailedReading:
    return FailedReading(name, "decode", "no image", "0", "2" * 64, frame=2)


def run(path: Path, results: dict[str, Any], *, replacing: tuple[str, ...] = ()) -> list[Any]:
    files = [InputFile(f"in/{relative}", relative) for relative in results]
    with OutputFolder(path) as folder:
        journal = Journal(path, replacing=replacing or tuple(results))
        done = list(
            write_batch(iter(results.values()), files=files, folder=folder, journal=journal, settings=SETTINGS, jobs=2)
        )
        journal.close()
    return done


def test_order_outputs_and_journal(tmp_path: Path) -> None:
    results = {f"{i}.png": examination(f"in/{i}.png") for i in range(9)}
    results["3.png"] = failed("in/3.png")
    done = run(tmp_path, results)
    assert [(each.name if isinstance(each, FailedReading) else each.source.name) for each in done] == [
        f"in/{i}.png" for i in range(9)
    ]
    found = list(records(tmp_path))
    assert [record["relative_path"] for record in found] == list(results)
    assert found[0] == {**reading_to_json(results["0.png"].reading), "relative_path": "0.png"}
    assert json.loads((tmp_path / "0.png.json").read_text()) == reading_to_json(results["0.png"].reading)
    assert not (tmp_path / "3.png.json").exists()


def test_failure_removes_the_outputs_of_an_earlier_reading(tmp_path: Path) -> None:
    run(tmp_path, {"a.png": examination("in/a.png")})
    assert (tmp_path / "a.png.html").exists()
    run(tmp_path, {"a.png": failed("in/a.png")})
    assert [path.name for path in tmp_path.glob("a.png*")] == ["a.png.html"]
    page = (tmp_path / "a.png.html").read_text(encoding="utf-8")
    assert "This file could not be read" in page
    assert failed("in/a.png").message in page
    assert [record["error"]["kind"] for record in records(tmp_path)] == ["decode"]


def test_defect_met_while_rendering_is_that_files_failure(tmp_path: Path) -> None:
    broken = examination("in/b.png")
    broken = replace(broken, reading=replace(broken.reading, view="sideways"))  # type: ignore[arg-type]
    done = run(tmp_path, {"a.png": examination("in/a.png"), "b.png": broken, "c.png": examination("in/c.png")})
    assert [type(each) for each in done] == [Reading, FailedReading, Reading]
    assert done[1].kind == "internal"
    assert done[1].message.startswith("a defect of hilum: KeyError: 'sideways' at ")
    assert "\n" not in done[1].message
    assert [path.name for path in tmp_path.glob("b.png*")] == ["b.png.html"]


def test_number_that_is_no_number_is_that_files_failure(tmp_path: Path) -> None:
    (done,) = run(tmp_path, {"a.png": examination("in/a.png", logit=float("nan"))})
    assert (done.kind, "finite" in done.message) == ("engine", True)


def test_a_failure_to_write_a_neutral_reading_does_not_name_its_file(tmp_path: Path) -> None:
    (done,) = run(tmp_path, {"image-0": examination("image-0", logit=float("nan"), frame=3)})
    assert (done.name, done.frame) == ("image-0", 3)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 1
    assert not any(b"in/image-0" in path.read_bytes() for path in written)


def test_output_that_cannot_have_its_name_is_that_files_failure(tmp_path: Path) -> None:
    (tmp_path / "a.png.json" / "x").mkdir(parents=True)
    long = "x" * 245  # with .overlay.jpg it is longer than any file system takes
    done = run(tmp_path, {"a.png": examination("in/a.png"), long: examination("in/l"), "c.png": examination("in/c")})
    assert [getattr(each, "kind", None) for each in done] == ["output", "output", None]
    assert [path.name for path in tmp_path.glob("xxx*")] == [f"{long}.html"], "it says what went wrong"


def test_results_that_do_not_match_the_files_are_refused(tmp_path: Path) -> None:
    with OutputFolder(tmp_path) as folder:
        journal = Journal(tmp_path, replacing=())
        with pytest.raises(ValueError, match="zip"):
            list(
                write_batch([], files=[InputFile("a", "a")], folder=folder, journal=journal, settings=SETTINGS, jobs=1)
            )
        journal.close()


def test_clashing_files_are_failures_before_anything_is_read() -> None:
    files = (InputFile("in/index", "index"), InputFile("in/a.png", "a.png"))
    kept, clashing = without_clashes(files, settings_sha256="2" * 64)
    assert kept == files[1:]
    ((file, found),) = clashing
    assert (file, found.kind, found.settings_sha256) == (files[0], "output", "2" * 64)


@pytest.mark.parametrize("result", [examination("in/a.png", frame=3).reading, failed("x")])
def test_record_leads_back_to_its_result(tmp_path: Path, result: Any) -> None:
    given = examination("in/a.png", frame=3) if isinstance(result, Reading) else result
    run(tmp_path, {"a.png": given})
    (record,) = records(tmp_path)
    assert result_of(record) == result


@pytest.mark.parametrize(
    "ratio",
    [
        CardiothoracicRatio(0.5, Width(1.5, 3.5, 4.0, 2.5), Width(1.0, 5.0, 3.25), 0.02, 0.05, ("no age",)),
        CardiothoracicRatio(0.5, Width(1.5, 3.5, 4.0, 2.5), Width(1.0, 5.0, 3.25, 5.0)),
        RatioWithheld("child", "the patient is 5 years old"),
    ],
)
def test_record_leads_back_to_its_heart_and_ratio(tmp_path: Path, ratio: CardiothoracicRatio | RatioWithheld) -> None:
    given = examination("in/a.png")
    assert given.reading.lungs is not None
    lungs = replace(given.reading.lungs, definition="field", heart_share=0.125)
    reading = replace(given.reading, cardiothoracic_ratio=ratio, lungs=lungs)
    run(tmp_path, {"a.png": replace(given, reading=reading)})
    (record,) = records(tmp_path)
    assert result_of(record) == reading


def test_record_leads_back_to_what_each_network_of_a_mean_said(tmp_path: Path) -> None:
    given = examination("in/a.png")
    (finding, *others) = given.reading.findings
    said = (MemberFinding("first", 1.0, 0.75, True), MemberFinding("second", -1.0, 0.25, None))
    reading = replace(given.reading, findings=(replace(finding, members=said), *others))
    run(tmp_path, {"a.png": replace(given, reading=reading)})
    (record,) = records(tmp_path)
    assert result_of(record) == reading
    for one in record["findings"]:
        del one["members"], one["members_disagree"]
    assert result_of(record) == given.reading, "as an older hilum wrote it"


def test_a_record_of_an_older_hilum_has_no_ratio_and_whole_lungs(tmp_path: Path) -> None:
    run(tmp_path, {"a.png": examination("in/a.png")})
    (record,) = records(tmp_path)
    del record["cardiothoracic_ratio"], record["lungs"]["definition"], record["lungs"]["area_shares"]["heart"]
    assert result_of(record) == examination("in/a.png").reading


def test_index_names_every_file_also_of_earlier_runs(tmp_path: Path) -> None:
    run(tmp_path, {"b/c.png": examination("in/b/c.png"), "z.png": failed("in/z.png")})
    run(tmp_path, {"a.png": examination("in/a.png")})
    write_index(tmp_path)
    page = (tmp_path / "index.html").read_text()
    places = [page.index(text) for text in ("./a.png.html", "./b/c.png.html", "no image")]
    assert places == sorted(places)


def test_already_read_asks_for_bytes_settings_frame_and_outputs(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    image = tmp_path / "in" / "a.png"
    image.write_bytes(b"bytes")
    sha256 = "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9"
    out = tmp_path / "out"
    run(out, {"a.png": examination("in/a.png", sha256=sha256), "b.png": failed("in/b.png")})
    files = (InputFile(str(image), "a.png"), InputFile(str(image), "b.png"), InputFile(str(image), "new.png"))

    def found(*, settings_sha256: str = "2" * 64, frame: int | None = None, stated: Stated = STATED) -> frozenset[str]:
        with OutputFolder(out) as folder:
            return already_read(
                files, folder=folder, settings_sha256=settings_sha256, frame=frame, stated=lambda _: stated
            )

    assert found() == found(frame=1) == {"a.png"}
    assert found(settings_sha256="3" * 64) == found(frame=2) == frozenset()
    assert found(stated=NOTHING_STATED) == found(stated=replace(STATED, age_years=5.0)) == frozenset()
    (out / "a.png.html").unlink()
    assert found() == frozenset()
    (out / "a.png.html").touch()
    assert found() == {"a.png"}
    image.write_bytes(b"other")
    assert found() == frozenset()
