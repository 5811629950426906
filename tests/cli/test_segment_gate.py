"""`hilum segment` with a gate, and with what the user says of the pictures."""

import json

import numpy as np
import pytest
from PIL import Image

from fabricate_gate import VIEW_RULE, spec_with, write_gate
from hilum.cli.main import app
from hilum.errors import EngineError
from hilum.reading.gate.gate import NetworkGate
from segmented import RUNNER, segment


def test_what_is_no_chest_gets_no_lungs_and_says_so(scans, tmp_path, toy_lungs):
    """The gate that ships looks at phantoms: a chest is drawn, a hand and a grey picture are not."""
    assert RUNNER.invoke(app, ["phantom", str(tmp_path / "phantoms")]).exit_code == 0
    chest, hand = (tmp_path / "phantoms" / f"phantom-{name}.png" for name in ("chest-healthy", "hand"))
    out = tmp_path / "out"
    result = RUNNER.invoke(app, ["segment", *map(str, (chest, hand, scans / "one.png")), "--out", str(out)])
    assert result.exit_code == 1, result.output
    assert "1 mask to" in result.output
    assert "; 2 not a chest X-ray" in result.output
    (line,) = [line for line in result.output.splitlines() if "phantom-hand.png" in line]
    assert "not segmented, no chest X-ray by the gate: " in line
    assert {path.name for path in out.glob("*.mask.png")} == {"phantom-chest-healthy.png.mask.png"}
    failures = [json.loads(text)["relative_path"] for text in (out / "failures.jsonl").read_text().splitlines()]
    assert failures == ["phantom-hand.png", "one.png"]


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """Gives a toy gate, with some thresholds of its own and views that pictures look like, the place of the shipped."""

    def ship(*, looks=(0.0, 0.0, 0.0), **thresholds):
        spec = spec_with(view=VIEW_RULE, inverted_from=0.9, cropped_from=0.9, **thresholds)
        gate = write_gate(tmp_path / f"gate-{looks}-{len(thresholds)}", xray_type="chest", spec=spec, looks=looks)
        monkeypatch.setattr("hilum.cli.segment.shipped_gate", lambda: gate)

    return ship


def drawn_with_gate(scans, out, toy_lungs, *arguments):
    result = RUNNER.invoke(app, ["segment", *map(str, (scans, "--out", out, "--model", toy_lungs, *arguments))])
    assert result.exit_code == 0, result.output
    mask = np.asarray(Image.open(out / "day 1" / "two.png.mask.png"))
    return result.output, json.loads((out / "day 1" / "two.png.lungs.json").read_text()), set(np.unique(mask))


def test_a_file_on_which_the_gate_fails_is_one_line_and_the_rest_goes_on(
    scans, tmp_path, toy_lungs, judged, monkeypatch
):
    judged()
    judge, asked = NetworkGate.judge, []

    def failing_once(self, batch):
        asked.append(batch)
        if len(asked) == 1:
            raise EngineError("the network gave NaN")
        return judge(self, batch)

    monkeypatch.setattr(NetworkGate, "judge", failing_once)
    result = RUNNER.invoke(app, ["segment", *map(str, (scans, "--out", tmp_path / "out", "--model", toy_lungs))])
    assert result.exit_code == 1
    assert "the network gave NaN" in result.output
    assert len((tmp_path / "out" / "failures.jsonl").read_text().splitlines()) == 1
    assert len(asked) > 1
    assert len(list((tmp_path / "out").rglob("*.mask.png"))) == len(asked) - 1


