import json
from dataclasses import replace

import numpy as np
import pytest

from fabricate_bundle import ToyBundle
from fabricate_gate import spec_with, write_gate
from fabricate_own_images import LABELS, fabricate_own_images, toy_network
from hilum.bundle.load import TRAINING_IMAGES, load_bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.bundle.seen_images import SeenImages, no_hashes, seen_images_bytes, seen_images_of
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import BundleError, DataError, UsageError
from hilum.evaluation.calibrating.calibrate import CalibrationSettings, calibrate
from hilum.evaluation.calibrating.own_images import OUTSIDE_BY_GATE
from hilum.evaluation.calibrating.rule import PointRule
from hilum.reading.reader import Reader
from hilum.stated import Stated

OURS = CalibrationSettings(called="St. Elsewhere 2025", by="Radiology", gate=False)  # the pictures are no chests
ADULT = Stated(age_years=50.0, view="PA", xray_type="chest")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return fabricate_own_images(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def records(own):
    return read_own_table(own.data)


@pytest.fixture(scope="module")
def made(own, records, tmp_path_factory):
    return calibrate(own.bundle, records=records, folder=tmp_path_factory.mktemp("models") / "ours", settings=OURS)


def test_the_network_is_the_same_bytes_and_the_card_says_on_what(own, made, records):
    bundle, card = made.bundle, made.bundle.card
    assert bundle == load_bundle(bundle.folder)
    assert bundle.read("model.onnx") == own.bundle.read("model.onnx")
    assert (card.name, card.version) == ("toy-calibrated", "1.0.0+calibrated.1")
    on = card.calibrated_on
    assert (on.images, on.patients, on.labels, on.by) == (160, 80, LABELS, "Radiology")
    assert on.data == ("St. Elsewhere 2025: 160 images of 80 patients, read as table",)
    assert (on.from_name, on.from_version, on.from_sha256) == ("toy", "1.0.0", own.bundle.sha256)
    label = card.labels[0]
    assert label.operating_point_rule == (
        f"greatest Youden index on 160 images of 80 patients of St. Elsewhere 2025 (SHA-256 {on.data_sha256[:12]}…), "
        f"fitted {on.date}"
    )
    assert label.results[0].n == 160
    assert card.labels[1].results[0].n == sum(record.labels["Nodule"] in (0.0, 1.0) for record in records)
    assert "toy does not name its training images" in made.cautions[0]
    assert made.cautions[0] in card.limits
    assert [path.name for path in bundle.folder.parent.iterdir()] == ["ours"], "nothing else is left behind"


def test_the_new_bundle_decides_where_the_old_one_did_not(own, made, records):
    before, after = Reader(models=[own.bundle]), Reader(models=[made.bundle])
    right = []
    for record in records[:40]:
        old, new = (reader.read(record.path, stated=ADULT).findings[0] for reader in (before, after))
        assert old.positive is None
        assert new.logit == old.logit
        assert new.positive == (new.probability >= made.bundle.card.labels[0].operating_point)
        right.append(new.positive == (record.labels["Effusion"] == 1.0))
    assert np.mean(right) > 0.7


def test_the_calibration_finds_how_the_truths_were_drawn(made):
    """Truths came with the sigmoid of 12 m - 6, the logit is 8 m - 4."""
    fit, calibration = made.bundle.card.labels[0].fit, made.bundle.card.labels[0].calibration
    assert fit.slope_ci[0] < 1.5 < fit.slope_ci[1]
    assert fit.intercept_ci[0] < 0.0 < fit.intercept_ci[1]
    assert calibration.slope == pytest.approx(1.5, abs=0.6)


def test_a_second_run_gives_the_same_card_but_for_its_version(own, made, records):
    again = calibrate(own.bundle, records=records[::-1], folder=made.bundle.folder.parent / "again", settings=OURS)
    assert again.bundle.card == made.bundle.card
    replaced = calibrate(
        own.bundle, records=records, folder=again.bundle.folder, settings=replace(OURS, replace=True)
    ).bundle
    assert replaced.card.version == "1.0.0+calibrated.2"
    assert replaced.card.changed({"version": made.bundle.card.version}) == made.bundle.card


def test_a_folder_that_exists_is_left_alone(own, made, records):
    with pytest.raises(BundleError, match="exists already"):
        calibrate(own.bundle, records=records, folder=made.bundle.folder, settings=OURS)


def test_a_model_may_be_named(own, records, tmp_path, monkeypatch):
    monkeypatch.setenv("HILUM_MODELS", str(own.bundle.folder.parent))
    done = calibrate("toy", records=records, folder=tmp_path / "ours", settings=OURS)
    assert done.bundle.card.calibrated_on.from_sha256 == own.bundle.sha256
    with pytest.raises(BundleError, match="Unknown model 'tow'"):
        calibrate("tow", records=records, folder=tmp_path / "none", settings=OURS)


def test_some_labels_alone(own, records, tmp_path):
    settings = replace(OURS, labels=["Nodule"], rule=PointRule(sensitivity=0.95), name="ours")
    card = calibrate(own.bundle, records=records, folder=tmp_path / "ours", settings=settings).bundle.card
    assert card.name == "ours"
    assert card.labels[0] == own.bundle.card.labels[0]
    assert card.labels[1].operating_point_rule.startswith("sensitivity of at least 0.95 on ")
    assert card.calibrated_on.labels == ("Nodule",)


def test_after_a_stop_only_the_rest_is_read_and_no_half_bundle_lies_there(own, records, tmp_path, monkeypatch):
    asked = []
    examine = Reader.examine_many

    def stopped(self, sources, **said):
        for number, outcome in enumerate(examine(self, sources, **said)):
            if number == 100:
                raise KeyboardInterrupt
            yield outcome

    with monkeypatch.context() as patched:
        patched.setattr(Reader, "examine_many", stopped)
        with pytest.raises(KeyboardInterrupt):
            calibrate(own.bundle, records=records, folder=tmp_path / "ours", settings=OURS)
    assert not (tmp_path / "ours").exists()
    monkeypatch.setattr(
        Reader,
        "examine_many",
        lambda self, sources, **said: examine(self, [asked.append(s) or s for s in sources], **said),
    )
    bundle = calibrate(own.bundle, records=records, folder=tmp_path / "ours", settings=OURS).bundle
    assert len(asked) == 60
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]
    assert bundle.card.calibrated_on.images == 160


