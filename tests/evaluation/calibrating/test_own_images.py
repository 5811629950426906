from dataclasses import replace

import numpy as np
import pytest

from fabricate_gate import VIEW_RULE, spec_with, write_gate
from fabricate_own_images import LABELS, fabricate_own_images
from hilum.bundle.load import TRAINING_IMAGES
from hilum.bundle.save import file_hashes, write_bundle
from hilum.bundle.seen_images import SeenImages, no_hashes, seen_images_bytes
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.image_hashes import image_hashes
from hilum.errors import DataError, UsageError
from hilum.evaluation.calibrating.own_images import (
    HELD_OUT,
    OUTSIDE,
    OUTSIDE_BY_GATE,
    fingerprint,
    own_part,
    read_own_images,
    refuse_what_was_seen,
    renamed,
)
from hilum.reading.reader import Reader


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return fabricate_own_images(tmp_path_factory.mktemp("own"), patients=8)


@pytest.fixture
def records(own):
    return read_own_table(own.data)


def quiet(done, count):
    assert 0 <= done <= count


def read(records, *, bundle, folder, outside_scope=False, gate=None):
    part, _ = own_part(records, bundle=bundle)
    return read_own_images(part, bundle=bundle, folder=folder, outside_scope=outside_scope, progress=quiet, gate=gate)


def test_logits_and_truths_are_the_readers_and_the_tables(own, records, tmp_path):
    images = read(records, bundle=own.bundle, folder=tmp_path)
    reader = Reader(models=[own.bundle])
    for row, record in enumerate(records):
        findings = reader.read(record.path).findings
        np.testing.assert_array_equal(images.logits[row], [finding.logit for finding in findings])
    everyone = np.ones(len(records), bool)
    second = images.of_label(1, among=everyone)
    known = [record for record in records if record.labels["Nodule"] in (0.0, 1.0)]
    assert second.truth.tolist() == [record.labels["Nodule"] == 1.0 for record in known]
    assert second.patients.tolist() == [record.patient for record in known]
    assert len(known) < len(records)
    assert (images.n, images.patients, images.left_out, images.scope_unknown) == (16, 8, {}, 0)


def test_held_out_images_are_left_out_and_counted(own, records):
    some = [replace(record, held_out=index < 3) for index, record in enumerate(records)]
    part, counts = own_part(some, bundle=own.bundle)
    assert part.records == tuple(some[3:])
    assert counts == {HELD_OUT: 3}
    named_so = [replace(record, official="test") for record in records]
    with pytest.raises(DataError, match="are held out for testing, and nothing is ever fitted on those"):
        own_part(named_so, bundle=own.bundle)


@pytest.mark.parametrize("seen_in", ["train", "validation"])
def test_images_that_the_model_was_made_with_are_refused(own, records, tmp_path, seen_in):
    hashes = {"train": no_hashes(), "validation": no_hashes()} | {seen_in: image_hashes(records[:2])}
    files = {"model.onnx": own.bundle.read("model.onnx"), TRAINING_IMAGES: seen_images_bytes(SeenImages(**hashes))}
    card = own.bundle.card.changed({"files": file_hashes(files)})
    bundle = write_bundle(tmp_path / "seen", card=card, files=files)
    part, _ = own_part(records, bundle=bundle)
    with pytest.raises(DataError, match=r"of these 16 images .* Take them out: 000.png, 001.png; nothing was written"):
        refuse_what_was_seen(part, bundle=bundle)
    others, _ = own_part(records[2:], bundle=bundle)
    assert refuse_what_was_seen(others, bundle=bundle) is True


def test_a_model_that_names_no_training_images_is_known_not_to(own, records):
    part, _ = own_part(records, bundle=own.bundle)
    assert refuse_what_was_seen(part, bundle=own.bundle) is False


def test_what_the_table_says_of_age_decides_on_the_scope(own, records, tmp_path):
    mixed = [replace(record, age_years=(5.0, None, 40.0)[index % 3]) for index, record in enumerate(records)]
    images = read(mixed, bundle=own.bundle, folder=tmp_path)
    children = sum(record.age_years == 5.0 for record in mixed)
    assert images.left_out == {OUTSIDE: children}
    assert images.n == len(mixed) - children
    assert images.scope_unknown == sum(record.age_years is None for record in mixed)
    all_of_them = read(mixed, bundle=own.bundle, folder=tmp_path, outside_scope=True)
    assert all_of_them.n == len(mixed)


def test_where_every_image_is_outside_it_says_what_the_model_is_made_for(own, records, tmp_path):
    children = [replace(record, age_years=5.0) for record in records]
    with pytest.raises(DataError, match=r"All 16 images are outside .* made for chest X-rays of adults from 18 years"):
        read(children, bundle=own.bundle, folder=tmp_path)


