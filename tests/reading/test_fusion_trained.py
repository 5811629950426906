"""A fusion that was trained and exported here, read as a user's file is: the numbers are those of training."""

import numpy as np
import pytest

from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_sdfn import tiny_sdfn
from hilum.bundle.load import load_bundle
from hilum.datasets.own.own_table import read_own_table
from hilum.reading.reader import Reader
from hilum.training.data.lung_boxes import with_lung_boxes
from hilum.training.data.training_data import split_data
from hilum.training.export.read_fusion import read_fusion
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from hilum.training.train import train_specialist

PROVENANCE = Provenance(command="hilum train sdfn (miniature)", commit=None, data=("fabricated",))


@pytest.mark.slow
def test_the_reader_crops_and_reads_as_training_did(tmp_path):
    lungs = write_lung_bundle(tmp_path / "lungs")
    data = fabricate_chest_table(tmp_path / "data", patients=40)
    records = with_lung_boxes(read_own_table(data), bundle=lungs, memory=None)
    place = RunPlace(folder=tmp_path / "run")
    recipe = tiny_sdfn(epochs=1)
    data = split_data(recipe, records=records)
    train_specialist(recipe, data=data, provenance=PROVENANCE, place=place, lungs=lungs)
    bundle = load_bundle(tmp_path / "run" / "bundle")
    chosen = records[:24]
    assert {record.lung_box is None for record in chosen} == {True, False}
    expected = read_fusion(chosen, bundle=bundle)
    read = Reader(models=[bundle]).examine_many(record.path for record in chosen)
    for row, (record, examination) in enumerate(zip(chosen, read, strict=True)):
        reading = examination.reading
        head = expected.whole if record.lung_box is None else expected.fusion
        np.testing.assert_allclose([finding.logit for finding in reading.findings], head[row], atol=1e-4)
        assert bool(reading.crops) is (record.lung_box is not None)