def test_what_the_gate_sees_of_a_chest_is_believed_and_told(scans, tmp_path, toy_lungs, judged):
    judged()
    said, found, greys = drawn_with_gate(scans, tmp_path / "plain", toy_lungs)
    assert (found["trusted"], found["flags"], greys) == (True, [], {0, 128, 255})
    assert found["gate"]["model"]["name"] == "toy-gate"
    assert (found["gate"]["status"], found["gate"]["view"], found["gate"]["state"]) == ("accepted", None, [])
    judged(turned_from=0.2)  # every turn gets a quarter
    said, found, greys = drawn_with_gate(scans, tmp_path / "turned", toy_lungs)
    assert "(2 to check)" in said
    assert (found["trusted"], found["flags"], greys) == (False, ["turned"], {0, 192})
    assert found["areas_px"]["right"] is found["areas_px"]["left"] is None
    assert found["gate"]["state"] == ["turned 90"]
    assert any("turned by 90°" in warning for warning in found["warnings"])
    judged(looks=(0.0, 0.0, 3.0))
    said, found, greys = drawn_with_gate(scans, tmp_path / "lateral", toy_lungs, "--view", "PA")
    assert "(2 to check)" in said
    assert (found["trusted"], found["flags"], greys) == (False, ["lateral view"], {0, 192})
    assert found["gate"]["view"] == "lateral"
    assert any("you said view PA, but the picture looks lateral" in warning for warning in found["warnings"])


def test_an_age_that_the_user_says_is_believed_and_drawn_again(scans, tmp_path, toy_lungs, judged):
    judged()
    out = tmp_path / "out"
    assert drawn_with_gate(scans, out, toy_lungs)[1]["flags"] == []
    said, found, _ = drawn_with_gate(scans, out, toy_lungs, "--age", "6M", "--resume")
    assert "skipped" not in said
    assert (found["flags"], found["stated"]["age_years"]) == (["child"], 0.5)
    assert "2 skipped" in drawn_with_gate(scans, out, toy_lungs, "--age", "0.5", "--resume")[0]
    assert drawn_with_gate(scans, out, toy_lungs, "--age", "40", "--resume")[1]["flags"] == []


def test_a_table_of_patients_says_the_age_of_each_and_its_image_alone_is_drawn_again(
    scans, tmp_path, toy_lungs, judged
):
    judged()
    out = tmp_path / "out"
    (scans / "patients.csv").write_text("image,age\none.png,40\n")
    said, found, _ = drawn_with_gate(scans, out, toy_lungs)
    assert "tells of 1 of 2 images" in said
    assert "not used" not in said
    assert (found["flags"], found["stated"]["age_years"]) == ([], None)
    one = json.loads((out / "one.png.lungs.json").read_text())
    assert (one["stated"]["age_years"], "child" in one["flags"]) == (40, False)
    (scans / "patients.csv").write_text("image,age\none.png,40\nday 1/two.png,6M\n")
    said, found, _ = drawn_with_gate(scans, out, toy_lungs, "--resume")
    assert "1 skipped" in said
    assert (found["flags"], found["stated"]["age_years"]) == (["child"], 0.5)
    (tmp_path / "other.csv").write_text("image,age\ntwo.png,50\n")
    said, found, _ = drawn_with_gate(
        scans, out, toy_lungs, "--patients", tmp_path / "other.csv", "--age", "40", "--resume"
    )
    assert (found["flags"], found["stated"]["age_years"]) == ([], 50)
    assert "1 skipped" in said
    assert "a table of patients that is not used; name it with --patients" in said


def test_a_view_that_the_user_says_is_believed_and_drawn_again(scans, tmp_path, toy_lungs, judged):
    judged()
    out = tmp_path / "out"
    _, found, _ = drawn_with_gate(scans, out, toy_lungs)
    assert (found["trusted"], found["stated"]["view"]) == (True, "unknown")
    said, found, greys = drawn_with_gate(scans, out, toy_lungs, "--view", "ll", "--resume")
    assert "skipped" not in said
    assert (found["trusted"], found["stated"]["view"], greys) == (False, "LL", {0, 192})
    assert "2 skipped" in drawn_with_gate(scans, out, toy_lungs, "--view", "LL", "--resume")[0]
    assert "skipped" not in drawn_with_gate(scans, out, toy_lungs, "--view", "LL", "--resume", "--no-gate")[0]
    for option in (("--view", "sideways"), ("--age", "old")):
        assert segment(scans, "--out", tmp_path / "wrong", "--model", toy_lungs, *option).exit_code == 2
    assert not (tmp_path / "wrong").exists()