UPRIGHT = spec_with(inverted_from=0.9, cropped_from=0.9)
"""The toy gate finds nothing wrong with a chest."""


def test_what_the_gate_does_not_accept_is_left_out(own, records, tmp_path):
    gate = write_gate(tmp_path / "gate", xray_type="chest", spec=UPRIGHT)
    images = read(records, bundle=own.bundle, folder=tmp_path / "fit", gate=gate)
    alone = Reader(models=[gate, own.bundle])
    accepted = [record for record in records if alone.read(record.path).gate.status == "accepted"]
    assert 0 < len(accepted) < len(records), "dark ones are refused, middling ones unsure"
    assert images.used == {record.sha256 for record in accepted}
    assert images.left_out == {OUTSIDE_BY_GATE: len(records) - len(accepted)}
    ungated = read(records, bundle=own.bundle, folder=tmp_path / "ungated")
    kept = [name in images.validation.predictions.image for name in ungated.validation.predictions.image]
    np.testing.assert_array_equal(images.logits, ungated.logits[kept])
    everything = read(records, bundle=own.bundle, folder=tmp_path / "all", gate=gate, outside_scope=True)
    assert (everything.n, everything.left_out) == (len(records), {})


@pytest.mark.parametrize("turned", ["turned 90", "turned 180", "turned 270", "inverted", "cropped"])
def test_a_chest_in_a_state_in_which_nothing_is_decided_is_left_out(own, records, tmp_path, turned, monkeypatch):
    monkeypatch.setattr("hilum.reading.gate.rules.chest_state", lambda logits, *, spec: (turned,))
    gate = write_gate(tmp_path / "gate", xray_type="chest", spec=UPRIGHT)
    with pytest.raises(DataError, match=r"no upright, whole radiograph .* add --no-gate .* or --outside-scope"):
        read(records, bundle=own.bundle, folder=tmp_path / "x", gate=gate)


def test_another_type_and_a_lateral_view_are_left_out(own, records, tmp_path):
    hand = write_gate(tmp_path / "hand", xray_type="hand", spec=UPRIGHT)
    with pytest.raises(DataError, match="All 16 images are outside the scope of toy"):
        read(records, bundle=own.bundle, folder=tmp_path / "a", gate=hand)
    spec = spec_with(view=VIEW_RULE, inverted_from=0.9, cropped_from=0.9)
    lateral = write_gate(tmp_path / "lateral", xray_type="chest", spec=spec, looks=(0.0, 0.0, 9.0))
    files = {"model.onnx": own.bundle.read("model.onnx")}
    scope = own.bundle.card.scope.changed({"views": ("PA", "AP")})
    frontal = write_bundle(tmp_path / "frontal", card=own.bundle.card.changed({"scope": scope}), files=files)
    with pytest.raises(DataError, match="All 16 images are outside the scope of toy"):
        read(records, bundle=frontal, folder=tmp_path / "b", gate=lateral)
    assert read(records, bundle=frontal, folder=tmp_path / "c").n == 16, "the table says PA"


def test_a_model_of_what_no_gate_knows_is_fitted_without_one(own, records, tmp_path):
    files = {"model.onnx": own.bundle.read("model.onnx")}
    scope = own.bundle.card.scope.changed({"xray_type": "skull"})
    skulls = write_bundle(tmp_path / "skulls", card=own.bundle.card.changed({"scope": scope}), files=files)
    gate = write_gate(tmp_path / "gate", xray_type="chest")
    assert read(records, bundle=skulls, folder=tmp_path / "fit", gate=gate).n == 16


def test_a_column_of_another_name(own, records):
    theirs = [replace(record, labels={"fluid": record.labels["Effusion"]}) for record in records]
    ours = renamed(theirs, columns={"Pleural Effusion": "fluid"}, labels=LABELS)  # a synonym of Effusion
    assert [record.labels["Effusion"] for record in ours] == [record.labels["Effusion"] for record in records]
    with pytest.raises(UsageError, match=r"no label 'Hernia'. Available: Effusion, Nodule"):
        renamed(theirs, columns={"Hernia": "fluid"}, labels=LABELS)
    with pytest.raises(DataError, match="no label 'water'; labels found: fluid"):
        renamed(theirs, columns={"Effusion": "water"}, labels=LABELS)


def test_the_fingerprint_knows_truths_and_patients_and_no_order(records):
    base = fingerprint(records, labels=LABELS)
    assert fingerprint(records[::-1], labels=LABELS) == base
    other_truth = replace(records[0], labels={**records[0].labels, "Effusion": 1 - records[0].labels["Effusion"]})
    other_patient = replace(records[0], patient="table:somebody")
    for changed in (other_truth, other_patient):
        assert fingerprint([changed, *records[1:]], labels=LABELS) != base