def test_by_default_the_gate_that_ships_looks_and_its_scores_lie_apart(own, records, tmp_path, monkeypatch):
    gate = write_gate(tmp_path / "gate", xray_type="chest", spec=spec_with(inverted_from=0.9, cropped_from=0.9))
    monkeypatch.setattr("hilum.evaluation.calibrating.calibrate.shipped_gate", lambda: gate)
    folder = tmp_path / "models" / "ours"
    with pytest.raises(DataError, match="a decision needs 20"):  # without a gate, and few: their scores stay
        calibrate(own.bundle, records=records[:30], folder=folder, settings=OURS)
    with pytest.raises(DataError, match="a decision needs 20"):
        calibrate(own.bundle, records=records[:30], folder=folder, settings=replace(OURS, gate=True))
    assert len(list(folder.parent.glob(".ours.calibrating.*"))) == 2
    done = calibrate(own.bundle, records=records, folder=folder, settings=replace(OURS, gate=True))
    assert [path.name for path in folder.parent.iterdir()] == ["ours"]
    refused = done.left_out[OUTSIDE_BY_GATE]
    assert 0 < refused == len(records) - done.images
    assert done.bundle.card.calibrated_on.left_out == (f"{refused} images: {OUTSIDE_BY_GATE}",)


def test_where_nothing_can_be_fitted_nothing_is_written(own, records, tmp_path):
    with pytest.raises(DataError, match=r"a decision needs 20. Nothing was written"):
        calibrate(own.bundle, records=records[:30], folder=tmp_path / "ours", settings=OURS)
    assert not (tmp_path / "ours").exists()


def test_a_label_that_is_asked_for_must_be_in_the_data(own, records, tmp_path):
    with pytest.raises(UsageError, match="toy has no label 'Hernia'"):
        calibrate(own.bundle, records=records, folder=tmp_path / "x", settings=replace(OURS, labels=["Hernia"]))
    without = [replace(record, labels={"Effusion": record.labels["Effusion"]}) for record in records]
    with pytest.raises(DataError, match="add --as 'Nodule=NAME'"):
        calibrate(own.bundle, records=without, folder=tmp_path / "x", settings=replace(OURS, labels=["Nodule"]))


def test_scores_that_rank_the_wrong_way_round_take_the_decision_of_a_label_away(own, records, tmp_path):
    bundle = ToyBundle(network=toy_network(), labels=LABELS, operating_point=0.5, scope=own.bundle.card.scope).write(
        tmp_path / "deciding"
    )
    turned = [
        replace(record, labels={**record.labels, "Nodule": record.labels["Effusion"]}) for record in records
    ]  # the second logit falls where the first rises
    done = calibrate(bundle, records=turned, folder=tmp_path / "ours", settings=OURS)
    assert done.fitted.fitted == ("Effusion",)
    label = done.bundle.card.labels[1]
    assert label.operating_point is None
    assert "the wrong way round" in label.not_reliable


def test_images_that_were_calibrated_on_are_no_test_any_more(own, records, tmp_path):
    files = {"model.onnx": own.bundle.read("model.onnx")}
    files[TRAINING_IMAGES] = seen_images_bytes(SeenImages(train=no_hashes(), validation=no_hashes()))
    card = own.bundle.card.changed({"files": file_hashes(files)})
    bundle = write_bundle(tmp_path / "listing", card=card, files=files)
    children = [replace(record, age_years=3.0) if index < 4 else record for index, record in enumerate(records)]
    done = calibrate(bundle, records=children, folder=tmp_path / "ours", settings=OURS)
    assert len(seen_images_of(done.bundle).validation) == 156, "those that the fit had"
    assert done.cautions == ()
    with pytest.raises(DataError, match="calibrated on 156 of these"):
        calibrate(done.bundle, records=children, folder=tmp_path / "again", settings=OURS)


def test_what_reads_no_findings_and_names_that_no_bundle_can_have(own, records, tmp_path):
    with pytest.raises(BundleError, match="only models that read findings"):
        calibrate(
            write_gate(tmp_path / "gate", xray_type="chest"), records=records, folder=tmp_path / "x", settings=OURS
        )
    with pytest.raises(UsageError, match="use lower-case letters"):
        calibrate(own.bundle, records=records, folder=tmp_path / "x", settings=replace(OURS, name="Our Model"))


def test_a_card_that_nobody_calibrated_has_no_new_field(own, made):
    old = json.loads((own.bundle.folder / "card.json").read_text())
    new = json.loads((made.bundle.folder / "card.json").read_text())
    assert "calibrated_on" not in old
    assert all("fit" not in label for label in old["labels"])
    assert "calibrated_on" in new
    assert all("fit" in label for label in new["labels"])
