import json
from dataclasses import replace

import pytest

from fabricate_kermany import fabricate_kermany
from hilum.errors import UsageError
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.systems.pneumonia.shift import run_study
from hilum.systems.pneumonia.shift.arms import shift_arms
from hilum.systems.pneumonia.shift.run_study import ShiftOptions, study_shift
from hilum.training.records.provenance import Provenance
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_record import begin_run, make_record
from hilum.training.run_study import ArmSettings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return fabricate_kermany(tmp_path_factory.mktemp("release") / "chest_xray", train=40, test=3)


def asked(release, out, **more):
    more = {"weights": "random", "smoke": True, "cache": out.parent / "cache"} | more
    return StudyRequest(name="pneumonia-shift", data=(("kermany", release),), out=out, **more)


@pytest.fixture(scope="module")
def out(release, tmp_path_factory):
    out = tmp_path_factory.mktemp("study") / "out"
    study_shift(request=asked(release, out), own=ShiftOptions(arms="today,sampled,kinds"))
    return out


def test_arms_are_trained_read_and_put_into_one_table(out):
    content = json.loads((out / "study.json").read_text())
    assert content["smoke"] is True
    assert list(content["arms"]) == ["today", "sampled", "kinds"]
    assert content["split_sha256"] == json.loads((out / "split.json").read_text())["sha256"]
    for part in ("shifted", "plain"):
        assert list(content["sections"][part]["picture"]) == ["today", "sampled", "kinds"]
        predictions = read_predictions(out / "predictions" / f"kinds-{part}.parquet")
        assert predictions.n == content["sections"][part]["n"]
        assert set(predictions.split) == {part}
    assert "soft" in content["sections"]
    page = (out / "study.html").read_text()
    assert "draws balanced by sharpness" in page
    assert "Test run only" in page
    assert "IM-00" not in page, "no image is named"


def test_an_arm_can_be_added_and_none_is_trained_twice(release, out):
    kept = {path: path.stat().st_mtime_ns for path in out.glob("*/readings.npz")}
    assert len(kept) == 3
    study_shift(request=asked(release, out), own=ShiftOptions(arms="today,matched"))
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert list(json.loads((out / "study.json").read_text())["arms"]) == ["today", "matched", "sampled", "kinds"]
    assert list((out / "matched" / "softened").glob("*.png"))


def test_a_pupil_without_its_teachers_is_refused(release, out):
    with pytest.raises(UsageError, match="--arms lungs-fine,lungs-alone,lungs-alone-matched,distilled"):
        study_shift(request=asked(release, out), own=ShiftOptions(arms="distilled"))


def test_a_pupil_learns_what_its_teachers_say(release, out, monkeypatch):
    """Teachers that need no lungs, which these pictures lack."""

    def with_pupil(start, *, starts):
        arms = shift_arms(start, starts=starts)
        teachers = (arms["today"], arms["sampled"])
        return {**arms, "distilled": replace(arms["distilled"], recipe=arms["today"].recipe, teachers=teachers)}

    monkeypatch.setattr(run_study, "shift_arms", with_pupil)
    study_shift(request=asked(release, out), own=ShiftOptions(arms="distilled"))
    assert list(json.loads((out / "study.json").read_text())["arms"])[-1] == "distilled"
    told = json.loads((out / "distilled" / "run.json").read_text())["settings"]
    assert told["arm.taught_by.sampled.stages.train.sampler.kind"] == "SharpnessBalanced"


def test_tables_alone_are_made_without_training(release, out):
    before = (out / "study.json").read_bytes()
    (out / "study.json").unlink()
    study_shift(request=asked(release, out, tables_only=True))
    assert json.loads((out / "study.json").read_bytes())["sections"] == json.loads(before)["sections"]


def test_a_folder_of_another_run_is_refused_before_anything_is_trained(release, out):
    before = content(out)
    with pytest.raises(UsageError, match="holds another run: its smoke is True, here False"):
        study_shift(request=asked(release, out, smoke=False), own=ShiftOptions(arms="weak"))
    assert content(out) == before


def test_a_folder_of_another_study_is_refused_and_left_as_it_is(release, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    settings = ArmSettings(name="pneumonia", seed=4, folds=5, arms={})
    provenance = Provenance(command="hilum study pneumonia", commit=None, dirty=None)
    begin_run(out, record=make_record(settings, records=[], provenance=provenance, protocol="folds"))
    (out / "study.json").write_text("{}")
    before = content(out)
    with pytest.raises(UsageError, match="its recipe is pneumonia, here pneumonia-shift"):
        study_shift(request=asked(release, out), own=ShiftOptions(arms="today"))
    (out / "run.json").unlink()
    with pytest.raises(UsageError, match=r"holds study.json and no run.json that says what made it"):
        study_shift(request=asked(release, out), own=ShiftOptions(arms="today"))
    assert content(out) == {"study.json": before["study.json"]}


def test_other_lungs_than_those_of_the_folder_are_refused(release, out, monkeypatch):
    before, named = content(out), run_study.named_bundle
    monkeypatch.setattr(
        run_study, "named_bundle", lambda name, *, local: replace(named(name, local=local), sha256="other")
    )
    with pytest.raises(UsageError, match=r"holds another run: its lungs_sha256 is .*, here other"):
        study_shift(request=asked(release, out), own=ShiftOptions(arms="weak"))
    assert content(out) == before


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_without_an_arm_there_is_nothing_to_tabulate(release, tmp_path):
    with pytest.raises(UsageError, match="there is no arm in"):
        study_shift(request=asked(release, tmp_path / "empty", tables_only=True))
    assert not (tmp_path / "empty").exists()
